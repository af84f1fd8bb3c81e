"""The panel at the right of a score: its takes, and the form that generates more."""

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from seqstudio.gui.operations.bar_selection import BarSelection
from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.takes.commands import add_commands
from seqstudio.gui.takes.list_view import TakesList
from seqstudio.gui.takes.panel import FORM_TAB, TakesPanelModel
from seqstudio.gui.takes.source import TakeSource
from seqstudio.gui.takes.takes_view import TakesPage
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace


class TakesPanel(QWidget):
    """Shows a `TakesPanelModel`: a tab with takes, and one with the form that generates them.

    Parameters
    ----------
    workspace : whose takes
    commands : of the window
    transport : plays the takes
    """

    def __init__(self, workspace: Workspace, commands: Commands, transport: Transport) -> None:
        super().__init__()
        self.commands, self._transport = commands, transport
        self.model = TakesPanelModel(workspace, transport.player, self)
        self.source = TakeSource(self.model, transport, self)
        self.banner = Banner("takes", self)
        self.list = TakesList(self.model.takes, self.model.playback, self)
        self.tabs = QTabWidget(self)
        add_commands(commands, self.model, self.list, self, self.show_form)
        self.page = TakesPage(commands, self.model.takes, self.model.playback, self.list)
        self.form = OperationPanel(workspace, commands, "midi")
        self._lay_out()
        self._connect()
        self.model.suggest_tab()

    def choose_bars(self, bars: BarSelection | None) -> None:
        """Let the form and the takes use the bars that are chosen in the piano roll."""
        self.form.model.choose_bars(bars)
        self.model.takes.bars = bars

    def show_form(self) -> None:
        """Show the form that generates takes."""
        self.tabs.setCurrentIndex(FORM_TAB)
        self.form.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Let the transport play the current take."""
        self._transport.show(self.source)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop playback when another page is shown."""
        self.model.playback.stop()
        super().hideEvent(event)

    def _lay_out(self) -> None:
        self.tabs.addTab(self.page, "Takes")
        self.tabs.addTab(self.form, "Generate")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Takes panel")
        whole = column(self)
        whole.addWidget(self.banner)
        whole.addWidget(self.tabs, 1)
        self.setMinimumWidth(280)

    def _connect(self) -> None:
        self.model.tab_requested.connect(self.tabs.setCurrentIndex)
        self.model.takes.arrived.connect(self._on_new_take)
        self.model.failed.connect(self.banner.show_message)
        self.tabs.currentChanged.connect(self.commands.refresh)
        self.list.selectionModel().selectionChanged.connect(self.commands.refresh)

    def _on_new_take(self, id: str) -> None:
        self.model.show_new_take(id, visible=self.isVisible())

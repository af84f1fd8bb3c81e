"""The page of plugins: a list, what is known of the one chosen, and what can be done to it."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFont
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.action_button import ActionButton
from seqstudio.gui.banner import Banner
from seqstudio.gui.commands import Command, Commands
from seqstudio.gui.consent import Consent
from seqstudio.gui.consent_view import ConsentView
from seqstudio.gui.desk import Desk
from seqstudio.gui.errand_view import ErrandView
from seqstudio.gui.facts_view import FactsView
from seqstudio.gui.plugins import PluginsModel

ID = Qt.ItemDataRole.UserRole
LIST_PIXELS = 260
WHEELS = "Wheels (*.whl)"
HELP = {
    "install": "Look into a plugin's wheel; what it asks for is shown before it is installed.",
    "install_folder": "The same for a plugin's project, or a folder of wheels.",
    "verify": "Try a plugin as the studio's own are tried; its code is run, nothing is installed.",
    "disable": "Switch the plugin off; its files stay.",
    "enable": "Switch the plugin on again.",
    "rollback": "Go back to the version that was in use before.",
    "uninstall": "Remove the plugin with all its versions; sessions keep what it made.",
}


class PluginsView(QWidget):
    """Shows a `PluginsModel` and passes clicks and drops on."""

    def __init__(self, desk: Desk, commands: Commands) -> None:
        super().__init__()
        self.model = PluginsModel(desk, self)
        self._commands = commands
        self.banner = Banner("plugins", self)
        self.list = QListWidget(self)
        self.facts = FactsView("Facts about the plugin", self)
        self.title, self.state = QLabel(self), QLabel(self)
        self.progress = ErrandView(self.model.errand, self)
        self._shown: object = None  # rows and choice that the list was drawn from
        self.setAcceptDrops(True)
        self._add_commands()
        self._lay_out()
        self.list.currentItemChanged.connect(self._choose)
        self.model.changed.connect(self.draw)
        self.model.troubled.connect(self.banner.tell)
        self.model.offered.connect(self.ask)
        self.draw()

    def take(self, path: Path) -> None:
        """Take a file that was dropped on the window or named at the start."""
        self.model.inspect(path)

    def ask(self, consent: Consent) -> ConsentView:
        """Show what a person is to agree to."""
        sheet = ConsentView(consent, self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.accepted.connect(self.model.install)
        sheet.rejected.connect(self.model.decline)
        sheet.open()
        return sheet

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take a wheel or a folder."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Look into what was dropped."""
        for url in event.mimeData().urls()[:1]:
            self.model.inspect(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def draw(self) -> None:
        """Show the model as it is now."""
        model = self.model
        self._draw_list()
        self.title.setText(model.title)
        self.state.setText(model.state)
        self.state.setVisible(bool(model.state))
        self.facts.show_groups(model.groups)
        self._commands.refresh()

    def _draw_list(self) -> None:
        shown = (self.model.rows, self.model.chosen)
        if shown == self._shown:
            return
        self._shown = shown
        self.list.blockSignals(True)
        self.list.clear()
        for row in self.model.rows:
            item = QListWidgetItem(f"{row.title}\n{row.short}", self.list)
            item.setData(ID, row.id)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{row.title}, {row.said}")
            item.setToolTip(row.said)
            if row.id == self.model.chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)

    def _add_commands(self) -> None:
        model = self.model
        entries = (
            ("install", "Install a wheel…", "Ctrl+Alt+I", self._ask_wheel, model.can_install),
            ("install_folder", "Install a folder…", "", self._ask_folder, model.can_install),
            ("verify", "Verify a wheel…", "", self._ask_verify, model.can_install),
            ("disable", "Disable", "Ctrl+Alt+D", model.disable, model.can_disable),
            ("enable", "Enable", "Ctrl+Alt+N", model.enable, model.can_enable),
            ("rollback", "Roll back", "Ctrl+Alt+B", model.roll_back, model.can_roll_back),
            ("uninstall", "Uninstall", "Ctrl+Alt+U", model.uninstall, model.can_uninstall),
        )
        for name, title, keys, run, ready in entries:
            command = Command(f"plugins.{name}", title, "Plugins", keys, HELP[name])
            self._commands.add(command, run, ready=ready, page=self)

    def _lay_out(self) -> None:
        font = QFont(self.title.font())
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        self.title.setFont(font)
        self.state.setWordWrap(True)
        self.list.setAccessibleName("Plugins")
        self.list.setFixedWidth(LIST_PIXELS)
        self.list.setStyleSheet("QListWidget::item { padding: 6px 8px; }")
        safe = QLabel(self.model.safe_mode, self)
        safe.setWordWrap(True)
        safe.setVisible(bool(self.model.safe_mode))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addWidget(safe)
        column.addLayout(self._row("install", "install_folder", "verify"))
        column.addWidget(self.progress)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.list)
        body.addLayout(self._detail(), 1)
        column.addLayout(body, 1)

    def _detail(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.addWidget(self.title)
        column.addWidget(self.state)
        column.addLayout(self._row("disable", "enable", "rollback", "uninstall"))
        column.addSpacing(4)
        column.addWidget(self.facts, 1)
        return column

    def _row(self, *names: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for name in names:
            row.addWidget(ActionButton(self._commands.action(f"plugins.{name}"), self))
        row.addStretch(1)
        return row

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item:
            self.model.choose(item.data(ID))

    def _ask_wheel(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Install a plugin", "", WHEELS)
        if name:
            self.model.inspect(Path(name))

    def _ask_folder(self) -> None:
        title = "Install a plugin's project, or a folder of wheels"
        if name := QFileDialog.getExistingDirectory(self, title):
            self.model.inspect(Path(name))

    def _ask_verify(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Verify a plugin", "", WHEELS)
        if name:
            self.model.verify(Path(name))

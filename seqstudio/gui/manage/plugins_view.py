"""The page of plugins: what is installed, consent, and what can be done to each."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from seqstudio.gui.commands import Command, Commands
from seqstudio.gui.desk import Desk
from seqstudio.gui.frame.drop_hint import dropped
from seqstudio.gui.manage.consent import Consent
from seqstudio.gui.manage.consent_view import ConsentView
from seqstudio.gui.manage.plugins import PluginsModel
from seqstudio.gui.widgets.listing_view import Entry, ListingView

WHEELS = "Wheels (*.whl)"
ABOVE = ("install", "install_folder", "verify")
BESIDE = ("disable", "enable", "rollback", "uninstall")
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
        self.listing = ListingView("Plugins", self.model.errand, self)
        self._commands = commands
        self.setAcceptDrops(True)
        self._add_commands()
        self.listing.add_buttons(
            *([commands.action(f"plugins.{name}") for name in names] for names in (ABOVE, BESIDE))
        )
        self.listing.say(self.model.safe_mode)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.listing)
        self.listing.chosen.connect(self.model.choose)
        self.model.changed.connect(self.draw)
        self.model.troubled.connect(self.listing.banner.tell)
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
        if event.source() is None and dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Look into what was dropped."""
        for path in dropped(event.mimeData())[:1]:
            self.model.inspect(path)
        event.acceptProposedAction()

    def draw(self) -> None:
        """Show the model as it is now."""
        model = self.model
        entries = [Entry(row.id, row.title, row.short, row.said) for row in model.rows]
        self.listing.show_entries(entries, model.marked)
        self.listing.show_facts(model.title, model.state, model.groups)
        self._commands.refresh()

    def _add_commands(self) -> None:
        model = self.model
        entries = (
            ("install", "Install a wheel…", "Ctrl+Alt+I", self._ask_wheel, model.can_install),
            ("install_folder", "Install a folder…", "Ctrl+Alt+J", self._ask_dir, model.can_install),
            ("verify", "Verify a wheel…", "Ctrl+Alt+V", self._ask_verify, model.can_install),
            ("disable", "Disable", "Ctrl+Alt+D", model.disable, model.can_disable),
            ("enable", "Enable", "Ctrl+Alt+N", model.enable, model.can_enable),
            ("rollback", "Roll back", "Ctrl+Alt+B", model.roll_back, model.can_roll_back),
            ("uninstall", "Uninstall", "Ctrl+Alt+U", model.uninstall, model.can_uninstall),
        )
        for name, title, keys, run, ready in entries:
            command = Command(f"plugins.{name}", title, "Plugins", keys, HELP[name])
            self._commands.add(command, run, ready=ready, page=self)

    def _ask_wheel(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Install a plugin", "", WHEELS)
        if name:
            self.model.inspect(Path(name))

    def _ask_dir(self) -> None:
        title = "Install a plugin's project, or a folder of wheels"
        if name := QFileDialog.getExistingDirectory(self, title):
            self.model.inspect(Path(name))

    def _ask_verify(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Verify a plugin", "", WHEELS)
        if name:
            self.model.verify(Path(name))

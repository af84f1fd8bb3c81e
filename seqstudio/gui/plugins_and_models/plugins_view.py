"""The page of plugins: a list, the facts about the selected plugin, and its commands."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from seqstudio.gui.plugins_and_models.consent import Consent
from seqstudio.gui.plugins_and_models.consent_view import ConsentView
from seqstudio.gui.plugins_and_models.listing_view import ListingPage
from seqstudio.gui.plugins_and_models.plugins import PluginsModel
from seqstudio.gui.widgets.confirmation import ask
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

WHEELS = "Wheels and packs (*.whl *.seqplugin)"
HELP = {
    "install": "Inspect a plugin's wheel and show its permissions before installing it.",
    "install_folder": "Install a plugin from its project, or from a folder of wheels.",
    "verify": "Run the conformance checks on a plugin; its code runs, but nothing is installed.",
    "disable": "Disable the plugin; its files are kept.",
    "enable": "Enable the plugin again.",
    "rollback": "Go back to the previous version.",
    "uninstall": "Remove the plugin with all its versions; sessions keep its results.",
}


class PluginsView(ListingPage):
    """Shows a `PluginsModel`, and asks for consent."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        model = PluginsModel(workspace)
        super().__init__("Plugins", model, commands)
        self.model = model
        self.set_notice(model.safe_mode)
        model.consent_asked.connect(self.ask)
        above = (
            ("install", "Install a wheel…", "Ctrl+Alt+I", self._ask_wheel, model.can_begin),
            ("install_folder", "Install a folder…", "Ctrl+Alt+J", self._ask_dir, model.can_begin),
            ("verify", "Verify a wheel…", "Ctrl+Alt+V", self._ask_verify, model.can_begin),
        )
        beside = (
            ("disable", "Disable", "Ctrl+Alt+D", model.disable, model.can_disable),
            ("enable", "Enable", "Ctrl+Alt+N", model.enable, model.can_enable),
            ("rollback", "Roll back", "Ctrl+Alt+B", model.roll_back, model.can_roll_back),
            ("uninstall", "Uninstall…", "Ctrl+Alt+U", self._ask_uninstall, model.can_uninstall),
        )
        self.add_commands(above, beside, HELP)

    def ask(self, consent: Consent) -> ConsentView:
        """Show the consent sheet."""
        sheet = ConsentView(consent, self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.accepted.connect(self.model.accept)
        sheet.rejected.connect(self.model.decline)
        sheet.open()
        return sheet

    def _ask_uninstall(self) -> None:
        if question := self.model.uninstall_question():
            ask(question, self, self.model.uninstall)

    def _ask_wheel(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Install a plugin", "", WHEELS)
        if name:
            self.model.install(Path(name))

    def _ask_dir(self) -> None:
        title = "Install a plugin from a folder"
        if name := QFileDialog.getExistingDirectory(self, title):
            self.model.install(Path(name))

    def _ask_verify(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Verify a plugin", "", WHEELS)
        if name:
            self.model.verify(Path(name))

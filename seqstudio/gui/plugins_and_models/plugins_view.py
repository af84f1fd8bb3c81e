"""The page of plugins: what is installed, consent, and what can be done to each."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from seqstudio.gui.plugins_and_models.consent import Consent
from seqstudio.gui.plugins_and_models.consent_view import ConsentView
from seqstudio.gui.plugins_and_models.listing_view import ListingPage
from seqstudio.gui.plugins_and_models.plugins import PluginsModel
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

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


class PluginsView(ListingPage):
    """Shows a `PluginsModel`, and asks for consent."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        model = PluginsModel(workspace)
        super().__init__("Plugins", model, commands)
        self.model = model
        self.say(model.safe_mode)
        model.offered.connect(self.ask)
        above = (
            ("install", "Install a wheel…", "Ctrl+Alt+I", self._ask_wheel, model.can_begin),
            ("install_folder", "Install a folder…", "Ctrl+Alt+J", self._ask_dir, model.can_begin),
            ("verify", "Verify a wheel…", "Ctrl+Alt+V", self._ask_verify, model.can_begin),
        )
        beside = (
            ("disable", "Disable", "Ctrl+Alt+D", model.disable, model.can_disable),
            ("enable", "Enable", "Ctrl+Alt+N", model.enable, model.can_enable),
            ("rollback", "Roll back", "Ctrl+Alt+B", model.roll_back, model.can_roll_back),
            ("uninstall", "Uninstall", "Ctrl+Alt+U", model.uninstall, model.can_uninstall),
        )
        self.offer(above, beside, HELP)

    def ask(self, consent: Consent) -> ConsentView:
        """Show what a person is to agree to."""
        sheet = ConsentView(consent, self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.accepted.connect(self.model.install)
        sheet.rejected.connect(self.model.decline)
        sheet.open()
        return sheet

    def _ask_wheel(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Install a plugin", "", WHEELS)
        if name:
            self.model.bring(Path(name))

    def _ask_dir(self) -> None:
        title = "Install a plugin's project, or a folder of wheels"
        if name := QFileDialog.getExistingDirectory(self, title):
            self.model.bring(Path(name))

    def _ask_verify(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Verify a plugin", "", WHEELS)
        if name:
            self.model.verify(Path(name))

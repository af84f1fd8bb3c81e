"""The page of models: a list, the card of the selected model, and its commands."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from seqstudio.gui.plugins_and_models.listing_view import ListingPage
from seqstudio.gui.plugins_and_models.models import ModelsModel
from seqstudio.gui.widgets.confirmation import ask
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

BUNDLES = "Models (*.seqmodel)"
HELP = {
    "import": "Install a model from one file; all its parts are checked first.",
    "import_folder": "Install a model from its folder, or from the folder of a training run.",
    "export": "Copy the model to one file, for another machine.",
    "verify": "Compare the files with their hashes, and the outputs with the stored ones.",
    "copy_card": "Copy all facts about the model to the clipboard.",
    "remove": "Remove an imported model; a plugin's model is removed with its plugin.",
}


class ModelsView(ListingPage):
    """Shows a `ModelsModel`."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        model = ModelsModel(workspace)
        super().__init__("Models", model, commands)
        self.model = model
        above = (
            ("import", "Import a file…", "Ctrl+Alt+I", self._ask_file, model.can_begin),
            ("import_folder", "Import a folder…", "Ctrl+Alt+J", self._ask_dir, model.can_begin),
        )
        beside = (
            ("verify", "Verify", "Ctrl+Alt+V", model.verify, model.can_use),
            ("export", "Export…", "Ctrl+Alt+E", self._ask_target, model.can_use),
            ("copy_card", "Copy card", "Ctrl+Alt+C", self._copy_card, model.can_use),
            ("remove", "Remove…", "Ctrl+Alt+U", self._ask_remove, model.can_remove),
        )
        self.add_commands(above, beside, HELP)

    def _ask_remove(self) -> None:
        if question := self.model.removal_question():
            ask(question, self, self.model.remove)

    def _copy_card(self) -> None:
        QGuiApplication.clipboard().setText(self.model.card)

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import a model", "", BUNDLES)
        if name:
            self.model.install(Path(name))

    def _ask_dir(self) -> None:
        title = "Import a model or a training run from its folder"
        if name := QFileDialog.getExistingDirectory(self, title):
            self.model.install(Path(name))

    def _ask_target(self) -> None:
        start = f"{self.model.selected}.seqmodel"
        name, _ = QFileDialog.getSaveFileName(self, "Export the model", start, BUNDLES)
        if name:
            self.model.export(Path(f"{name.removesuffix('.seqmodel')}.seqmodel"))

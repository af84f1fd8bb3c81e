"""The page of models: what is installed, each one's card, and what can be done with it."""

from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from seqstudio.gui.commands import Command, Commands
from seqstudio.gui.desk import Desk
from seqstudio.gui.frame.drop_hint import dropped
from seqstudio.gui.manage.models import ModelsModel
from seqstudio.gui.widgets.listing_view import Entry, ListingView

BUNDLES = "Models (*.seqmodel)"
ABOVE = ("import", "import_folder")
BESIDE = ("verify", "export", "copy_card", "remove")
HELP = {
    "import": "Install a model from one file, after every part of it was checked.",
    "import_folder": "The same from a model's folder, or the folder of a training run.",
    "export": "Copy the model to one file, for another machine.",
    "verify": "Compare its files with their hashes, and its answers with those it once gave.",
    "copy_card": "Copy all that is said here of the model.",
    "remove": "Remove an imported model; a plugin's model goes with its plugin.",
}


class ModelsView(QWidget):
    """Shows a `ModelsModel` and passes clicks and drops on."""

    def __init__(self, desk: Desk, commands: Commands) -> None:
        super().__init__()
        self.model = ModelsModel(desk, self)
        self.listing = ListingView("Models", self.model.errand, self)
        self._commands = commands
        self.setAcceptDrops(True)
        self._add_commands()
        self.listing.add_buttons(
            *([commands.action(f"models.{name}") for name in names] for names in (ABOVE, BESIDE))
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.listing)
        self.listing.chosen.connect(self.model.choose)
        self.model.changed.connect(self.draw)
        self.model.troubled.connect(self.listing.banner.tell)
        self.draw()

    def take(self, path: Path) -> None:
        """Take a file that was dropped on the window or named at the start."""
        self.model.bring(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take a model's file or folder."""
        if event.source() is None and dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Import what was dropped."""
        for path in dropped(event.mimeData())[:1]:
            self.model.bring(path)
        event.acceptProposedAction()

    def draw(self) -> None:
        """Show the model as it is now."""
        model, row = self.model, self.model.row
        entries = [Entry(one.name, one.title, one.short, one.said) for one in model.rows]
        self.listing.show_entries(entries, model.chosen)
        self.listing.show_facts(
            row.title if row else "", row.said if row else "", row.groups if row else ()
        )
        self._commands.refresh()

    def _add_commands(self) -> None:
        model = self.model
        entries = (
            ("import", "Import a file…", "Ctrl+Alt+I", self._ask_file, model.can_import),
            ("import_folder", "Import a folder…", "Ctrl+Alt+J", self._ask_dir, model.can_import),
            ("verify", "Verify", "Ctrl+Alt+V", model.verify, model.can_use),
            ("export", "Export…", "Ctrl+Alt+E", self._ask_target, model.can_use),
            ("copy_card", "Copy card", "Ctrl+Alt+C", self._copy_card, model.can_use),
            ("remove", "Remove", "Ctrl+Alt+U", model.remove, model.can_remove),
        )
        for name, title, keys, run, ready in entries:
            command = Command(f"models.{name}", title, "Models", keys, HELP[name])
            self._commands.add(command, run, ready=ready, page=self)

    def _copy_card(self) -> None:
        QGuiApplication.clipboard().setText(self.model.card)

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import a model", "", BUNDLES)
        if name:
            self.model.bring(Path(name))

    def _ask_dir(self) -> None:
        title = "Import a model's folder, or that of a training run"
        if name := QFileDialog.getExistingDirectory(self, title):
            self.model.bring(Path(name))

    def _ask_target(self) -> None:
        start = f"{self.model.chosen}.seqmodel"
        name, _ = QFileDialog.getSaveFileName(self, "Export the model", start, BUNDLES)
        if name:
            self.model.export(Path(f"{name.removesuffix('.seqmodel')}.seqmodel"))

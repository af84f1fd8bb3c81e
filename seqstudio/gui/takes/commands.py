"""The commands of the takes panel."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from seqstudio.gui.takes.compare import ComparisonModel
from seqstudio.gui.takes.compare_view import CompareDialog
from seqstudio.gui.takes.list_view import TakesList
from seqstudio.gui.takes.merge_view import MergeDialog
from seqstudio.gui.takes.panel import TakesPanelModel
from seqstudio.gui.takes.tree_view import TreeDialog
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.take_files import file_name
from seqstudio.session.document import Take

MENU = "Takes"


def add_commands(
    commands: Commands,
    model: TakesPanelModel,
    takes: TakesList,
    panel: QWidget,
    show_form: Callable[[], object],
) -> None:
    """Add the commands; they are enabled while the panel is shown.

    Parameters
    ----------
    commands : of the window
    model : to act on
    takes : the list, whose selection they act on
    panel : the widget that they belong to
    show_form : shows the form that generates takes
    """
    _add_current(commands, model, panel)
    _add_tree(commands, model, panel)
    _add_merge(commands, model, panel)
    _add_compare(commands, model, takes, panel)
    _add_files(commands, model, takes, panel)
    _add_generate(commands, model, panel, show_form)
    _add_list(commands, model, takes)
    commands.add(
        Command(
            "takes.tree",
            "Tree…",
            MENU,
            "Ctrl+Alt+Shift+T",
            "Show which take was made from which.",
        ),
        lambda: TreeDialog(model, commands, panel).open(),
        ready=lambda: bool(model.takes.cards),
        page=panel,
    )


def _add_current(commands: Commands, model: TakesPanelModel, panel: QWidget) -> None:
    workspace = model.workspace
    commands.add(
        Command(
            "takes.accept",
            "Accept",
            MENU,
            "Ctrl+Shift+Return",
            "Mark the current take as accepted, or as not accepted.",
        ),
        model.takes.toggle_accepted,
        ready=lambda: workspace.take is not None,
        checked=lambda: workspace.take is not None and workspace.take.accepted,
        page=panel,
    )


def _add_tree(commands: Commands, model: TakesPanelModel, panel: QWidget) -> None:
    workspace = model.workspace
    commands.add(
        Command(
            "takes.use_bars",
            "Use in place",
            MENU,
            "Ctrl+Alt+Return",
            "Put the chosen bars, or the new ones, into the take that this one was made from.",
        ),
        model.takes.use_bars,
        ready=lambda: model.takes.usable_bars is not None,
        page=panel,
    )
    commands.add(
        Command("takes.star", "Star", MENU, "Ctrl+Alt+A", "Give the current take a star."),
        model.takes.toggle_starred,
        ready=lambda: workspace.take is not None,
        checked=lambda: workspace.take is not None and workspace.take.starred,
        page=panel,
    )
    commands.add(
        Command(
            "takes.branch",
            "Branch",
            MENU,
            "Ctrl+Alt+B",
            "Add a copy of the current take, to change without losing this one.",
        ),
        model.takes.branch,
        ready=lambda: workspace.take is not None,
        page=panel,
    )


def _add_merge(commands: Commands, model: TakesPanelModel, panel: QWidget) -> None:
    commands.add(
        Command(
            "takes.merge",
            "Put bars into…",
            MENU,
            "Ctrl+Alt+Shift+Return",
            "Put bars of the current take into any other take of the piece.",
        ),
        lambda: MergeDialog(model.takes, panel).open(),
        ready=lambda: model.takes.mergeable_bars is not None,
        page=panel,
    )


def _add_compare(
    commands: Commands, model: TakesPanelModel, takes: TakesList, panel: QWidget
) -> None:
    commands.add(
        Command("takes.compare", "Compare", MENU, "Ctrl+Alt+C", "Show all takes on one time axis."),
        lambda: takes.align(not takes.delegate.aligned),
        ready=lambda: len(model.takes.cards) > 1,
        checked=lambda: takes.delegate.aligned,
        page=panel,
    )
    commands.add(
        Command(
            "takes.compare_side",
            "Compare side by side…",
            MENU,
            "Ctrl+Alt+X",
            "Show the selected takes in full size, with the differences marked.",
        ),
        lambda: _compare(model, takes, panel),
        ready=lambda: len(_compared(model, takes)) > 1,
        page=panel,
    )


def _add_files(
    commands: Commands, model: TakesPanelModel, takes: TakesList, panel: QWidget
) -> None:
    commands.add(
        Command(
            "takes.copy",
            "Copy as files",
            MENU,
            "Ctrl+C",
            "Copy the selected takes as MIDI files, to paste into another program.",
        ),
        lambda: _copy(takes),
        ready=lambda: bool(takes.selected),
        within=takes,
    )
    commands.add(
        Command(
            "takes.export",
            "Export…",
            MENU,
            "Ctrl+Alt+E",
            "Save the selected takes as MIDI files in a folder.",
        ),
        lambda: _ask_export(model, takes, panel),
        ready=lambda: bool(takes.selected),
        page=panel,
    )
    commands.add(
        Command(
            "takes.save_wav",
            "Save as WAV…",
            MENU,
            "Ctrl+Alt+W",
            "Save the audio of the current take.",
        ),
        lambda: _ask_wav(model, panel),
        ready=lambda: model.workspace.take is not None,
        page=panel,
    )


def _add_generate(
    commands: Commands, model: TakesPanelModel, panel: QWidget, show_form: Callable[[], object]
) -> None:
    commands.add(
        Command(
            "takes.generate",
            "Generate takes…",
            MENU,
            "Ctrl+M",
            "Show the form that generates takes.",
        ),
        show_form,
        page=panel,
    )
    commands.add(
        Command(
            "takes.rerun",
            "Generate again",
            MENU,
            "Ctrl+Shift+M",
            "Generate the same take again: same model, options and seed.",
        ),
        lambda: model.takes.rerun(model.workspace.selected_id),
        ready=lambda: not model.takes.why_not_rerun,
        page=panel,
    )


def _add_list(commands: Commands, model: TakesPanelModel, takes: TakesList) -> None:
    commands.add(
        Command("takes.rename", "Rename…", MENU, "F2", "Rename the current take."),
        takes.rename,
        ready=lambda: model.workspace.take is not None,
        within=takes,
    )
    commands.add(
        Command("takes.note", "Note…", MENU, "Shift+F2", "Write a note on the current take."),
        lambda: _ask_note(model, takes),
        ready=lambda: model.workspace.take is not None,
        within=takes,
    )
    commands.add(
        Command("takes.remove", "Remove", MENU, "Del", "Remove the selected takes."),
        lambda: model.takes.remove(takes.selected),
        ready=lambda: bool(takes.selected),
        within=takes,
    )


def _compared(model: TakesPanelModel, takes: TakesList) -> list[Take]:
    """Return the selected takes; of a single one, the take that it was made from too.

    A removed take stays selected until the list is drawn again: it is left out.
    """
    by_id = {take.id: take for take in model.workspace.document.takes}
    found = [by_id[id] for id in takes.selected if id in by_id]
    if len(found) == 1 and found[0].parent in by_id:
        return [by_id[found[0].parent], *found]
    return found


def _compare(model: TakesPanelModel, takes: TakesList, parent: QWidget) -> None:
    """Show takes side by side."""
    comparison = ComparisonModel(model.workspace, _compared(model, takes))
    CompareDialog(comparison, model.playback, parent).open()


def _ask_note(model: TakesPanelModel, parent: QWidget) -> None:
    """Ask for the note on the current take."""
    if take := model.workspace.take:
        text, done = QInputDialog.getMultiLineText(parent, take.name, "Note", take.note)
        if done:
            model.takes.annotate(take.id, text)


def _copy(takes: TakesList) -> None:
    """Put the selected takes on the clipboard, as files."""
    data = takes.rows.mimeData(takes.selectedIndexes())
    QGuiApplication.clipboard().setMimeData(data)


def _ask_export(model: TakesPanelModel, takes: TakesList, parent: QWidget) -> None:
    """Ask for a folder, and save the selected takes in it."""
    folder = QFileDialog.getExistingDirectory(parent, "Export takes as MIDI files")
    if folder:
        model.takes.export(takes.selected, Path(folder))


def _ask_wav(model: TakesPanelModel, parent: QWidget) -> None:
    """Ask for a file, and save the audio of the current take in it."""
    take = model.workspace.take
    if not take:
        return
    name = f"{file_name(take.name)}.wav"
    path, _ = QFileDialog.getSaveFileName(parent, "Save as WAV", name, "*.wav")
    if path:
        model.playback.save(take, Path(path).with_suffix(".wav"))

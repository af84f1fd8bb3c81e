"""What can be done to notes, as commands: everything that the mouse does has its keys."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from seqstudio.gui.piano_roll.editor import Editor
from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.workspace.commands import Command, Commands

ZOOM = 1.5
LOUDER = 8


@dataclass(frozen=True, slots=True)
class Deed:
    """One command of the roll; `keys` beyond the first are other ways to type it."""

    name: str
    title: str
    group: str
    keys: tuple[str, ...]
    do: Callable[[], object]
    chosen: bool = False  # only where notes are chosen


def add_note_commands(
    commands: Commands, model: RollModel, editor: Editor, within: QWidget
) -> None:
    """Offer the commands; their keys are typed while the focus is in `within`."""

    def is_open() -> bool:
        return model.place is not None

    def has_chosen() -> bool:
        return len(model.selected) > 0

    for deed in (*_choosing(model), *_editing(editor), *_moving(editor), *_looking(model)):
        command = Command(f"notes.{deed.name}", deed.title, deed.group, deed.keys[0])
        ready = has_chosen if deed.chosen else is_open
        action = commands.add(command, deed.do, ready=ready, within=within)
        if len(deed.keys) > 1:
            action.setShortcuts([QKeySequence(keys) for keys in deed.keys])


def _choosing(model: RollModel) -> tuple[Deed, ...]:
    group, following, tool = "Notes/Choose", model.select_next, model.set_tool
    more = partial(following, add=True)
    return (
        Deed("all", "All notes", group, ("Ctrl+A",), model.select_all),
        Deed("next", "Next note", group, ("Alt+Right",), following),
        Deed("previous", "Previous note", group, ("Alt+Left",), partial(following, -1)),
        Deed("next_too", "Next note too", group, ("Alt+Shift+Right",), more),
        Deed("previous_too", "Previous note too", group, ("Alt+Shift+Left",), partial(more, -1)),
        Deed("first", "First note", group, ("Home",), partial(model.go_to_note, 0)),
        Deed("last", "Last note", group, ("End",), partial(model.go_to_note, -1)),
        Deed("leave", "Choose nothing, or drop the drag", group, ("Esc",), model.leave),
        Deed("tool.select", "Select tool", "Notes/Tool", ("1",), partial(tool, "select")),
        Deed("tool.draw", "Draw tool", "Notes/Tool", ("2",), partial(tool, "draw")),
        Deed("tool.erase", "Erase tool", "Notes/Tool", ("3",), partial(tool, "erase")),
    )


def _editing(editor: Editor) -> tuple[Deed, ...]:
    group = "Notes"
    return (
        Deed("copy", "Copy notes", group, ("Ctrl+C",), editor.copy, chosen=True),
        Deed("cut", "Cut notes", group, ("Ctrl+X",), editor.cut, chosen=True),
        Deed("paste", "Paste notes at the cursor", group, ("Ctrl+V",), editor.paste),
        Deed("duplicate", "Duplicate notes", group, ("Ctrl+D",), editor.duplicate, chosen=True),
        Deed("add", "Write a note at the cursor", group, ("Ins", "Return"), editor.add_at_cursor),
        Deed("delete", "Delete notes", group, ("Del", "Backspace"), editor.delete, chosen=True),
        Deed("quantise", "Quantise", group, ("Ctrl+Shift+D",), editor.quantise),
    )


def _moving(editor: Editor) -> tuple[Deed, ...]:
    group = "Notes/Change"
    nudge, stretch, weigh = editor.nudge, editor.stretch, editor.weigh
    far = partial(nudge, far=True)
    return (
        Deed("earlier", "A grid step earlier", group, ("Left",), partial(nudge, -1, 0)),
        Deed("later", "A grid step later", group, ("Right",), partial(nudge, 1, 0)),
        Deed("higher", "A semitone higher", group, ("Up",), partial(nudge, 0, 1)),
        Deed("lower", "A semitone lower", group, ("Down",), partial(nudge, 0, -1)),
        Deed("bar_earlier", "A bar earlier", group, ("Shift+Left",), partial(far, -1, 0)),
        Deed("bar_later", "A bar later", group, ("Shift+Right",), partial(far, 1, 0)),
        Deed("octave_higher", "An octave higher", group, ("Shift+Up",), partial(far, 0, 1)),
        Deed("octave_lower", "An octave lower", group, ("Shift+Down",), partial(far, 0, -1)),
        Deed("longer", "Longer", group, ("Ctrl+Right",), partial(stretch, 1), chosen=True),
        Deed("shorter", "Shorter", group, ("Ctrl+Left",), partial(stretch, -1), chosen=True),
        Deed("louder", "Louder", group, ("Ctrl+Up",), partial(weigh, LOUDER), chosen=True),
        Deed("softer", "Softer", group, ("Ctrl+Down",), partial(weigh, -LOUDER), chosen=True),
    )


def _looking(model: RollModel) -> tuple[Deed, ...]:
    group, sight = "Notes/View", model.sight
    return (
        Deed("fit", "Show all", group, ("Ctrl+0",), model.fit),
        Deed("zoom_in", "Zoom in", group, ("+", "="), partial(sight.zoom, ZOOM)),
        Deed("zoom_out", "Zoom out", group, ("-",), partial(sight.zoom, 1 / ZOOM)),
        Deed("taller", "Taller rows", group, ("Ctrl++", "Ctrl+="), partial(sight.zoom_rows, ZOOM)),
        Deed("flatter", "Flatter rows", group, ("Ctrl+-",), partial(sight.zoom_rows, 1 / ZOOM)),
        Deed("page_back", "A page back", group, ("PgUp",), partial(sight.turn_page, -1)),
        Deed("page_on", "A page on", group, ("PgDown",), partial(sight.turn_page, 1)),
    )

"""Commands that edit notes: everything that the mouse can do has a shortcut."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from seqstudio.gui.piano_roll.editor import Editor
from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.workspace.commands import Command, Commands

ZOOM = 1.5
VELOCITY_STEP = 8


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command of the piano roll; `keys` after the first are alternative shortcuts."""

    name: str
    title: str
    keys: tuple[str, ...]
    run: Callable[[], object]
    menu: str
    needs_selection: bool = False


def add_note_commands(
    commands: Commands, model: PianoRollModel, editor: Editor, within: QWidget
) -> None:
    """Add the commands; their shortcuts work while the focus is in `within`."""

    def is_open() -> bool:
        return model.target is not None

    def has_selection() -> bool:
        return len(model.selected) > 0

    for spec in (
        *_selection_commands(model),
        *_tool_commands(model),
        *_edit_commands(model, editor),
        *_move_commands(editor),
        *_value_commands(editor),
        *_view_commands(model),
    ):
        command = Command(f"notes.{spec.name}", spec.title, spec.menu, spec.keys[0])
        ready = has_selection if spec.needs_selection else is_open
        action = commands.add(command, spec.run, ready=ready, within=within)
        if len(spec.keys) > 1:
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])


def _selection_commands(model: PianoRollModel) -> tuple[CommandSpec, ...]:
    spec, select_next = partial(CommandSpec, menu="Notes/Select"), model.select_next
    extend = partial(select_next, add=True)
    return (
        spec("select_all", "All notes", ("Ctrl+A",), model.select_all),
        spec("next", "Next note", ("Alt+Right",), select_next),
        spec("previous", "Previous note", ("Alt+Left",), partial(select_next, -1)),
        spec("extend_next", "Extend to next note", ("Alt+Shift+Right",), extend),
        spec(
            "extend_previous", "Extend to previous note", ("Alt+Shift+Left",), partial(extend, -1)
        ),
        spec("first", "First note", ("Home",), partial(model.go_to_note, 0)),
        spec("last", "Last note", ("End",), partial(model.go_to_note, -1)),
        spec("bars", "Bars of the selection", ("B",), model.choose_bars_of_selection),
        spec("more_bars", "One bar more", ("Shift+B",), partial(model.extend_bars, 1)),
        spec("fewer_bars", "One bar fewer", ("Alt+B",), partial(model.extend_bars, -1)),
        spec("deselect", "Deselect", ("Esc",), model.cancel_or_deselect),
    )


def _tool_commands(model: PianoRollModel) -> tuple[CommandSpec, ...]:
    spec, set_tool = partial(CommandSpec, menu="Notes/Tool"), model.set_tool
    return (
        spec("tool.select", "Select tool", ("1",), partial(set_tool, "select")),
        spec("tool.draw", "Draw tool", ("2",), partial(set_tool, "draw")),
        spec("tool.erase", "Erase tool", ("3",), partial(set_tool, "erase")),
    )


def _edit_commands(model: PianoRollModel, editor: Editor) -> tuple[CommandSpec, ...]:
    spec = partial(CommandSpec, menu="Notes")
    for_selected = partial(CommandSpec, menu="Notes", needs_selection=True)
    return (
        for_selected("copy", "Copy notes", ("Ctrl+C",), editor.copy),
        for_selected("cut", "Cut notes", ("Ctrl+X",), editor.cut),
        spec("paste", "Paste notes at cursor", ("Ctrl+V",), editor.paste),
        for_selected("duplicate", "Duplicate notes", ("Ctrl+D",), editor.duplicate),
        spec("insert", "Insert note at cursor", ("Ins", "Return"), editor.add_at_cursor),
        for_selected("delete", "Delete notes", ("Del", "Backspace"), editor.delete),
        for_selected("lock", "Lock or unlock notes", ("L",), model.toggle_locked),
        spec("quantise", "Quantise", ("Ctrl+Shift+D",), editor.quantise),
    )


def _move_commands(editor: Editor) -> tuple[CommandSpec, ...]:
    spec, nudge = partial(CommandSpec, menu="Notes/Change"), editor.nudge
    far = partial(nudge, far=True)
    return (
        spec("nudge_left", "Nudge left", ("Left",), partial(nudge, -1, 0)),
        spec("nudge_right", "Nudge right", ("Right",), partial(nudge, 1, 0)),
        spec("semitone_up", "Semitone up", ("Up",), partial(nudge, 0, 1)),
        spec("semitone_down", "Semitone down", ("Down",), partial(nudge, 0, -1)),
        spec("bar_left", "Bar left", ("Shift+Left",), partial(far, -1, 0)),
        spec("bar_right", "Bar right", ("Shift+Right",), partial(far, 1, 0)),
        spec("octave_up", "Octave up", ("Shift+Up",), partial(far, 0, 1)),
        spec("octave_down", "Octave down", ("Shift+Down",), partial(far, 0, -1)),
    )


def _value_commands(editor: Editor) -> tuple[CommandSpec, ...]:
    spec = partial(CommandSpec, menu="Notes/Change", needs_selection=True)
    length, velocity = editor.change_length, editor.change_velocity
    return (
        spec("longer", "Longer", ("Ctrl+Right",), partial(length, 1)),
        spec("shorter", "Shorter", ("Ctrl+Left",), partial(length, -1)),
        spec("louder", "Louder", ("Ctrl+Up",), partial(velocity, VELOCITY_STEP)),
        spec("softer", "Softer", ("Ctrl+Down",), partial(velocity, -VELOCITY_STEP)),
    )


def _view_commands(model: PianoRollModel) -> tuple[CommandSpec, ...]:
    spec, viewport = partial(CommandSpec, menu="Notes/View"), model.viewport
    return (
        spec("fit", "Zoom to fit", ("Ctrl+0",), model.fit),
        spec("zoom_in", "Zoom in", ("Ctrl+=", "Ctrl++", "+", "="), partial(viewport.zoom, ZOOM)),
        spec("zoom_out", "Zoom out", ("Ctrl+-", "-"), partial(viewport.zoom, 1 / ZOOM)),
        spec("taller_rows", "Taller rows", ("Ctrl+Alt+=",), partial(viewport.zoom_rows, ZOOM)),
        spec(
            "shorter_rows", "Shorter rows", ("Ctrl+Alt+-",), partial(viewport.zoom_rows, 1 / ZOOM)
        ),
        spec("page_left", "Page left", ("PgUp",), partial(viewport.scroll_pages, -1)),
        spec("page_right", "Page right", ("PgDown",), partial(viewport.scroll_pages, 1)),
    )

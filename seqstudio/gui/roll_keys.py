"""The keys of the piano roll: everything that the mouse can do can be done with them."""

from collections.abc import Callable

from PySide6.QtCore import QKeyCombination
from PySide6.QtGui import QKeySequence

from seqstudio.gui.roll import RollModel
from seqstudio.gui.roll_editor import Editor

Deed = Callable[[RollModel, Editor], object]
ZOOM = 1.5
LOUDER = 8

KEYS: dict[str, Deed] = {
    "Left": lambda _, editor: editor.nudge(-1, 0),
    "Right": lambda _, editor: editor.nudge(1, 0),
    "Up": lambda _, editor: editor.nudge(0, 1),
    "Down": lambda _, editor: editor.nudge(0, -1),
    "Shift+Left": lambda _, editor: editor.nudge(-1, 0, far=True),
    "Shift+Right": lambda _, editor: editor.nudge(1, 0, far=True),
    "Shift+Up": lambda _, editor: editor.nudge(0, 1, far=True),
    "Shift+Down": lambda _, editor: editor.nudge(0, -1, far=True),
    "Ctrl+Left": lambda _, editor: editor.stretch(-1),
    "Ctrl+Right": lambda _, editor: editor.stretch(1),
    "Ctrl+Up": lambda _, editor: editor.weigh(LOUDER),
    "Ctrl+Down": lambda _, editor: editor.weigh(-LOUDER),
    "Ctrl+Shift+Up": lambda _, editor: editor.weigh(1),
    "Ctrl+Shift+Down": lambda _, editor: editor.weigh(-1),
    "Alt+Left": lambda model, _: model.select_next(-1),
    "Alt+Right": lambda model, _: model.select_next(1),
    "Alt+Shift+Left": lambda model, _: model.select_next(-1, add=True),
    "Alt+Shift+Right": lambda model, _: model.select_next(1, add=True),
    "Ins": lambda _, editor: editor.add_at_cursor(),
    "Return": lambda _, editor: editor.add_at_cursor(),
    "Del": lambda _, editor: editor.delete(),
    "Backspace": lambda _, editor: editor.delete(),
    "Ctrl+A": lambda model, _: model.select_all(),
    "Ctrl+C": lambda _, editor: editor.copy(),
    "Ctrl+X": lambda _, editor: editor.cut(),
    "Ctrl+V": lambda _, editor: editor.paste(),
    "Esc": lambda model, _: model.leave(),
    "1": lambda model, _: model.set_tool("select"),
    "2": lambda model, _: model.set_tool("draw"),
    "3": lambda model, _: model.set_tool("erase"),
    "+": lambda model, _: model.sight.zoom(ZOOM),
    "=": lambda model, _: model.sight.zoom(ZOOM),
    "-": lambda model, _: model.sight.zoom(1 / ZOOM),
    "Shift++": lambda model, _: model.sight.zoom_rows(ZOOM),
    "Shift+_": lambda model, _: model.sight.zoom_rows(1 / ZOOM),
    "PgUp": lambda model, _: model.sight.scroll(-model.sight.x.pixels),
    "PgDown": lambda model, _: model.sight.scroll(model.sight.x.pixels),
    "Home": lambda model, _: model.go_to_note(0),
    "End": lambda model, _: model.go_to_note(-1),
}


def press_key(keys: QKeyCombination, model: RollModel, editor: Editor) -> bool:
    """Do what a key is for; False where it is for nothing here."""
    deed = KEYS.get(QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText))
    if deed is None:
        return False
    deed(model, editor)
    return True

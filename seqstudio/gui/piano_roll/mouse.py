"""Mouse input of the piano roll: presses and drags, in pixels, become gestures."""

from dataclasses import dataclass

import numpy as np

from seqstudio.gui.piano_roll.gestures import (
    BoxSelection,
    EditTarget,
    Gesture,
    NoteDraw,
    NoteErase,
    NoteMove,
    NoteResize,
    NoteSubset,
    VelocityChange,
)
from seqstudio.gui.piano_roll.model import NO_SELECTION, PianoRollModel, Tool
from seqstudio.gui.piano_roll.note_index import IntArray

END_PIXELS = 7  # at the end of a note, where a drag changes its length
NEAR_PIXELS = 5  # around a velocity bar


@dataclass(frozen=True, slots=True)
class ModifierKeys:
    """The modifier keys that are down during a mouse event."""

    add: bool = False  # Shift: add to the selection; a drag copies
    switch_tool: bool = False  # Ctrl: draw with the Select tool, select with the Draw tool


class MouseInput:
    """Turns presses and drags into gestures of a `PianoRollModel`."""

    def __init__(self, model: PianoRollModel) -> None:
        self._model = model
        self._last_point = (0.0, 0.0)  # tick and velocity of the pointer in the velocity lane
        self._changes_selection = False  # whether a drag in the lane changes all selected notes
        self._click_selection: IntArray | None = None  # to select if a press ends without a drag

    def tool(self, keys: ModifierKeys) -> Tool:
        """Return the tool that is active while these keys are down."""
        tool = self._model.tool
        if not keys.switch_tool or tool == "erase":
            return tool
        return "select" if tool == "draw" else "draw"

    def press(
        self, x: float, y: float, keys: ModifierKeys | None = None, *, erase: bool = False
    ) -> None:
        """Start a gesture at a pixel."""
        model, keys = self._model, keys or ModifierKeys()
        if (target := model.target) is None:
            return
        tick, pitch = self._position_at(x, y)
        tool = "erase" if erase else self.tool(keys)
        hit = self.note_at(x, y)
        gesture: Gesture
        if tool == "erase":
            gesture = NoteErase(target, model.index, NO_SELECTION, tick).to(tick, pitch)
        elif hit >= 0:
            gesture = self._grab_note(target, hit, x, y, add=keys.add)
        elif tool == "draw":
            gesture = NoteDraw.start(target, tick, pitch, model.new_length())
        else:
            before = model.selected if keys.add else NO_SELECTION
            model.set_cursor(target.bars.floored(tick, target.step), int(pitch))
            gesture = BoxSelection(model.index, before, tick, pitch, tick, pitch)
        model.set_gesture(gesture)

    def drag(self, x: float, y: float) -> None:
        """Continue the gesture; beyond an edge, scroll."""
        model = self._model
        gesture = model.gesture
        if gesture is None or isinstance(gesture, VelocityChange):
            return
        viewport = model.viewport
        if _overshoot(x, viewport.x.pixels) or _overshoot(y, viewport.y.pixels):
            viewport.scroll(_overshoot(x, viewport.x.pixels), _overshoot(y, viewport.y.pixels))
        model.set_gesture(gesture.to(*self._position_at(x, y)))

    def release(self) -> None:
        """Apply the gesture as one edit; a click without a drag only selects."""
        gesture, clicked = self._model.gesture, self._click_selection
        self._click_selection = None
        self._model.commit_gesture()
        if clicked is not None and isinstance(gesture, NoteMove) and gesture.edit() is None:
            self._model.select(clicked)

    def note_at(self, x: float, y: float) -> int:
        """Return the index of the note under a pixel; -1 if there is none."""
        model, (tick, pitch) = self._model, self._position_at(x, y)
        key = int(np.floor(pitch))
        if model.score.is_drums:
            reach = model.viewport.drum_radius * model.viewport.x.scale
            return model.index.nearest_onset(tick, key, reach)
        return model.index.note_at(tick, key)

    def is_note_end(self, x: float, y: float) -> bool:
        """Whether a press here would change the length of a note."""
        hit = self.note_at(x, y)
        return hit >= 0 and self._is_end(hit, x)

    def press_velocity(self, x: float, velocity: float, keys: ModifierKeys | None = None) -> None:
        """Start a velocity change: of the selection if a selected note is near, else a sweep.

        Parameters
        ----------
        x : pixels
        velocity : at the height of the pointer
        keys : with Shift, sweep whatever is selected
        """
        model = self._model
        if (target := model.target) is None:
            return
        near = self._notes_near(x)
        selected = model.selected
        self._changes_selection = not (keys and keys.add) and bool(np.isin(near, selected).any())
        indices = selected if self._changes_selection else np.arange(len(model.notes))
        subset = NoteSubset.of(model.index, indices)
        self._last_point = (model.viewport.tick_at(x), velocity)
        model.set_gesture(VelocityChange(target, subset, subset.index.velocities))
        if not self._changes_selection:
            self.drag_velocity(x, velocity)

    def drag_velocity(self, x: float, velocity: float) -> None:
        """Continue a velocity change."""
        model = self._model
        if not isinstance(gesture := model.gesture, VelocityChange):
            return
        if self._changes_selection:
            model.set_gesture(gesture.by(velocity - self._last_point[1]))
            return
        reach = NEAR_PIXELS * model.viewport.x.scale
        before, self._last_point = self._last_point, (model.viewport.tick_at(x), velocity)
        model.set_gesture(gesture.sweep(before, self._last_point, reach))

    def _grab_note(self, target: EditTarget, hit: int, x: float, y: float, *, add: bool) -> Gesture:
        """Select the pressed note and start to move or resize the selection."""
        model = self._model
        tick, pitch = self._position_at(x, y)
        new: IntArray = np.array([hit], np.int64)
        if hit in model.selected:
            self._click_selection = np.setdiff1d(model.selected, new) if add else new
        else:
            model.select(np.union1d(model.selected, new) if add else new)
        if self._is_end(hit, x) and not add:
            return NoteResize(target, model.selected_subset(), tick)
        return NoteMove(target, model.selected_subset(), tick, pitch, copy=add)

    def _is_end(self, hit: int, x: float) -> bool:
        if self._model.score.is_drums:
            return False
        axis, index = self._model.viewport.x, self._model.index
        start, end = axis.to_pixel(index.onsets[hit]), axis.to_pixel(index.ends[hit])
        return bool(end - x <= min(END_PIXELS, (end - start) / 3))

    def _notes_near(self, x: float) -> IntArray:
        """Return the indices of the notes that start near a pixel."""
        viewport, onsets = self._model.viewport, self._model.index.onsets
        first = np.searchsorted(onsets, viewport.tick_at(x - NEAR_PIXELS), "left")
        stop = np.searchsorted(onsets, viewport.tick_at(x + NEAR_PIXELS), "right")
        return np.arange(int(first), int(stop))

    def _position_at(self, x: float, y: float) -> tuple[float, float]:
        viewport = self._model.viewport
        return viewport.tick_at(x), viewport.pitch_at(y)


def _overshoot(pixel: float, pixels: int) -> float:
    """Return how far a pixel lies outside a view, negative before its start."""
    return min(pixel, 0.0) or max(pixel - pixels, 0.0)

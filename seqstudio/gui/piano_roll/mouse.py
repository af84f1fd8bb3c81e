"""From the mouse to the roll: what a press takes hold of, in pixels of the roll."""

from dataclasses import dataclass

import numpy as np

from seqstudio.gui.piano_roll.gestures import (
    Boxing,
    Drawing,
    Erasing,
    Gesture,
    Lifted,
    Moving,
    Place,
    Sizing,
    Weighing,
)
from seqstudio.gui.piano_roll.model import EMPTY, RollModel, Tool
from seqstudio.gui.piano_roll.note_index import Numbers

END_PIXELS = 7  # of a note: its length is pulled there
NEAR_PIXELS = 5  # of a velocity's bar


@dataclass(frozen=True, slots=True)
class Held:
    """What keys are down while the mouse is pressed."""

    add: bool = False  # Shift: choose more; a drag copies
    other: bool = False  # Ctrl: draw where the tool selects, and the other way round


class Hand:
    """Turns presses and drags into gestures of a `RollModel`."""

    def __init__(self, model: RollModel) -> None:
        self._model = model
        self._weight = (0.0, 0.0)  # tick and velocity of the hand in the velocity lane
        self._together = False  # whether it changes all that are chosen by one amount
        self._clicked: Numbers | None = None  # what is chosen if a press ends without a drag

    def tool(self, held: Held) -> Tool:
        """Say which tool works while these keys are down."""
        tool = self._model.tool
        if not held.other or tool == "erase":
            return tool
        return "select" if tool == "draw" else "draw"

    def press(self, x: float, y: float, held: Held | None = None, *, erase: bool = False) -> None:
        """Take hold of what is at a pixel."""
        model, held = self._model, held or Held()
        if (place := model.place) is None:
            return
        tick, pitch = self._at(x, y)
        tool = "erase" if erase else self.tool(held)
        hit = self.hit(x, y)
        gesture: Gesture
        if tool == "erase":
            gesture = Erasing(place, model.index, EMPTY, tick).to(tick, pitch)
        elif hit >= 0:
            gesture = self._held_note(place, hit, x, y, add=held.add)
        elif tool == "draw":
            gesture = Drawing.at(place, tick, pitch, model.new_length())
        else:
            before = model.selected if held.add else EMPTY
            model.put_cursor(place.bars.floored(tick, place.step), int(pitch))
            gesture = Boxing(model.index, before, tick, pitch, tick, pitch)
        model.begin(gesture)

    def drag(self, x: float, y: float) -> None:
        """Go on with what is held; beyond an edge the roll scrolls."""
        model = self._model
        gesture = model.gesture
        if gesture is None or isinstance(gesture, Weighing):
            return
        sight = model.sight
        if _beyond(x, sight.x.pixels) or _beyond(y, sight.y.pixels):
            sight.scroll(_beyond(x, sight.x.pixels), _beyond(y, sight.y.pixels))
        model.begin(gesture.to(*self._at(x, y)))

    def release(self) -> None:
        """Let go: what is held becomes one operation; without a drag, a note was only chosen."""
        gesture, clicked = self._model.gesture, self._clicked
        self._clicked = None
        self._model.finish()
        if clicked is not None and isinstance(gesture, Moving) and gesture.operation() is None:
            self._model.select(clicked)

    def hit(self, x: float, y: float) -> int:
        """Give the number of the note under a pixel; -1 where there is none."""
        model, (tick, pitch) = self._model, self._at(x, y)
        key = int(np.floor(pitch))
        if model.score.is_drums:
            return model.index.begins(tick, key, model.sight.hit_pixels * model.sight.x.scale)
        return model.index.at(tick, key)

    def at_end(self, x: float, y: float) -> bool:
        """Whether a press pulls the end of a note."""
        hit = self.hit(x, y)
        return hit >= 0 and self._is_end(hit, x)

    def press_weight(self, x: float, velocity: float, held: Held | None = None) -> None:
        """Take hold of velocities: of all that are chosen where one of them is, else what passes.

        Parameters
        ----------
        x : pixels
        velocity : at the hand's height
        held : Shift changes what is passed, whatever is chosen
        """
        model = self._model
        if (place := model.place) is None:
            return
        near = self._bars_near(x)
        chosen = model.selected
        self._together = not (held and held.add) and bool(np.isin(near, chosen).any())
        which = chosen if self._together else np.arange(len(model.notes))
        lifted = Lifted.of(model.index, which)
        self._weight = (model.sight.tick_at(x), velocity)
        model.begin(Weighing(place, lifted, lifted.index.velocities))
        if not self._together:
            self.drag_weight(x, velocity)

    def drag_weight(self, x: float, velocity: float) -> None:
        """Go on with velocities."""
        model = self._model
        if not isinstance(gesture := model.gesture, Weighing):
            return
        if self._together:
            model.begin(gesture.by(velocity - self._weight[1]))
            return
        reach = NEAR_PIXELS * model.sight.x.scale
        before, self._weight = self._weight, (model.sight.tick_at(x), velocity)
        model.begin(gesture.sweep(before, self._weight, reach))

    def _held_note(self, place: Place, hit: int, x: float, y: float, *, add: bool) -> Gesture:
        """Choose the note that is pressed, and hold what is chosen with it."""
        model = self._model
        tick, pitch = self._at(x, y)
        new: Numbers = np.array([hit], np.int64)
        if hit in model.selected:
            self._clicked = np.setdiff1d(model.selected, new) if add else new
        else:
            model.select(np.union1d(model.selected, new) if add else new)
        if self._is_end(hit, x) and not add:
            return Sizing(place, model.lifted(), tick)
        return Moving(place, model.lifted(), tick, pitch, copy=add)

    def _is_end(self, hit: int, x: float) -> bool:
        if self._model.score.is_drums:
            return False
        axis, index = self._model.sight.x, self._model.index
        start, end = axis.to_pixel(index.onsets[hit]), axis.to_pixel(index.ends[hit])
        return bool(end - x <= min(END_PIXELS, (end - start) / 3))

    def _bars_near(self, x: float) -> Numbers:
        """Give the numbers of the notes that begin near a pixel."""
        sight, onsets = self._model.sight, self._model.index.onsets
        first = np.searchsorted(onsets, sight.tick_at(x - NEAR_PIXELS), "left")
        stop = np.searchsorted(onsets, sight.tick_at(x + NEAR_PIXELS), "right")
        return np.arange(int(first), int(stop))

    def _at(self, x: float, y: float) -> tuple[float, float]:
        sight = self._model.sight
        return sight.tick_at(x), sight.pitch_at(y)


def _beyond(pixel: float, pixels: int) -> float:
    """Say how far a pixel is outside of a view."""
    return min(pixel, 0.0) or max(pixel - pixels, 0.0)

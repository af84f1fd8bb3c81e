"""What voices may do while they are drawn: stay in range, hold only what sounds, and close."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqstudio_music.chords import QUALITIES
from seqstudio_music.slots import FIRST, HOLD, REST, Layout, Slot

CLOSE_STEPS = 8  # sixteenths at the end that rest on the tonic, half a bar at most
TRIADS = {False: (0, 4, 7), True: (0, 3, 7)}  # by whether the key is minor


class VoiceGuide:
    """Ends each take after so many steps, on the tonic triad of its key.

    Parameters
    ----------
    layout : where the tokens of each voice lie
    steps : of the whole take, prompt included
    keys : one for each take
    closing : how many of the last steps rest on the tonic: the lowest voice on its root, the others
        on notes of its triad, one of them on the third
    silent : slots that rest in all that is drawn
    """

    def __init__(
        self,
        layout: Layout,
        steps: int,
        keys: Sequence[int],
        *,
        closing: int = 0,
        silent: tuple[int, ...] = (),
    ) -> None:
        self.layout = layout
        self.steps = steps
        self.keys = keys
        self.closing = closing
        self.silent = silent
        self.struck = [self._struck(slot) for slot in range(len(layout.slots))]
        self.sounding = [mask.clone() for mask in self.struck]
        for mask, (start, _) in zip(self.sounding, layout.ranges, strict=True):
            mask[start + HOLD] = True

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor:
        """Let the next slot rest, strike in its range, or hold what it had in the step before."""
        slots = len(self.layout.slots)
        step, slot = divmod(len(tokens), slots)
        start, _ = self.layout.ranges[slot]
        rests = len(tokens) < slots or tokens[-slots] == start + REST
        if slot in self.silent:
            return self.struck[slot]
        mask = self.struck[slot] if rests else self.sounding[slot]
        return self._closed(mask, row, tokens) if step >= self.steps - self.closing else mask

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Say whether the last step is complete."""
        return len(tokens) >= self.steps * len(self.layout.slots)

    def _closed(self, mask: Tensor, row: int, tokens: Sequence[int]) -> Tensor:
        """Narrow a mask to the tonic; as it was where nothing of the tonic is in it."""
        slot = len(tokens) % len(self.layout.slots)
        start, end = self.layout.ranges[slot]
        held = self._sounds(slot, tokens)
        for wanted in self._tonic(self.keys[row], slot, tokens):
            closed = torch.zeros_like(mask)
            for token in range(start + FIRST, end):
                closed[token] = self._value(slot, token) in wanted
            closed[start + HOLD] = held is not None and self._value(slot, held) in wanted
            closed &= mask
            if closed.any():
                return closed
        return mask

    def _tonic(self, key: int, slot: int, tokens: Sequence[int]) -> list[set[int]]:
        """Give the pitch classes, or the chord, that a slot may close on, the best ones first."""
        slots, tonic = self.layout.slots, key % 12
        if slots[slot].kind == "chord":
            names = [name for name, _ in QUALITIES]
            return [{tonic * len(QUALITIES) + names.index("m" if key >= 12 else "")}]
        triad = [(tonic + step) % 12 for step in TRIADS[key >= 12]]
        if slots[slot].name == "Bass":
            return [{triad[0]}]
        last_voice = slot == len(slots) - 1 and len(slots) > 2
        heard = {self._value(other, self._sounds(other, tokens)) for other in range(slot)}
        needed = [{triad[1]}] if last_voice and triad[1] not in heard else []
        return [*needed, set(triad)]

    def _value(self, slot: int, token: int | None) -> int:
        """Give the pitch class or the chord that a token strikes; -1 for none."""
        if token is None:
            return -1
        value = token - self.layout.ranges[slot][0] - FIRST + self.layout.slots[slot].first
        return value if self.layout.slots[slot].kind == "chord" else value % 12

    def _sounds(self, slot: int, tokens: Sequence[int]) -> int | None:
        """Find the token that struck what a slot has now; None where it rests."""
        slots, (start, _) = len(self.layout.slots), self.layout.ranges[slot]
        at = len(tokens) - 1 - (len(tokens) - 1 - slot) % slots
        while at >= 0 and tokens[at] == start + HOLD:
            at -= slots
        return tokens[at] if at >= 0 and tokens[at] != start + REST else None

    def _struck(self, number: int) -> Tensor:
        """Mark what a slot may do after a rest: (V,) bool."""
        slot, (start, _) = self.layout.slots[number], self.layout.ranges[number]
        mask = torch.zeros(self.layout.vocabulary, dtype=torch.bool)
        mask[start + REST] = True
        if number not in self.silent:
            first, last = pitch_limits(slot)
            mask[start + FIRST + first : start + FIRST + last + 1] = True
        return mask


def pitch_limits(slot: Slot) -> tuple[int, int]:
    """Give the first and last value that is sampled, counted from the slot's own first."""
    if slot.kind == "chord":
        return 0, slot.values - 1
    return slot.low - slot.first, slot.high - slot.first

"""Constraints on sampled voices: pitch ranges, holds, and a cadence at the end."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqstudio_music.chords import QUALITIES
from seqstudio_music.voices.tokens import HOLD, ONSET, REST, Layout, Voice

TRIADS = {False: (0, 4, 7), True: (0, 3, 7)}  # by whether the key is minor


class VoiceGuide:
    """Ends each take after `steps` sixteenths, optionally on the tonic triad of its key.

    Parameters
    ----------
    layout : the voices and their tokens
    steps : sixteenths of the whole take, prompt included
    keys : one for each take
    cadence_steps : how many of the last steps are on the tonic: the lowest voice on its root, the
        others on notes of its triad, one of them on the third
    silent : indices of the voices that rest in all sampled steps
    """

    def __init__(
        self,
        layout: Layout,
        steps: int,
        keys: Sequence[int],
        *,
        cadence_steps: int = 0,
        silent: tuple[int, ...] = (),
    ) -> None:
        self.layout = layout
        self.steps = steps
        self.keys = keys
        self.cadence_steps = cadence_steps
        self.silent = silent
        self.after_rest = [self._rest_or_onset(voice) for voice in range(len(layout.voices))]
        self.after_onset = [mask.clone() for mask in self.after_rest]
        for mask, (start, _) in zip(self.after_onset, layout.ranges, strict=True):
            mask[start + HOLD] = True

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor:
        """Allow a rest, an onset within the range, and a hold unless the voice rested before."""
        voices = len(self.layout.voices)
        step, voice = divmod(len(tokens), voices)
        start, _ = self.layout.ranges[voice]
        rested = len(tokens) < voices or tokens[-voices] == start + REST
        if voice in self.silent:
            return self.after_rest[voice]
        mask = self.after_rest[voice] if rested else self.after_onset[voice]
        in_cadence = step >= self.steps - self.cadence_steps
        return self._on_tonic(mask, row, tokens) if in_cadence else mask

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the last step is complete."""
        return len(tokens) >= self.steps * len(self.layout.voices)

    def _on_tonic(self, mask: Tensor, row: int, tokens: Sequence[int]) -> Tensor:
        """Narrow a mask to the tonic; return it unchanged if it allows nothing of the tonic."""
        voice = len(tokens) % len(self.layout.voices)
        start, end = self.layout.ranges[voice]
        current = self._current_onset(voice, tokens)
        for classes in self._tonic_classes(self.keys[row], voice, tokens):
            narrowed = torch.zeros_like(mask)
            for token in range(start + ONSET, end):
                narrowed[token] = self._class_of(voice, token) in classes
            narrowed[start + HOLD] = (
                current is not None and self._class_of(voice, current) in classes
            )
            narrowed &= mask
            if narrowed.any():
                return narrowed
        return mask

    def _tonic_classes(self, key: int, voice: int, tokens: Sequence[int]) -> list[set[int]]:
        """Return sets of pitch classes (or chords) that may end a voice, preferred sets first."""
        voices, tonic = self.layout.voices, key % 12
        if voices[voice].kind == "chord":
            names = [name for name, _ in QUALITIES]
            return [{tonic * len(QUALITIES) + names.index("m" if key >= 12 else "")}]
        triad = [(tonic + interval) % 12 for interval in TRIADS[key >= 12]]
        if voices[voice].name == "Bass":
            return [{triad[0]}]
        is_last = voice == len(voices) - 1 and len(voices) > 2
        others = {
            self._class_of(other, self._current_onset(other, tokens)) for other in range(voice)
        }
        third = [{triad[1]}] if is_last and triad[1] not in others else []
        return [*third, set(triad)]

    def _class_of(self, voice: int, token: int | None) -> int:
        """Return the pitch class or the chord that a token begins; -1 for None."""
        if token is None:
            return -1
        first_value = self.layout.voices[voice].first_value
        value = token - self.layout.ranges[voice][0] - ONSET + first_value
        return value if self.layout.voices[voice].kind == "chord" else value % 12

    def _current_onset(self, voice: int, tokens: Sequence[int]) -> int | None:
        """Return the token that began what a voice has now; None if the voice rests."""
        voices, (start, _) = len(self.layout.voices), self.layout.ranges[voice]
        at = len(tokens) - 1 - (len(tokens) - 1 - voice) % voices
        while at >= 0 and tokens[at] == start + HOLD:
            at -= voices
        return tokens[at] if at >= 0 and tokens[at] != start + REST else None

    def _rest_or_onset(self, number: int) -> Tensor:
        """Return what a voice may do after a rest: (V,) bool."""
        voice, (start, _) = self.layout.voices[number], self.layout.ranges[number]
        mask = torch.zeros(self.layout.vocabulary, dtype=torch.bool)
        mask[start + REST] = True
        if number not in self.silent:
            first, last = onset_limits(voice)
            mask[start + ONSET + first : start + ONSET + last + 1] = True
        return mask


def onset_limits(voice: Voice) -> tuple[int, int]:
    """Return the first and last sampled value of a voice, counted from its `first_value`."""
    if voice.kind == "chord":
        return 0, voice.value_count - 1
    return voice.low - voice.first_value, voice.high - voice.first_value

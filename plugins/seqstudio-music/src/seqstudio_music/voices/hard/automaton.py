"""The automaton of a space: which tokens can still lead to an end, by a backward pass.

A state of a voice is what it sounds, and how many of its notes began in the bar. Voices share one
thing only, the number of notes that sound at once; the least that the others need is reserved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from seqstudio_music.voices.hard.space import (
    KEEPS,
    RESTS,
    STRIKES,
    Allowed,
    NotesInBar,
    Space,
    weights,
)
from seqstudio_music.voices.tokens import HOLD, NONE, REST, Layout


@dataclass(frozen=True)
class VoiceStates:
    """Which states of one voice can still reach the end."""

    before: Allowed  # (T + 1, K + 1, C), before each step
    after: Allowed  # (T, K + 1, C), after each step, with the notes counted that began in its bar

    @property
    def useful(self) -> Allowed:
        """The values after each step from which the end can be reached: (T, K + 1)."""
        return np.asarray(self.after.any(axis=2))


def voice_states(space: Space, voice: int) -> VoiceStates:
    """Run backwards over the steps of a voice."""
    values, moves = space.values[voice], space.moves[:, voice]
    marks, density = space.layout.voices[voice].marks_onsets, space.density
    counted = density is not None and density.voice == voice
    counts = (density.high or density.low) + 1 if counted and density is not None else 1
    steps, size = values.shape
    before = np.ones((steps + 1, size, counts), dtype=np.bool_)
    after = np.empty((steps, size, counts), dtype=np.bool_)
    for step in reversed(range(steps)):
        limits = space.limits(voice, step)
        after[step] = before[step + 1]
        if step + 1 == steps or space.grid.bar_of[step + 1] != space.grid.bar_of[step]:
            enough = np.arange(counts) >= (limits.low if limits else 0)
            after[step] = before[step + 1][:, :1] & enough
        after[step] &= values[step][:, None]
        strikes = struck(after[step], limits) & moves[step, STRIKES]
        reached = strikes.any(axis=0) if marks else strikes.sum(axis=0) - strikes > 0
        keeps = after[step] & moves[step, KEEPS]
        keeps[-1] = False
        before[step] = keeps | reached | (after[step][-1] & moves[step, RESTS])
    return VoiceStates(before, after)


def struck(after: Allowed, limits: NotesInBar | None) -> Allowed:
    """Return for which values and counts of notes before it a note may begin: (K + 1, C) bool."""
    more = np.roll(after, -1, axis=1)
    more[:, -1] = False if limits is not None and limits.high else after[:, -1]
    more[-1] = False  # silence
    return more


class Automaton:
    """A space and the states of its voices that can still reach the end."""

    def __init__(self, space: Space) -> None:
        self.layout: Layout = space.layout
        self.weights = [weights(voice) for voice in space.layout.voices]
        self.space = space
        self.states = [voice_states(space, voice) for voice in range(len(space.values))]
        while self.space.most_notes and self._reserve():
            self.states = [voice_states(self.space, voice) for voice in range(len(space.values))]

    def _reserve(self) -> bool:
        """Take from each voice what the least that the others need does not leave it."""
        large = 1 << 16
        least = np.stack(
            [
                np.where(states.useful, weight, large).min(axis=1)
                for states, weight in zip(self.states, self.weights, strict=True)
            ]
        )
        left = self.space.most_notes - (least.sum(axis=0) - least)
        narrowed = tuple(
            values & (weight <= left[voice][:, None])
            for voice, (values, weight) in enumerate(
                zip(self.space.values, self.weights, strict=True)
            )
        )
        pairs = zip(narrowed, self.space.values, strict=True)
        changed = any((new != old).any() for new, old in pairs)
        self.space = replace(self.space, values=narrowed)
        return changed

    def is_open(self, step: int, sounding: Sequence[int], began: Sequence[int]) -> bool:
        """Return whether the end can be reached from before a step.

        Parameters
        ----------
        sounding : what each voice sounds, a pitch or chord or NONE
        began : how many notes of each voice began in the bar before this step
        """
        return all(
            states.before[step, self.space.index(voice, value), self._count(voice, count)]
            for voice, (states, value, count) in enumerate(
                zip(self.states, sounding, began, strict=True)
            )
        )

    def _count(self, voice: int, count: int) -> int:
        return min(count, int(self.states[voice].after.shape[2]) - 1)

    def accepts(self, step: int, voice: int, value: int) -> bool:
        """Return whether a voice may sound a value in a step."""
        return bool(self.space.values[voice][step, self.space.index(voice, value)])

    def allowed(
        self, step: int, voice: int, sounding: Sequence[int], began: Sequence[int]
    ) -> Tensor:
        """Return the (V,) tokens of a voice after which the end can be reached.

        `sounding` and `began` are of all voices now: those before `voice` have their token already.
        """
        space, own = self.space, self.layout.voices[voice]
        count = self._count(voice, began[voice])
        after = self.states[voice].after[step]
        moves = space.moves[step, voice]
        strikes = struck(after, space.limits(voice, step))[:, count] & moves[STRIKES]
        stays = after[:, count]
        if space.most_notes:
            left = self._left(step, voice, sounding, began)
            strikes = strikes & (self.weights[voice] <= left)
            stays = stays & (self.weights[voice] <= left)
        start, first = self.layout.ranges[voice][0], int(self.layout.first_tokens[voice])
        mask = np.zeros(self.layout.vocabulary, dtype=np.bool_)
        mask[first : first + own.value_count] = strikes[:-1]
        mask[start + REST] = stays[-1] and moves[RESTS]
        if (value := sounding[voice]) != NONE:
            kept = bool(stays[space.index(voice, value)] and moves[KEEPS])
            token = start + HOLD if own.marks_onsets else first + space.index(voice, value)
            mask[token] = kept
        return torch.from_numpy(mask)

    def _left(self, step: int, voice: int, sounding: Sequence[int], began: Sequence[int]) -> int:
        """Return how many notes this voice may sound, so that enough are left for the others."""
        left = self.space.most_notes
        for other, states in enumerate(self.states):
            if other < voice:
                left -= int(self.weights[other][self.space.index(other, sounding[other])])
            elif other > voice:
                after = states.after[step]
                rests = after[-1, self._count(other, began[other])]
                may_rest = bool(rests and self.space.moves[step, other, RESTS])
                needed = np.where(after.any(axis=1), self.weights[other], 1 << 16).min()
                left -= 0 if may_rest else int(needed)
        return left

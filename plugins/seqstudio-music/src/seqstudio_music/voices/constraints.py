"""Constraints on sampled voices: ranges, holds, voice leading, and a cadence at the end."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqstudio_music.chords import chord_pitch_classes
from seqstudio_music.keys import foreign_classes
from seqstudio_music.voices.cadence import Cadence
from seqstudio_music.voices.hard.constraints import Constraints, States
from seqstudio_music.voices.tokens import HOLD, NONE, REST, Layout, Voice
from seqstudio_music.voices.voice_leading import makes_parallels

HOME_STEPS = 32  # sixteenths from the beginning and from the end in which a minor key is harmonic
BASS = 1  # index of the bass in a chorale


class VoiceGuide:
    """Ends each take after `steps` sixteenths, and keeps it to the rules of its voices.

    A cadence goes before voice leading; a rule that would leave nothing is dropped. Hard
    constraints are never dropped.
    Whether a voice of a chorale moves is drawn from the model's own odds, whatever filters cut.

    Parameters
    ----------
    layout : the voices and their tokens
    steps : sixteenths of the whole take, prompt included
    keys : one for each take
    cadence_steps : how many of the last steps are on the tonic; 0 for no cadence
    silent : indices of the voices that rest in all sampled steps
    voice_leading : whether parallel fifths and octaves are masked
    in_key : whether pitches and chords that lead away from the key are masked, and a piece without
        a prompt begins on the tonic
    hard : for each take the constraints that it meets; none without
    offset : sixteenths of the piece before the take
    stop : sixteenths after which the take is interrupted; 0: at its end
    """

    def __init__(
        self,
        layout: Layout,
        steps: int,
        keys: Sequence[int],
        *,
        cadence_steps: int = 0,
        silent: tuple[int, ...] = (),
        voice_leading: bool = True,
        in_key: bool = False,
        hard: Sequence[Constraints] = (),
        offset: int = 0,
        stop: int = 0,
    ) -> None:
        self.layout, self.steps, self.keys = layout, steps, keys
        self.hard, self.offset, self.stop = hard, offset, stop or steps
        self.silent = silent
        self.cadence = Cadence(layout, steps, cadence_steps, opening=in_key)
        self.leads = voice_leading and not layout.has_chords
        self.in_key = in_key
        self.starts = layout.starts.tolist()
        self.first_tokens = layout.first_tokens.tolist()
        self.first_values = [voice.first_value for voice in layout.voices]
        self.marks = layout.marks_onsets.tolist()
        self.within = [in_range(layout, voice) for voice in range(len(layout.voices))]
        self.class_of = [token_classes(layout, voice) for voice in range(len(layout.voices))]
        self.by_key = {
            (voice, key, at_home): self.within[voice]
            & ~has_any(layout, voice, foreign_classes(key, harmonic=at_home))
            for voice in range(len(layout.voices))
            for key in set(keys)
            for at_home in (False, True)
        }
        tokens = torch.arange(layout.vocabulary)
        self.pitches = [
            tokens - first + value
            for first, value in zip(self.first_tokens, self.first_values, strict=True)
        ]

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor:
        """Allow what hard constraints and the voice's range, cadence and voice leading allow."""
        rules = self._rules(row, tokens)
        if not self.hard:
            return next(rule for rule in rules if rule.any())
        hard = self.left_by_constraints(row, tokens)
        return next((hard & rule for rule in rules if (hard & rule).any()), hard)

    def _rules(self, row: int, tokens: Sequence[int]) -> list[Tensor]:
        """Return the tokens that rules leave, with fewer and fewer rules; the last leaves some."""
        step, voice = divmod(len(tokens), len(self.starts))
        mask = torch.zeros_like(self.within[voice])
        if voice in self.silent:
            mask[self.starts[voice] + REST] = True
            return [mask]
        mask |= self._within(row, step, voice)
        before = self.value(voice, tokens, len(tokens) - len(self.starts))
        if self.marks[voice]:
            mask[self.starts[voice] + REST] = step > 0
        if before != NONE:
            mask[self._kept(voice, before)] = True
        led = mask & ~self._parallels(row, voice, before, tokens) if self.leads else mask
        close = self._cadence_choices(row, step, voice, before, tokens)
        if self.cadence.has_ended(step) and before != NONE:
            stays = torch.zeros_like(mask)
            stays[self._kept(voice, before)] = True
            close = [one & stays for one in close] + close
        fitting = (one & other for other in (led, mask) for one in close)
        return [*fitting, led, mask]

    def left_by_constraints(self, row: int, tokens: Sequence[int]) -> Tensor:
        """Return the tokens after which the hard constraints can still be met."""
        step, voice = divmod(len(tokens), len(self.starts))
        constraints, voices = self.hard[row], range(len(self.starts))
        latest = len(tokens) - 1
        at = [latest - (latest - other) % len(self.starts) for other in voices]
        sounding = [self.value(other, tokens, at[other]) for other in voices]
        fork = max(constraints.fork - self.offset, 0) * len(self.starts)
        places = [(at, *divmod(at, len(self.starts))) for at in range(fork, len(tokens))]
        past = [(self.offset + n, v, self.value(v, tokens, at)) for at, n, v in places]
        began = constraints.began(
            step + self.offset, lambda other, since: self._onsets(other, since, tokens)
        )
        return constraints.allowed(step + self.offset, voice, States(sounding, began, past))

    def _onsets(self, voice: int, since: int, tokens: Sequence[int]) -> list[int]:
        """Return the steps of the piece in which a voice began a value, from a step on."""
        voices = len(self.starts)
        first = max(since - self.offset, 0) * voices + voice
        found, last = [], self.value(voice, tokens, first - voices)
        for at in range(first, len(tokens), voices):
            value = self.value(voice, tokens, at)
            struck = tokens[at] >= self.first_tokens[voice]
            if struck and (self.marks[voice] or value != last):
                found.append(self.offset + at // voices)
            last = value
        return found

    def group(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        """Return the token by which a voice of a chorale keeps its pitch, if it has one.

        In a lead sheet the odds of a hold are sharpened with all others: its rhythm returns when
        the model is sure of it.
        """
        voice = len(tokens) % len(self.starts)
        if self.marks[voice] or len(tokens) < len(self.starts):
            return None
        group = torch.zeros_like(self.within[voice])
        group[tokens[-len(self.starts)]] = True
        return group

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the last step is complete."""
        return len(tokens) >= self.stop * len(self.starts)

    def _kept(self, voice: int, value: int) -> int:
        """Return the token by which a voice keeps the pitch or chord that it has."""
        if self.marks[voice]:
            return int(self.starts[voice] + HOLD)
        return int(self.first_tokens[voice] + value - self.first_values[voice])

    def value(self, voice: int, tokens: Sequence[int], at: int) -> int:
        """Return the pitch or chord that sounds after the voice's token at this index, or NONE."""
        hold = self.starts[voice] + HOLD if self.marks[voice] else -1
        while at >= 0 and tokens[at] == hold:
            at -= len(self.starts)
        if at < 0 or tokens[at] < self.first_tokens[voice]:
            return NONE
        return int(tokens[at] - self.first_tokens[voice] + self.first_values[voice])

    def _within(self, row: int, step: int, voice: int) -> Tensor:
        """Return the tokens that begin a value in the voice's range and, if asked, the key."""
        if not self.in_key:
            return self.within[voice]
        near_end = min(step, self.steps - 1 - step) < HOME_STEPS
        return self.by_key[voice, self.keys[row], near_end]

    def _cadence_choices(
        self, row: int, step: int, voice: int, before: int, tokens: Sequence[int]
    ) -> list[Tensor]:
        """Return the tokens of each set that the cadence leaves to a voice: (V,) bool each."""
        first = step * len(self.starts)
        chosen = [self.value(other, tokens, first + other) % 12 for other in range(voice)]
        masks = []
        for classes in self.cadence.choices(self.keys[row], step, voice, chosen):
            mask = torch.isin(self.class_of[voice], torch.tensor(sorted(classes)))
            if self.marks[voice] and before != NONE:
                own = before if self.layout.voices[voice].kind == "chord" else before % 12
                mask[self.starts[voice] + HOLD] = own in classes
            masks.append(mask)
        return masks

    def _parallels(self, row: int, voice: int, before: int, tokens: Sequence[int]) -> Tensor:
        """Return the tokens that make parallels with the voices before it in this step.

        Where the last chord begins, the soprano knows that the bass goes to the tonic.
        """
        first = len(tokens) - voice
        last = first - len(self.starts)
        others = [
            (self.value(other, tokens, last + other), self.value(other, tokens, first + other))
            for other in range(voice)
        ]
        if voice < BASS and self.cadence.arrives(first // len(self.starts)):
            others.append((self.value(BASS, tokens, last + BASS), 12 + self.keys[row] % 12))
        return makes_parallels(self.pitches[voice], before, others)


def in_range(layout: Layout, number: int) -> Tensor:
    """Return the tokens that begin or sound a value in the range of a voice: (V,) bool."""
    voice, first = layout.voices[number], int(layout.first_tokens[number])
    low, high = value_limits(voice)
    mask = torch.zeros(layout.vocabulary, dtype=torch.bool)
    mask[first + low : first + high + 1] = True
    return mask


def token_classes(layout: Layout, number: int) -> Tensor:
    """Return the pitch class or chord of each token of a voice, -1 for other tokens: (V,) int64."""
    voice, first = layout.voices[number], int(layout.first_tokens[number])
    values = torch.arange(voice.value_count) + voice.first_value
    found = torch.full((layout.vocabulary,), -1)
    found[first : first + voice.value_count] = values if voice.kind == "chord" else values % 12
    return found


def has_any(layout: Layout, number: int, classes: frozenset[int]) -> Tensor:
    """Return the tokens of a voice that have any of these pitch classes: (V,) bool."""
    voice, first = layout.voices[number], int(layout.first_tokens[number])
    found = torch.zeros(layout.vocabulary, dtype=torch.bool)
    for at in range(voice.value_count):
        value = at + voice.first_value
        own = chord_pitch_classes(value) if voice.kind == "chord" else {value % 12}
        found[first + at] = bool(own & classes)
    return found


def value_limits(voice: Voice) -> tuple[int, int]:
    """Return the first and last sampled value of a voice, counted from its `first_value`."""
    if voice.kind == "chord":
        return 0, voice.value_count - 1
    return voice.low - voice.first_value, voice.high - voice.first_value

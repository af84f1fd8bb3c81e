"""What a model of voices knows of its past: what sounds, for how long, and what stood before."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.api import ConfigError
from seqstudio.api.nn import PastInput, PastState
from seqstudio_music.matches import Matches
from seqstudio_music.voices.tokens import HOLD

AGES = 16  # steps up to which the age of what sounds is counted
SHORTEST_MATCH = 12  # the least lag of a match, in steps, so that a held note is none


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicesPastConfig:
    """The inputs of a decoder whose steps are one token for each of several voices.

    `starts` has the first token of each voice, `marks_onsets` whether it has a token that holds;
    the first covariate is the position in the bar times the number of voices, plus the voice.
    """

    part: ClassVar[str] = "music.voices-past"
    vocabulary: int
    starts: tuple[int, ...]
    marks_onsets: tuple[bool, ...]
    bars: tuple[int, ...] = ()  # look-back, in bars
    longest: int = 192  # steps that look-back and matches reach back
    reach: int = 0  # tokens up to which distances between voices are told apart; 0 for none

    def __post_init__(self) -> None:
        if self.longest <= SHORTEST_MATCH:
            raise ConfigError(f"longest={self.longest}, expected more than {SHORTEST_MATCH}")
        if len(self.starts) != len(self.marks_onsets):
            found = f"{len(self.starts)} starts, {len(self.marks_onsets)} marks_onsets"
            raise ConfigError(f"{found}, expected as many")


class VoicesPast(PastInput):
    """What sounds, what followed the longest match with the past, and what stood some bars before.

    What sounds, and since when, is known of every voice, with the voices before the token in its
    own step. Sequences begin with the first voice of a step.
    """

    def __init__(self, config: VoicesPastConfig) -> None:
        self.voices, self.none = len(config.starts), config.vocabulary
        self.starts = torch.tensor(config.starts)
        self.marks = torch.tensor(config.marks_onsets)
        self.bars = torch.tensor(config.bars, dtype=torch.int64)
        self.matches = Matches(self.voices, config.longest, self.none)
        sounding = (self.voices * (self.none + 1),) * self.voices
        ages = (self.voices * (AGES + 1),) * self.voices
        self.sizes = (*sounding, *ages, *self.matches.sizes() * (1 + len(config.bars)))
        self.reach = config.reach
        if self.reach:
            self.sizes += (self.voices * (2 * self.reach + 2),) * self.voices
            self.origins = self.voices

    def start(self, rows: int, device: torch.device) -> PastState:
        """Return the state of no tokens: what sounds, its age, the bar, and the matches."""
        sounding = torch.full((rows, self.voices), self.none, device=device)
        bar = torch.full((rows, 3), 0, device=device)  # last position, steps since, length
        return sounding, torch.zeros_like(sounding), bar, *self.matches.start(rows, device)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        """Return the features of the next token."""
        sounding, ages, bar, *matched = state
        voice, position = self._place(covariates)
        length = self._next_bar(bar, voice, position)[:, 2]
        before = self.matches.before((matched[0], matched[1]))
        return self._features(voice, sounding, ages, length, before)

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        """Return the state after a token of each row."""
        sounding, ages, bar, *matched = state
        voice, position = self._place(covariates)
        holds = self.marks[voice] & (tokens == self.starts[voice] + HOLD)
        own = voice[:, None]
        old, age = sounding.gather(1, own)[:, 0], ages.gather(1, own)[:, 0]
        new = torch.where(holds, old, tokens)
        begins = (new != old) | self._strikes(tokens, voice)
        age = torch.where(begins, 1, (age + (age > 0)).clamp(max=AGES))
        return (
            sounding.scatter(1, own, new[:, None]),
            ages.scatter(1, own, age[:, None]),
            self._next_bar(bar, voice, position),
            *self.matches.advance((matched[0], matched[1]), tokens),
        )

    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the features of every token, without steps."""
        count = tokens.shape[1]
        voice, position = self._place(covariates)
        steps = functional.pad(tokens, (0, -count % self.voices)).unflatten(1, (-1, self.voices))
        after, ages_after = self._sounding_after(steps)
        sounding = self._before_each(after, self.none)[:, :count]
        ages = self._before_each(ages_after, 0)[:, :count]
        length = bar_lengths(position[:, :: self.voices])
        length = length.repeat_interleave(self.voices, dim=1)[:, :count]
        return self._features(voice, sounding, ages, length, self.matches.whole(tokens))

    def _place(self, covariates: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the voice and the position in the bar."""
        if covariates is None:
            raise ConfigError("no covariates, expected the position in the bar and the voice")
        placed = covariates[..., 0]
        return placed % self.voices, torch.div(placed, self.voices, rounding_mode="floor")

    def _features(
        self,
        voice: Tensor,
        sounding: Tensor,
        ages: Tensor,
        bar_length: Tensor,
        before: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Return (..., F) features of tokens whose voice and bar length are (...)."""
        own = voice[..., None]
        tokens, lengths = before
        longest = lengths[..., SHORTEST_MATCH - 1 :].argmax(dim=-1) + SHORTEST_MATCH
        lags = torch.cat([longest[..., None], bar_length[..., None] * self.bars], dim=-1)
        matched = self.matches.features(tokens, lengths, lags)
        now = [own * (self.none + 1) + sounding, own * (AGES + 1) + ages]
        intervals = [self._intervals(own, sounding)] if self.reach else []
        return torch.cat([*now, matched, *intervals], dim=-1)

    def place(self, features: Tensor) -> Tensor:
        """Return what every voice sounds."""
        sounding = features[..., : self.origins] % (self.none + 1)
        return torch.where(sounding == self.none, -1, sounding)

    def _intervals(self, own: Tensor, sounding: Tensor) -> Tensor:
        """Return (..., S) distances of what each voice sounds from what the (..., 1) voice does."""
        base = sounding.gather(-1, own)
        distance = (sounding - base).clamp(-self.reach, self.reach) + self.reach
        unknown = (sounding == self.none) | (base == self.none)
        distance = torch.where(unknown, 2 * self.reach + 1, distance)
        return own * (2 * self.reach + 2) + distance

    def _strikes(self, tokens: Tensor, voice: Tensor) -> Tensor:
        """Return whether tokens begin a value in a voice that marks onsets."""
        return self.marks[voice] & (tokens > self.starts[voice] + HOLD)

    def _next_bar(self, bar: Tensor, voice: Tensor, position: Tensor) -> Tensor:
        """Return the (R, 3) state of the bar at these positions.

        A bar ends where the position falls; it was as long as its last position says, or, where
        positions are cut off, as it lasted.
        """
        last, since, length = bar.unbind(dim=1)
        begins = position < last
        length = torch.where(begins, torch.maximum(last + 1, since), length)
        since = torch.where(begins, 0, since) + (voice == 0)
        return torch.stack([position, since, length], dim=1)

    def _sounding_after(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each voice sounds after each of (B, T, S) steps, and its age."""
        at = torch.arange(steps.shape[1], device=steps.device)[None, :, None]
        holds = self.marks & (steps == self.starts + HOLD)
        source = torch.where(holds, -1, at).cummax(dim=1).values
        sounding = steps.gather(1, source.clamp(min=0))
        sounding = torch.where(source < 0, self.none, sounding)
        previous = functional.pad(sounding, (0, 0, 1, 0), value=self.none)[:, :-1]
        voice = torch.arange(self.voices, device=steps.device)
        begins = (sounding != previous) | self._strikes(steps, voice)
        began = torch.where(begins, at, -1).cummax(dim=1).values
        return sounding, torch.where(began < 0, 0, (at - began + 1).clamp(max=AGES))

    def _before_each(self, after: Tensor, first: int) -> Tensor:
        """Return the (B, T * S, S) values before each token, from the (B, T, S) after each step.

        `first` is the value before the first step.
        """
        previous = functional.pad(after, (0, 0, 1, 0), value=first)[:, :-1]
        voice = torch.arange(self.voices, device=after.device)
        chosen = voice[None, :] < voice[:, None]  # in this step, before the token of the row
        return torch.where(chosen, after[:, :, None], previous[:, :, None]).flatten(1, 2)


def bar_lengths(positions: Tensor) -> Tensor:
    """Return the length of the latest bar that has ended before each step; 0 before the second.

    Parameters
    ----------
    positions : (B, T) int64, of each step in its bar
    """
    at = torch.arange(positions.shape[1], device=positions.device)
    last = functional.pad(positions, (1, 0))[:, :-1]
    begins = positions < last
    began = torch.where(begins, at, 0).cummax(dim=1).values
    since = at - functional.pad(began, (1, 0))[:, :-1]
    lengths = torch.where(begins, torch.maximum(last + 1, since), 0)
    return lengths.gather(1, began)

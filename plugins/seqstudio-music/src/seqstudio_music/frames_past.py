"""What a model of frames of keys knows of its past: frames before, and what repeats say."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.api import ConfigError
from seqstudio.api.nn import PastInput, PastState
from seqstudio_music.matches import LENGTHS, LONG, MATCHED_STEPS, Matches

OFF, ON, NONE = 0, 1, 2  # a key at a lag; none: the piece had not begun
STATES = 3
SHORTEST_MATCH = 4  # the least lag of a match, in frames, so that what sounds on is none


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesPastConfig:
    """The frames at some lags, and the frame that followed the longest match with the past.

    A frame is a group of ascending tokens; the token after those of all keys ends it.
    """

    part: ClassVar[str] = "music.frames-past"
    keys: int
    tokens_per_key: int = 1  # a key's tokens follow each other
    lags: tuple[int, ...] = (1,)  # frames
    longest: int = 128  # frames that matches reach back

    def __post_init__(self) -> None:
        if not self.lags or min(self.lags) < 1:
            raise ConfigError(f"lags={self.lags}, expected one or more, each at least 1")
        least = max(*self.lags, SHORTEST_MATCH)
        if self.longest < least:
            raise ConfigError(f"longest={self.longest}, expected at least {least}")


class FramesPast(PastInput):
    """Of each key, whether it sounded at each lag and at that of the longest match.

    The latest frames match the past at a lag if as many equal those so long before. After a long
    match what follows is likely again: it has embeddings of its own.
    """

    def __init__(self, config: FramesPastConfig) -> None:
        self.lags, self.longest = list(config.lags), config.longest
        self.keys, self.per_key = config.keys, config.tokens_per_key
        self.matches = Matches(1, config.longest, config.keys)
        self.limits = torch.tensor(MATCHED_STEPS)
        generator = torch.Generator().manual_seed(0)
        # a frame is told from others by the sum of its keys' numbers
        self.numbers = torch.randint(1, 1 << 62, (self.keys,), generator=generator)
        at_lags = (STATES,) * (self.keys * len(self.lags))
        self.sizes = (*at_lags, *(2 * STATES,) * self.keys, LENGTHS)

    def start(self, rows: int, device: torch.device) -> PastState:
        """Return a history without frames."""
        frames = torch.full((rows, self.longest, self.keys), NONE, device=device)
        return frames, *self.matches.start(rows, device)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        """Return the features of the next frame."""
        frames, _, lengths = state
        at_lags = [frames[:, self.longest - lag] for lag in self.lags]
        length, lag = self._longest(lengths)
        rows = torch.arange(len(frames), device=frames.device)
        return self._features(at_lags, frames[rows, self.longest - lag], length)

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        """Return the state after a frame of each row."""
        frames, history, lengths = state
        keys = self._keys(tokens)
        matched = self.matches.advance((history, lengths), self._number(keys))
        return torch.cat([frames[:, 1:], keys[:, None]], dim=1), *matched

    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the features of every frame, without steps."""
        steps, keys = tokens.shape[1], self._keys(tokens)
        padded = functional.pad(keys, (0, 0, self.longest, 0), value=NONE)
        at_lags = [padded[:, self.longest - lag :][:, :steps] for lag in self.lags]
        length, lag = self._longest(self.matches.whole(self._number(keys))[1])
        at = torch.arange(steps, device=tokens.device) + self.longest - lag
        matched = padded.gather(1, at[..., None].expand(-1, -1, self.keys))
        return self._features(at_lags, matched, length)

    def _keys(self, tokens: Tensor) -> Tensor:
        """Return the (..., K) keys of (..., L) groups: ON or OFF."""
        key = torch.div(tokens, self.per_key, rounding_mode="floor")
        ids = torch.where((tokens >= 0) & (key < self.keys), key, self.keys)
        keys = tokens.new_zeros(*tokens.shape[:-1], self.keys + 1).scatter_(-1, ids, ON)
        return keys[..., : self.keys]

    def _number(self, keys: Tensor) -> Tensor:
        """Return the (...) numbers of frames; those of two frames are equal if the frames are."""
        return (keys * self.numbers.to(keys.device)).sum(dim=-1).abs()

    def _longest(self, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the length of the longest match, and its lag: the least one of several."""
        length, at = lengths[..., SHORTEST_MATCH - 1 :].max(dim=-1)
        return length, at + SHORTEST_MATCH

    def _features(self, at_lags: list[Tensor], matched: Tensor, length: Tensor) -> Tensor:
        """Return the (..., F) features."""
        kind = torch.bucketize(length, self.limits.to(length.device), right=True)
        matched = torch.where((length > 0)[..., None], matched, NONE)
        matched = matched + STATES * (kind >= LONG)[..., None]
        return torch.cat([*at_lags, matched, kind[..., None]], dim=-1)

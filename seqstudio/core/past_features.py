"""The built-in inputs that are functions of the past: look-back, and age."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.config import check_positive
from seqstudio.core.past_inputs import PastInput, PastState
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBackConfig:
    """What stood at each of these numbers of steps before, or that nothing did yet.

    Lags of a period, such as a bar, let a model repeat what it cannot count (Waite 2016,
    "Generating long-term structure in songs and stories": the Lookback RNN).
    """

    part: ClassVar[str] = "lookback"
    lags: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.lags or min(self.lags) < 1:
            raise ConfigError(f"lags={self.lags}, expected one or more, each at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeConfig:
    """For how many steps the token has been the same, counted up to `limit`; 0 before the first."""

    part: ClassVar[str] = "age"
    limit: int = 16

    def __post_init__(self) -> None:
        check_positive(self, "limit")


class TokenFeatures:
    """The tokens of a step as integer features, whatever the decoder.

    A flat decoder has one feature, the token; a nested one with slots a feature for each slot; one
    with ascending groups a feature for each token but END: whether the group has it.
    """

    def __init__(self, decoder: Any) -> None:
        self.vocabulary: int = decoder.vocabulary
        self.slots: int | None = getattr(decoder, "slots", None)  # None: a flat decoder
        ascending = self.slots == 0
        self.count = self.vocabulary - 1 if ascending else self.slots or 1
        self.size = 2 if ascending else self.vocabulary

    def __call__(self, tokens: Tensor) -> Tensor:
        """Return (..., F) int64 features of (...) tokens or (..., L) groups."""
        if self.slots is None:
            return tokens[..., None]
        if self.slots:
            return tokens.clamp(min=0)
        ids = torch.where(tokens < 0, self.vocabulary, tokens)
        present = tokens.new_zeros(*tokens.shape[:-1], self.vocabulary + 1)
        return present.scatter_(-1, ids, 1)[..., : self.count]


class LookBack(PastInput):
    """Each feature at each lag; a feature's last value stands for "none yet"."""

    def __init__(self, config: LookBackConfig, tokens: TokenFeatures) -> None:
        self.tokens = tokens
        self.lags, self.longest = list(config.lags), max(config.lags)
        self.sizes = (tokens.size + 1,) * (len(config.lags) * tokens.count)

    def start(self, rows: int, device: torch.device) -> PastState:
        """Return a history of none."""
        shape = (rows, self.longest, self.tokens.count)
        return (torch.full(shape, self.tokens.size, device=device),)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        """Return the features at each lag, the first lag first."""
        return torch.cat([state[0][:, self.longest - lag] for lag in self.lags], dim=1)

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        """Drop the oldest step of the history and append the newest."""
        return (torch.cat([state[0][:, 1:], self.tokens(tokens)[:, None]], dim=1),)

    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the features of every step, by shifts instead of steps."""
        steps, none = tokens.shape[1], self.tokens.size
        padding = (0, 0, self.longest, 0)
        history = functional.pad(self.tokens(tokens), padding, value=none)
        shifted = [history[:, self.longest - lag :][:, :steps] for lag in self.lags]
        return torch.cat(shifted, dim=2)


class Age(PastInput):
    """For how many steps each feature has had its value."""

    def __init__(self, config: AgeConfig, tokens: TokenFeatures) -> None:
        self.tokens, self.limit = tokens, config.limit
        self.sizes = (config.limit + 1,) * tokens.count

    def start(self, rows: int, device: torch.device) -> PastState:
        """Return no value, of age 0."""
        shape = (rows, self.tokens.count)
        return torch.full(shape, -1, device=device), torch.full(shape, 0, device=device)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        """Return the ages."""
        return state[1]

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        """Return the new values, one step older where they are the same as before."""
        last, age = state
        values = self.tokens(tokens)
        return values, torch.where(values == last, (age + 1).clamp(max=self.limit), 1)

    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the ages at every step, from the step of the latest change."""
        values = self.tokens(tokens)
        steps = torch.arange(tokens.shape[1], device=tokens.device)[:, None]
        changed = functional.pad(values[:, 1:] != values[:, :-1], (0, 0, 1, 0), value=True)
        latest = torch.where(changed, steps, 0).cummax(dim=1).values
        ages = (steps - latest + 1).clamp(max=self.limit)
        return functional.pad(ages[:, :-1], (0, 0, 1, 0))

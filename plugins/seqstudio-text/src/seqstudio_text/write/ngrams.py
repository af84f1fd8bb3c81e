"""What a writer reads of its past beside its state: the last characters, as hashed n-grams.

With `past_output` their weights reach the logits directly: an n-gram model and a network trained as
one.

Source: Mikolov et al. 2011, "Strategies for training large scale neural network language models".
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.api import ConfigError
from seqstudio.api.nn import BuildContext, PastInput, PastState

PRIME = 2**31 - 1  # of the hash; products with FACTOR stay below 2**63
FACTOR = 1_000_003


@dataclass(frozen=True, slots=True, kw_only=True)
class NGramsConfig:
    """The last 1 to `order - 1` characters, each number of them with `buckets` weights at most."""

    part: ClassVar[str] = "text.ngrams"
    order: int = 5
    buckets: int = 4096

    def __post_init__(self) -> None:
        if self.order < 2:
            raise ConfigError(f"order={self.order}, expected at least 2")
        if self.buckets < 1:
            raise ConfigError(f"buckets={self.buckets}, expected at least 1")


class HashedNGrams(PastInput):
    """A hash of the last token, of the last two, and so on; tokens before the first count as 0."""

    def __init__(self, config: NGramsConfig, vocabulary: int) -> None:
        self.longest = config.order - 1
        self.sizes = tuple(
            min(config.buckets, (vocabulary + 1) ** length) for length in range(1, self.longest + 1)
        )

    def start(self, rows: int, device: torch.device) -> PastState:
        """Return the history of no tokens."""
        return (torch.zeros(rows, self.longest, dtype=torch.int64, device=device),)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        """Return the features of the next token."""
        return self._hashes(state[0])

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        """Drop the oldest token of the history and append the newest."""
        return (torch.cat([state[0][:, 1:], tokens[:, None] + 1], dim=1),)

    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the features of every token, without steps."""
        padded = functional.pad(tokens + 1, (self.longest, 0))
        return self._hashes(padded.unfold(1, self.longest, 1)[:, :-1])

    def _hashes(self, history: Tensor) -> Tensor:
        """Return (..., N) features of the last N tokens, (..., N), the newest last."""
        key, found = torch.zeros_like(history[..., 0]), []
        for length, size in enumerate(self.sizes, start=1):
            key = (key * FACTOR + history[..., -length]) % PRIME
            found.append(key % size)
        return torch.stack(found, dim=-1)


def build_ngrams(config: NGramsConfig, context: BuildContext) -> HashedNGrams:
    """Build the input that a config describes."""
    return HashedNGrams(config, context.decoder.vocabulary)

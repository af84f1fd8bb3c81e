"""A head that scores whole sequences of tags: a linear-chain conditional random field.

Tag 0 is outside of every span; 1 + 2k begins a span of kind k, and 2 + 2k goes on with it. A tag
that goes on can only follow one of its own kind, in training and in the search alike.

Sources: Lafferty et al. 2001, "Conditional random fields"; over a bidirectional LSTM: Lample et al.
2016, "Neural architectures for named entity recognition".
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from seqstudio.api import ConfigError
from seqstudio.api.nn import BuildContext, Encoded, valid_mask

FORBIDDEN = -1e4


@dataclass(frozen=True, slots=True, kw_only=True)
class CrfConfig:
    """A field over the tags of `kinds` kinds of spans."""

    part: ClassVar[str] = "text.crf"
    kinds: int

    def __post_init__(self) -> None:
        if self.kinds < 1:
            raise ConfigError(f"kinds={self.kinds}, expected at least 1")

    @property
    def tags(self) -> int:
        """How many tags there are."""
        return 1 + 2 * self.kinds


def allowed_pairs(tags: int) -> Tensor:
    """Return (tags + 1, tags) bool: which tag may follow which; the last row is the start."""
    following = torch.arange(tags)
    goes_on = (following > 0) & (following % 2 == 0)
    before = torch.arange(tags + 1)[:, None]
    same_span = (before == following) | (before == following - 1)
    return ~goes_on | (same_span & (before < tags))


class CrfHead(nn.Module):
    """The scores of tags and of their pairs."""

    allowed: Tensor

    def __init__(self, config: CrfConfig, width: int) -> None:
        super().__init__()
        self.output = nn.Linear(width, config.tags)
        self.pairs = nn.Parameter(torch.zeros(config.tags + 1, config.tags))
        self.register_buffer("allowed", allowed_pairs(config.tags), persistent=False)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return (B, T, V) float scores of single tags."""
        scores: Tensor = self.output(encoded.output)
        return scores

    def transitions(self) -> Tensor:
        """Return the (V + 1, V) scores of pairs."""
        return self.pairs.masked_fill(~self.allowed, FORBIDDEN)

    def loss(
        self, encoded: Encoded, targets: Tensor, target_lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Sum minus the log probability of (B, T) tags; count them."""
        scores, pairs = self(encoded), self.transitions()
        inside = valid_mask(target_lengths, targets.shape[1])
        known = targets.masked_fill(~inside, 0)
        single = scores.gather(2, known[:, :, None])[:, :, 0]
        before = torch.cat([torch.full_like(known[:, :1], len(pairs) - 1), known[:, :-1]], dim=1)
        total = ((single + pairs[before, known]) * inside).sum()
        return self.log_partition(scores, inside).sum() - total, target_lengths.sum()

    def log_partition(self, scores: Tensor, inside: Tensor) -> Tensor:
        """Return the (B,) log of the sum over all sequences of tags."""
        pairs = self.transitions()
        sums = scores[:, 0] + pairs[-1]
        for step in range(1, scores.shape[1]):
            moved = torch.logsumexp(sums[:, :, None] + pairs[:-1], dim=1) + scores[:, step]
            sums = torch.where(inside[:, step, None], moved, sums)
        return torch.logsumexp(sums, dim=1)

    def best(self, encoded: Encoded, *, outside: float = 0.0) -> list[list[int]]:
        """Return the likeliest tags of each item (Viterbi 1967).

        The score of tag 0 is lowered by `outside`: F1 is highest where more spans are found than
        the likeliest tags have.
        """
        scores, pairs = self(encoded).clone(), self.transitions()
        scores[:, :, 0] -= outside
        return [
            _best_path(row[:length], pairs)
            for row, length in zip(scores, encoded.lengths.tolist(), strict=True)
        ]


def _best_path(scores: Tensor, pairs: Tensor) -> list[int]:
    sums, origins = scores[0] + pairs[-1], []
    for step in scores[1:]:
        sums, origin = (sums[:, None] + pairs[:-1]).max(dim=0)
        sums = sums + step
        origins.append(origin.tolist())
    path = [int(sums.argmax())]
    for origin in reversed(origins):
        path.append(origin[path[-1]])
    return path[::-1]


def build_crf(config: CrfConfig, context: BuildContext) -> CrfHead:
    """Build the head that a config describes."""
    return CrfHead(config, context.encoder.width)

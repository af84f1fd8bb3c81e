"""Small models for the beam search, with every continuation to compare with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis
from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.parts import Part, default_parts
from seqstudio.services.beam_search import beam_search

END = 3  # of the flat vocabulary 0 to 3
LONGEST = 4


class EndToken:
    """Ends each hypothesis after the token END; a mask may forbid other tokens."""

    def __init__(self, mask: Tensor | None = None, *, end: int = END) -> None:
        self.mask = mask
        self.end = end

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        return self.mask

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return bool(tokens) and tokens[-1] == self.end


class TwoGroups:
    """Ends after two groups, which end in the token 3."""

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return tokens.count(3) == 2


def with_large_weights(
    config: ModelConfig, parts: Mapping[str, Part] | None = None
) -> SequenceModel:
    """Build a model with weights so large that its tokens vary."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build(config, parts).eval()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=2 / parameter.shape[-1] ** 0.5)
    return model


def flat() -> SequenceModel:
    decoder = DecoderConfig(vocabulary=4, dimension=6, hidden=8, layers=2)
    return with_large_weights(ModelConfig(decoder=decoder))


def nested() -> SequenceModel:
    decoder = NestedConfig(vocabulary=4, hidden=8, inner_hidden=8)
    return with_large_weights(ModelConfig(decoder=decoder))


def encoder_decoder() -> SequenceModel:
    return with_large_weights(
        ModelConfig(
            source=TokensConfig(vocabulary=9, dimension=5),
            encoder=EncoderConfig(hidden=6, layers=1),
            bridge=FinalStateConfig(),
            attention=AdditiveConfig(dimension=5),
            decoder=DecoderConfig(vocabulary=4, dimension=6, hidden=8, layers=1),
        )
    )


@torch.no_grad()
def encode(model: SequenceModel) -> Encoded:
    """Encode two sources of different lengths."""
    return model.encode(torch.tensor([[1, 5, 8], [7, 2, 0]]), torch.tensor([3, 2]))


def score_of(log_prob: float, tokens: Sequence[int], alpha: float = 0.6) -> float:
    return float(log_prob / ((5 + len(tokens)) / 6) ** alpha)


def finished_sequences(longest: int) -> Iterator[tuple[int, ...]]:
    """Yield every continuation of at most `longest` tokens that ends in END, and has none before.

    >>> len(list(finished_sequences(3)))
    13
    """
    unfinished: list[tuple[int, ...]] = [()]
    for _ in range(longest):
        yield from ((*tokens, END) for tokens in unfinished)
        unfinished = [(*tokens, token) for tokens in unfinished for token in range(END)]


@torch.no_grad()
def brute_force(
    model: SequenceModel, prompt: Sequence[int], encoded: Encoded | None = None
) -> list[BeamHypothesis]:
    """Score every finished continuation by teacher forcing, best first."""
    found = []
    for tokens in finished_sequences(LONGEST):
        whole = torch.tensor([[*prompt, *tokens]])
        log_probs = model.log_probs(whole, torch.tensor([whole.shape[1]]), encoded=encoded)
        log_prob = float(log_probs[0, len(prompt) :].double().sum())
        found.append(BeamHypothesis(tokens, log_prob, score_of(log_prob, tokens), finished=True))
    return sorted(found, key=lambda one: -one.score)


def assert_same(found: list[BeamHypothesis], expected: list[BeamHypothesis]) -> None:
    assert [one.tokens for one in found] == [one.tokens for one in expected]
    assert [one.log_prob for one in found] == pytest.approx(
        [one.log_prob for one in expected], abs=1e-4
    )
    assert [one.score for one in found] == pytest.approx([one.score for one in expected], abs=1e-4)


EVERY = BeamConfig(beam=4**LONGEST, best=4**LONGEST, maximum=LONGEST)


@dataclass(frozen=True, kw_only=True)
class BigramConfig:
    """A decoder from a plugin: the probability of each token given the one before it."""

    part: ClassVar[str] = "test.bigram"
    rows: tuple[tuple[float, ...], ...]  # the last row is for the first token


class BigramState(NamedTuple):
    """What the protocol asks of a state: rows can be selected."""

    previous: Tensor

    def select(self, rows: Tensor) -> "BigramState":
        return BigramState(self.previous[rows])


class Bigram(nn.Module):
    """Implements `start` and `step`, and nothing that the beam search knows of."""

    def __init__(self, config: BigramConfig) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.tensor(config.rows, dtype=torch.float64).log())

    def start(self, rows: int, **inputs: Any) -> tuple[Tensor, BigramState]:
        return self.step(torch.full((rows,), len(self.table) - 1), BigramState(torch.zeros(rows)))

    def step(self, tokens: Tensor, state: BigramState) -> tuple[Tensor, BigramState]:
        return self.table[tokens], BigramState(tokens)


def bigram(*rows: tuple[float, ...]) -> SequenceModel:
    part = Part(BigramConfig, lambda config, context: Bigram(config))
    config: PartConfig = BigramConfig(rows=rows)
    return build(ModelConfig(decoder=config), {**default_parts(), "test.bigram": part}).eval()


def trap() -> SequenceModel:
    """The best first token, 0, leads to no good second one; the token 1 does."""
    return bigram((0.3, 0.3, 0.4), (0.05, 0.05, 0.9), (0, 0, 1), (0.55, 0.45, 0))


def search(model: SequenceModel, config: BeamConfig, **more: Any) -> list[BeamHypothesis]:
    return beam_search(model, [[]], EndToken(end=2), config, **more)[0]

from collections.abc import Sequence
from math import log
from typing import Any, NamedTuple

import pytest
import torch
from beam_models import END, LONGEST, EndToken, finished_sequences, flat, search, trap
from torch import Tensor
from torch.nn import functional

from seqstudio.contracts.beam_search import BeamConfig
from seqstudio.core.ctc_prefix import CTCPrefixScorer
from seqstudio.errors import ConfigError, ModelError
from seqstudio.services.beam_search import beam_search


class Bigrams:
    """A scorer whose state is the prefixes themselves, to see that it fits its rows."""

    def __init__(self, table: Sequence[Sequence[float]], *, prompts: int = 1) -> None:
        self.table = torch.tensor(table).log()
        self.prompts = prompts
        self.calls = 0

    def score(self, prefixes: Sequence[Sequence[int]], state: Any) -> tuple[Tensor, Any]:
        assert (state is None) == (self.calls == 0)
        if state is None:
            assert prefixes == [[]] * self.prompts
        else:
            assert [list(prefix[:-1]) for prefix in prefixes] == state.prefixes
        self.calls += 1
        previous = [prefix[-1] if prefix else len(self.table) - 1 for prefix in prefixes]
        return self.table[previous], Prefixes([list(prefix) for prefix in prefixes])


class Prefixes(NamedTuple):
    prefixes: list[list[int]]

    def select(self, rows: Tensor) -> "Prefixes":
        return Prefixes([self.prefixes[row] for row in rows.tolist()])


def test_a_scorer_adds_its_log_probabilities_by_weight() -> None:
    flat_scorer = [[1 / 3] * 3] * 3
    for weight, tokens in ((0.0, (1, 2)), (0.2, (1, 2)), (1.0, (0, 2))):
        scorer = Bigrams([*flat_scorer, [0.8, 0.1, 0.1]])
        config = BeamConfig(beam=3, alpha=0)
        (found,) = search(trap(), config, scorers=[(scorer, weight)])
        assert found.tokens == tokens
        decoder = 0.45 * 0.9 if tokens == (1, 2) else 0.55 * 0.4
        scored = (0.1 if tokens == (1, 2) else 0.8) / 3
        assert found.log_prob == pytest.approx(log(decoder))
        assert found.score == pytest.approx(log(decoder) + weight * log(scored), abs=1e-6)


@pytest.mark.parametrize(
    "prompts", [[[], [1, 2], [0]], [[2, 0, 1], [1, 2]], [[END], [], [1, END], [0]]]
)
def test_the_state_of_a_scorer_follows_its_hypotheses(prompts: list[list[int]]) -> None:
    table = torch.rand(5, 4, generator=torch.Generator().manual_seed(3)).tolist()
    scorer = Bigrams(table, prompts=len(prompts))
    config = BeamConfig(beam=7, best=7, maximum=9)
    beam_search(flat(), prompts, EndToken(), config, scorers=[(scorer, 0.5)])
    assert scorer.calls > 5


@pytest.mark.parametrize("weight", [0.3, 2.0])
def test_joint_decoding_with_ctc_equals_brute_force(weight: float) -> None:
    """Labels are 1 to 3; 0 is the blank of CTC and the end of the decoder's sequences."""
    model = flat()
    generator = torch.Generator().manual_seed(1)
    frames = torch.randn(2, 5, 4, generator=generator).mul(2).log_softmax(dim=2)
    lengths = torch.tensor([5, 4])
    scorers = [(CTCPrefixScorer(frames, lengths), weight)]
    config = BeamConfig(beam=4**LONGEST, best=4**LONGEST, alpha=0, maximum=LONGEST)
    found = beam_search(model, [[], []], EndToken(end=0), config, scorers=scorers)
    for item, hypotheses in enumerate(found):
        expected = {}
        for labels in (one[:-1] for one in finished_sequences(LONGEST)):
            tokens = torch.tensor([[*(label + 1 for label in labels), 0]])
            size = torch.tensor([len(labels)])
            with torch.no_grad():
                decoder = model.log_probs(tokens, size + 1).double().sum()
            own = frames[item, :, None].double()
            ctc = functional.ctc_loss(
                own, tokens[:, :-1], lengths[item, None], size, reduction="sum"
            )
            expected[tuple(tokens[0].tolist())] = float(decoder - weight * ctc)
        scores = {one.tokens: one.score for one in hypotheses if one.finished}
        possible = {tokens: score for tokens, score in expected.items() if score > -torch.inf}
        assert scores == pytest.approx(possible, abs=1e-4)
        assert len(possible) > 20


class Constant:
    """A scorer that returns what it was given."""

    def __init__(self, scores: Tensor) -> None:
        self.scores = scores

    def score(self, prefixes: Sequence[Sequence[int]], state: Any) -> tuple[Tensor, Any]:
        return self.scores, None


def test_a_scorer_with_impossible_scores_is_named() -> None:
    good = Constant(torch.zeros(1, 3))
    for scores, message in (
        (torch.zeros(1, 2), r"^scorer 1: shape \(1, 2\), expected \(1, 3\)$"),
        (torch.full((1, 3), 0.5), r"^scorer 1: log-probability 0.5, expected at most 0$"),
        (torch.full((1, 3), torch.nan), r"^scorer 1: log-probability nan, expected at most 0$"),
    ):
        with pytest.raises(ModelError, match=message):
            search(trap(), BeamConfig(), scorers=[(good, 1.0), (Constant(scores), 1.0)])
    with pytest.raises(ConfigError, match=r"^weight of scorer 0: -1, expected 0 or more$"):
        search(trap(), BeamConfig(), scorers=[(good, -1)])

from collections.abc import Callable, Sequence
from math import exp, log
from typing import Any

import pytest
import torch
from beam_models import (
    END,
    EVERY,
    LONGEST,
    EndToken,
    TwoGroups,
    assert_same,
    bigram,
    brute_force,
    encode,
    encoder_decoder,
    flat,
    nested,
    score_of,
    search,
    trap,
)

from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis
from seqstudio.contracts.job import LoadedModel, SamplingConfig, TakeSeed
from seqstudio.contracts.task import Preparation
from seqstudio.core.model import SequenceModel
from seqstudio.errors import ConfigError, ModelError
from seqstudio.services.beam_search import beam_search
from seqstudio.services.bundles import LoadedBundle
from seqstudio.services.sampling import sample


def test_a_beam_as_wide_as_the_space_equals_brute_force() -> None:
    model = flat()
    prompts = [[], [2], [0, 1, 1]]
    found = beam_search(model, prompts, EndToken(), EVERY)
    for prompt, hypotheses in zip(prompts, found, strict=True):
        finished = [one for one in hypotheses if one.finished]
        assert_same(finished, brute_force(model, prompt))
        assert hypotheses[: len(finished)] == finished
        assert [len(one.tokens) for one in hypotheses[len(finished) :]] == [LONGEST] * 3**LONGEST


def test_each_prompt_is_searched_with_the_source_that_it_names() -> None:
    model = encoder_decoder()
    encoded = encode(model)
    items = [1, 0, 1]
    found = beam_search(model, [[], [], [2]], EndToken(), EVERY, encoded=encoded, items=items)
    for item, prompt, hypotheses in zip(items, ([], [], [2]), found, strict=True):
        expected = brute_force(model, prompt, encoded.select(torch.tensor([item])))
        assert_same([one for one in hypotheses if one.finished], expected)
    assert found[0] != found[1]


@torch.no_grad()
def test_a_nested_decoder_is_searched_exactly() -> None:
    model = nested()
    groups = [[a for a in range(3) if bits >> a & 1] for bits in range(8)]
    expected = []
    for first in groups:
        for second in groups:
            padded = [[*group, 3, *[-1] * (3 - len(group))] for group in (first, second)]
            log_probs = model.log_probs(torch.tensor([padded]), torch.tensor([2]))
            tokens = (*first, 3, *second, 3)
            log_prob = float(log_probs.double().sum())
            score = score_of(log_prob, tokens)
            expected.append(BeamHypothesis(tokens, log_prob, score, finished=True))
    expected.sort(key=lambda one: -one.score)
    assert sum(exp(one.log_prob) for one in expected) == pytest.approx(1.0, abs=1e-5)
    config = BeamConfig(beam=64, best=64)
    assert_same(beam_search(model, [[]], TwoGroups(), config)[0], expected)


@pytest.mark.parametrize("build_model", [flat, encoder_decoder, nested])
def test_a_beam_of_one_is_greedy(build_model: Callable[[], SequenceModel]) -> None:
    model = build_model()
    encoded = None if model.encoder is None else encode(model)
    prompts = [[], [1]]
    greedy: list[list[int]] = [[], []]
    takes = [TakeSeed(1, 0), TakeSeed(2, 0)]

    class FiveTokens(EndToken):
        def finished(self, row: int, tokens: Sequence[int]) -> bool:
            return len(tokens) >= 5

    for row, token in sample(
        model, prompts, takes, FiveTokens(), SamplingConfig(temperature=0), encoded=encoded
    ):
        greedy[row].append(token)
    found = beam_search(model, prompts, FiveTokens(), BeamConfig(beam=1), encoded=encoded)
    assert [list(one.tokens) for (one,) in found] == greedy


@pytest.mark.parametrize("beam", [1, 2, 3, 8, 32])
def test_no_beam_finds_a_better_score_than_one_as_wide_as_the_space(beam: int) -> None:
    model = encoder_decoder()
    config = BeamConfig(beam=beam, maximum=LONGEST)
    inputs: Any = {"encoded": encode(model)}
    narrow = beam_search(model, [[], []], EndToken(), config, **inputs)
    widest = beam_search(model, [[], []], EndToken(), EVERY, **inputs)
    for (found,), (best, *_) in zip(narrow, widest, strict=True):
        assert (found.finished, found.score) <= (best.finished, best.score + 1e-9)


def test_a_hypothesis_does_not_depend_on_the_other_prompts() -> None:
    model = flat()
    config = BeamConfig(beam=3, best=3, maximum=9)
    prompts = [[0], [], [1, 2, 0], [END]]
    together = beam_search(model, prompts, EndToken(), config)
    for prompt, found in zip(prompts, together, strict=True):
        assert beam_search(model, [prompt], EndToken(), config) == [found]


def test_a_loaded_model_encodes_samples_and_searches() -> None:
    module = encoder_decoder()
    preparation = Preparation(settings=None, model=module.config)
    given: Any = {"name": "n", "task": "t", "sha256": "", "device": "cpu", "settings": None}
    loaded: LoadedModel = LoadedBundle(module=module, preparation=preparation, **given)
    encoded = loaded.encode(torch.tensor([[1, 5, 8], [7, 2, 0]]), torch.tensor([3, 2]))
    assert torch.equal(encoded.output, encode(module).output)
    inputs: Any = {"encoded": encoded, "items": [1, 0]}
    config = BeamConfig(beam=3, maximum=5)
    found = loaded.beam_search([[], []], EndToken(), config, **inputs)
    assert found == beam_search(module, [[], []], EndToken(), config, **inputs)
    arguments: Any = ([[], []], [TakeSeed(1, 3), TakeSeed(2, 4)], EndToken(), SamplingConfig())
    tokens = list(loaded.sample(*arguments, **inputs))
    assert tokens == list(sample(module, *arguments, **inputs))


def test_a_decoder_from_a_plugin_is_searched_and_two_hypotheses_avoid_a_trap() -> None:
    (greedy,) = search(trap(), BeamConfig(beam=1))
    assert greedy.tokens == (0, 2)
    assert greedy.log_prob == pytest.approx(log(0.55 * 0.4))
    (best,) = search(trap(), BeamConfig(beam=2))
    assert best.tokens == (1, 2)
    assert best.log_prob == pytest.approx(log(0.45 * 0.9))
    assert best.score == pytest.approx(log(0.45 * 0.9) / (7 / 6) ** 0.6)


def test_alpha_decides_between_short_and_long() -> None:
    """The short one is likelier, the long one is likelier per token."""
    model = bigram((0, 1, 0), (0, 0, 1), (0, 0, 1), (0.5, 0, 0.5))
    assert search(model, BeamConfig(alpha=0))[0].tokens == (2,)
    assert search(model, BeamConfig(alpha=1))[0].tokens == (0, 1, 2)
    short, long = search(model, BeamConfig(alpha=1, best=2))[::-1]
    assert (short.tokens, long.tokens) == ((2,), (0, 1, 2))
    assert short.score == pytest.approx(log(0.5))
    assert long.score == pytest.approx(log(0.5) * 6 / 8)


def test_a_hypothesis_finishes_only_among_the_best_of_the_beam() -> None:
    """At the second token (1, 2) is the third of all, so a beam of 2 drops it."""
    model = bigram((0.4, 0, 0.6), (0, 0.45, 0.55), (0, 0, 1), (0.6, 0.4, 0))
    for beam, second in ((2, (0, 0, 2)), (3, (1, 2))):
        found = search(model, BeamConfig(beam=beam, best=2, alpha=0))
        assert [one.tokens for one in found] == [(0, 2), second]


def test_a_finished_hypothesis_leaves_its_place_to_the_next() -> None:
    model = bigram((0.5, 0.5, 0), (0, 0, 1), (0, 0, 1), (0.35, 0.25, 0.4))
    found = search(model, BeamConfig(beam=2, best=2, alpha=0))
    assert [one.tokens for one in found] == [(2,), (1, 2)]


def test_equal_scores_are_in_order_of_prefix_and_token() -> None:
    quarter = (0.25, 0.25, 0.5)
    found = search(bigram(quarter, quarter, quarter, (0.5, 0.5, 0)), BeamConfig(beam=2, best=2))
    assert [one.tokens for one in found] == [(0, 2), (1, 2)]
    assert found[0].score == found[1].score
    even = (0.5, 0.5, 0)
    found = search(bigram(even, even, even, even), BeamConfig(beam=3, best=3, maximum=2))
    assert [one.tokens for one in found] == [(0, 0), (0, 1), (1, 0)]


def test_a_hypothesis_shorter_than_the_minimum_does_not_finish() -> None:
    for minimum, length in ((0, 2), (2, 2), (3, 3), (5, 5)):
        (found,) = search(trap(), BeamConfig(beam=2, alpha=0, minimum=minimum))
        assert len(found.tokens) == length
        assert found.finished


def test_a_hypothesis_as_long_as_the_maximum_ends_after_all_finished_ones() -> None:
    model = bigram((0.9, 0, 0.1), (0, 1, 0), (0, 0, 1), (1, 0, 0))
    found = search(model, BeamConfig(beam=4, best=4, alpha=0, maximum=3))
    assert [(one.tokens, one.finished) for one in found] == [
        ((0, 2), True),
        ((0, 0, 2), True),
        ((0, 0, 0), False),
    ]
    assert found[2].log_prob == pytest.approx(log(0.81))


def test_what_a_guide_forbids_leaves_the_other_probabilities_unchanged() -> None:
    mask = torch.tensor([True, False, True])
    (found,) = beam_search(trap(), [[]], EndToken(mask, end=2), BeamConfig(alpha=0))[0]
    assert found.tokens == (0, 2)
    assert found.score == pytest.approx(log(0.55 * 0.4))


def test_a_prompt_may_be_finished_and_there_may_be_none() -> None:
    found = beam_search(trap(), [[1, 2], [0]], EndToken(end=2), BeamConfig())
    assert found[0] == [BeamHypothesis((), 0.0, 0.0, finished=True)]
    assert found[1][0].tokens == (2,)
    assert beam_search(trap(), [], EndToken(), BeamConfig()) == []


@torch.no_grad()
def test_coverage_counts_the_attention_to_each_frame() -> None:
    model = encoder_decoder()
    encoded = encode(model)
    config = BeamConfig(beam=5, best=5, alpha=0, coverage=0.7, maximum=4)
    prompts = [[1], [0, 1, 2]]
    results = beam_search(model, prompts, EndToken(), config, encoded=encoded)
    for item, (prompt, found) in enumerate(zip(prompts, results, strict=True)):
        for one in found:
            _, state = model.start(1, encoded=encoded.select(torch.tensor([item])))
            for token in prompt:
                _, state = model.step(torch.tensor([token]), state)
            attention = state.weights
            for token in one.tokens[:-1]:
                _, state = model.step(torch.tensor([token]), state)
                attention = attention + state.weights
            covered = attention[0, : int(encoded.lengths[item])].clamp(max=1).log().sum()
            assert one.score == pytest.approx(one.log_prob + 0.7 * float(covered), abs=1e-4)


def test_a_check_comes_before_each_token_and_can_end_the_search() -> None:
    class StoppedError(Exception):
        """Raised by the third check."""

    calls: list[int] = []

    def check() -> None:
        calls.append(len(calls))
        if len(calls) == 3:
            raise StoppedError

    config = BeamConfig(maximum=9, minimum=9)
    with pytest.raises(StoppedError):
        beam_search(trap(), [[]], EndToken(end=5), config, check=check)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_logit_that_is_no_number_is_an_error(value: float) -> None:
    model = flat()
    with torch.no_grad():
        model.decoder.output.bias[1] = value
    with pytest.raises(ModelError, match=f"^the model returns the logit {value}, expected a fin"):
        beam_search(model, [[]], EndToken(), BeamConfig())


def test_a_guide_that_allows_no_token_is_an_error() -> None:
    guide = EndToken(torch.zeros(4, dtype=torch.bool))
    with pytest.raises(ModelError, match=r"^prompt 1, token 2: no token is allowed, expected one$"):
        beam_search(flat(), [[END], [0, 1]], guide, BeamConfig())


def test_a_prompt_that_the_model_cannot_have_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"^prompt 0, token 1: 4 in the prompt, expected 0 to 3$"):
        beam_search(flat(), [[0, 4]], EndToken(), BeamConfig())
    with pytest.raises(ModelError, match=r"^prompt 0, token 1: 0 in the prompt is not allowed her"):
        beam_search(nested(), [[1, 0]], EndToken(), BeamConfig())


def test_items_that_do_not_fit_are_an_error() -> None:
    model = encoder_decoder()
    encoded = encode(model)
    for items, message in (
        ([0], r"^1 items for 2 prompts, expected as many$"),
        ([0, 2], r"^items=\[0, 2\], expected 0 to 1, as many as are encoded$"),
    ):
        with pytest.raises(ConfigError, match=message):
            beam_search(model, [[], []], EndToken(), BeamConfig(), encoded=encoded, items=items)


def test_coverage_of_a_decoder_without_attention_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^coverage=0.1, expected 0: this decoder has no atten"):
        beam_search(flat(), [[]], EndToken(), BeamConfig(coverage=0.1))


@pytest.mark.parametrize(
    ("field", "value"),
    [("beam", 0), ("best", 0), ("maximum", 0), ("alpha", -0.1), ("coverage", -1.0)],
)
def test_a_bad_setting_is_named_with_its_value(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^{field}={value}, expected "):
        BeamConfig(**{field: value})


def test_a_minimum_above_the_maximum_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^minimum=9, expected 0 to 8, the maximum$"):
        BeamConfig(minimum=9, maximum=8)

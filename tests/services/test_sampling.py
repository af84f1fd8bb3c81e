from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seqstudio.contracts.beam_search import BeamConfig
from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.job import Guide, SamplingConfig, TakeSeed
from seqstudio.core.bridges import FinalStateConfig, LatentConfig
from seqstudio.core.cells import Cell
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.errors import ConfigError, ModelError
from seqstudio.services.beam_search import beam_search
from seqstudio.services.sampling import sample

VOCABULARY = 23


class FixedLengths:
    """A guide that ends each row after its own number of tokens, with optional masks."""

    def __init__(self, lengths: Sequence[int], masks: Sequence[Tensor] = ()) -> None:
        self.lengths = lengths
        self.masks = masks

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        return self.masks[len(tokens) % len(self.masks)] if self.masks else None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= self.lengths[row]


def flat(hidden: int, *, cell: Cell = "lstm", covariates: tuple[int, ...] = ()) -> ModelConfig:
    decoder = DecoderConfig(
        vocabulary=VOCABULARY, dimension=32, cell=cell, hidden=hidden, covariates=covariates
    )
    return ModelConfig(decoder=decoder)


def nested(hidden: int, *, covariates: tuple[int, ...] = ()) -> ModelConfig:
    decoder = NestedConfig(
        vocabulary=VOCABULARY, hidden=hidden, inner_hidden=hidden, covariates=covariates
    )
    return ModelConfig(decoder=decoder)


def build_model(config: ModelConfig, *, seed: int = 0) -> SequenceModel:
    """Build a model with weights so large that its tokens vary."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build(config).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=3 / parameter.shape[-1] ** 0.5)
    return model


def sample_rows(
    model: SequenceModel,
    prompts: Sequence[Sequence[int]],
    takes: Sequence[TakeSeed],
    lengths: Sequence[int],
    config: SamplingConfig,
    *,
    covariates: Tensor | None = None,
    guide: Guide | None = None,
) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in takes]
    guide = guide or FixedLengths(lengths)
    for row, token in sample(model, prompts, takes, guide, config, covariates=covariates):
        rows[row].append(token)
    return rows


TAKES = [TakeSeed(number, seed=stable_seed("takes", number)) for number in range(1, 17)]
PROMPTS = [[number % 5, 5 + number % 7, 22][: number % 4] for number in range(16)]
LENGTHS = [12 + 3 * (number % 6) for number in range(16)]
CONFIG = SamplingConfig(temperature=1.1, top_p=0.98)


@pytest.mark.parametrize("kind", [flat, nested])
@pytest.mark.parametrize("hidden", [64, 320])
@pytest.mark.parametrize("int8", [False, True])
def test_a_take_does_not_depend_on_the_others_in_the_batch(
    kind: Callable[[int], ModelConfig], hidden: int, *, int8: bool
) -> None:
    model, config = build_model(kind(hidden)), replace(CONFIG, int8=int8)
    together = sample_rows(model, PROMPTS, TAKES, LENGTHS, config)
    for some in ([6], [0], [1, 6], [3, 4, 5, 6, 7], [6, 5, 4, 3, 2, 1, 0]):
        part = sample_rows(
            model,
            [PROMPTS[row] for row in some],
            [TAKES[row] for row in some],
            [LENGTHS[row] for row in some],
            config,
        )
        assert part == [together[row] for row in some]
    assert len({tuple(row[:9]) for row in together}) == 16
    assert [len(row) for row in together] == [
        end - len(prompt) for end, prompt in zip(LENGTHS, PROMPTS, strict=True)
    ]


def test_eight_bit_weights_are_those_that_steps_use() -> None:
    model = build_model(flat(64))
    exact = sample_rows(model, PROMPTS, TAKES, LENGTHS, CONFIG)
    rounded = sample_rows(model, PROMPTS, TAKES, LENGTHS, replace(CONFIG, int8=True))

    assert rounded != exact
    assert [row[0] for row in rounded] == [row[0] for row in exact]  # the weights are close


@pytest.mark.parametrize("kind", [flat, nested])
@pytest.mark.parametrize("hidden", [64, 200, 512])
def test_a_row_has_the_same_bits_in_every_batch_size(
    kind: Callable[[int], ModelConfig], hidden: int
) -> None:
    model = build_model(kind(hidden))
    some = [6, 0, 15, 3, 9, 4, 2]
    random = np.random.default_rng(hidden)
    with torch.inference_mode():
        wide, wide_state = model.start(16)
        for rows in (some[:1], some[:2], some[:4], some):
            logits, state = model.start(len(rows))
            for _ in range(12):
                assert torch.equal(logits, wide[rows])
                legal = [np.flatnonzero(row > -torch.inf) for row in wide.numpy()]
                tokens = torch.tensor([int(random.choice(places)) for places in legal])
                wide, wide_state = model.step(tokens, wide_state)
                logits, state = model.step(tokens[rows], state)
            wide, wide_state = model.start(16)


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
def test_a_take_that_continues_the_tokens_of_another_repeats_it(cell: Cell) -> None:
    model = build_model(flat(24, cell=cell))
    whole = sample_rows(model, [[]], TAKES[:1], [30], CONFIG)[0]
    later = sample_rows(model, [whole[:11]], TAKES[:1], [30], CONFIG)[0]
    assert whole[:11] + later == whole


def test_equal_seeds_give_equal_tokens() -> None:
    takes = [TakeSeed(1, 5), TakeSeed(2, 5), TakeSeed(3, 6)]
    first, second, third = sample_rows(build_model(flat(24)), [[]] * 3, takes, [20] * 3, CONFIG)
    assert first == second != third


def test_temperature_zero_chooses_the_most_likely_token() -> None:
    model = build_model(flat(24))
    config = SamplingConfig(temperature=0)
    one, two = sample_rows(model, [[3], [3]], TAKES[:2], [15, 15], config)
    assert one == two
    tokens = torch.tensor([[3, *one]])
    logits = model.decode(tokens, torch.tensor([15]))
    assert logits[0, 1:].argmax(dim=-1).tolist() == one


def test_tokens_follow_the_distribution_of_the_model() -> None:
    model = build_model(flat(8))
    takes = [TakeSeed(number, seed=number) for number in range(4000)]
    first = [
        row[0] for row in sample_rows(model, [[7]] * 4000, takes, [2] * 4000, SamplingConfig())
    ]
    with torch.no_grad():
        logits = model.decode(torch.tensor([[7, 0]]), torch.tensor([2]))
    expected = logits[0, 1].softmax(dim=0) * 4000
    found = torch.bincount(torch.tensor(first), minlength=VOCABULARY)
    chi_square = ((found - expected) ** 2 / expected).sum()
    assert float(chi_square) < 60  # 22 degrees of freedom: exceeded once in 50,000 seeds


def test_tokens_are_yielded_by_position_then_by_row() -> None:
    prompts = [[1, 2], [], [3]]
    guide = FixedLengths([4, 2, 3])
    order = [
        row for row, _ in sample(build_model(flat(16)), prompts, TAKES[:3], guide, SamplingConfig())
    ]
    assert order == [1, 1, 2, 0, 2, 0]


def test_a_guide_masks_tokens_and_ends_a_finished_prompt() -> None:
    even = torch.arange(VOCABULARY) % 2 == 0
    model = build_model(flat(16))
    guide = FixedLengths([20, 2, 0], masks=[even, ~even])
    rows = sample_rows(model, [[], [1, 2], []], TAKES[:3], [], SamplingConfig(), guide=guide)
    assert [token % 2 for token in rows[0]] == [0, 1] * 10
    assert rows[1:] == [[], []]


class Held(FixedLengths):
    """Token 0 is a group of its own."""

    def group(self, row: int, tokens: Sequence[int]) -> torch.Tensor:
        return torch.arange(VOCABULARY) == 0


def test_filters_keep_the_odds_of_a_guides_group() -> None:
    model = build_model(flat(16))
    takes = [TakeSeed(number, number) for number in range(400)]
    logits, _ = model.start(1)
    share = float(logits.softmax(dim=-1)[0, 0])
    config = SamplingConfig(temperature=1e-4)
    first = [token for _, token in sample(model, [()] * 400, takes, Held([1] * 400), config)]

    assert first.count(0) / 400 == pytest.approx(share, abs=0.07)
    assert len(set(first)) == 2


def test_covariates_of_each_row_agree_with_teacher_forcing() -> None:
    model = build_model(flat(16, covariates=(4, 3)))
    covariates = torch.randint(0, 3, (3, 9, 2), generator=torch.Generator().manual_seed(1))
    rows = sample_rows(
        model, [[]] * 3, TAKES[:3], [9, 6, 8], SamplingConfig(temperature=0), covariates=covariates
    )
    for row, own in zip(rows, covariates, strict=True):
        tokens = torch.tensor([row])
        logits = model.decode(tokens, torch.tensor([len(row)]), covariates=own[None])
        assert logits[0].argmax(dim=-1).tolist() == row


def test_each_row_decodes_from_its_own_encoder_output() -> None:
    config = ModelConfig(
        source=TokensConfig(vocabulary=9),
        encoder=EncoderConfig(hidden=16, layers=1),
        bridge=FinalStateConfig(),
        decoder=DecoderConfig(vocabulary=VOCABULARY, hidden=16, layers=1),
    )
    model = build_model(config)
    inputs = torch.tensor([[1, 2, 3], [4, 5, 0], [8, 7, 6]])
    greedy = SamplingConfig(temperature=0)
    with torch.no_grad():
        encoded = model.encode(inputs, torch.tensor([3, 2, 3]))
    rows: list[list[int]] = [[], [], []]
    guide = FixedLengths([6, 4, 6])
    for row, token in sample(model, [[]] * 3, TAKES[:3], guide, greedy, encoded=encoded):
        rows[row].append(token)
    assert len({tuple(row[:4]) for row in rows}) == 3
    logits = model.decode(
        torch.tensor([rows[2]]),
        torch.tensor([6]),
        encoded=model.encode(inputs[2:], torch.tensor([3])),
    )
    assert logits[0].argmax(dim=-1).tolist() == rows[2]


def encoder_decoder(bridge: PartConfig) -> SequenceModel:
    config = ModelConfig(
        source=TokensConfig(vocabulary=9),
        encoder=EncoderConfig(hidden=16, layers=1),
        bridge=bridge,
        decoder=DecoderConfig(vocabulary=VOCABULARY, hidden=16, layers=1),
    )
    return build_model(config)


@torch.no_grad()
def test_takes_that_name_one_source_share_its_encoding() -> None:
    model = encoder_decoder(FinalStateConfig())
    encoded = model.encode(torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([3, 2]))
    items = [1, 0, 1]
    arguments: Any = ([[]] * 3, TAKES[:3], FixedLengths([7, 7, 7]), CONFIG)
    shared = list(sample(model, *arguments, encoded=encoded, items=items))
    repeated = encoded.select(torch.tensor(items))
    assert shared == list(sample(model, *arguments, encoded=repeated))
    assert shared != list(sample(model, *arguments, encoded=encoded, items=[1, 1, 1]))
    with pytest.raises(ConfigError, match=r"^items=\[0, 1, 2\], expected 0 to 1, as many as are"):
        list(sample(model, *arguments, encoded=encoded))


@torch.no_grad()
def test_takes_start_from_the_latents_of_what_is_encoded() -> None:
    model = encoder_decoder(LatentConfig(dimension=4))
    encoded = model.encode(torch.tensor([[1, 2, 3]]), torch.tensor([3]))
    latents = torch.randn(2, 4, generator=torch.Generator().manual_seed(0)) * 3
    two = replace(encoded.select(torch.tensor([0, 0])), latent=latents)
    greedy = SamplingConfig(temperature=0)
    tokens = list(sample(model, [[]] * 2, TAKES[:2], FixedLengths([9, 9]), greedy, encoded=two))
    first, second = ([token for row, token in tokens if row == number] for number in (0, 1))
    assert first != second
    hypotheses = beam_search(
        model, [[]] * 2, FixedLengths([9, 9]), BeamConfig(beam=1), encoded=two, items=[1, 0]
    )
    assert [list(one.tokens) for (one,) in hypotheses] == [second, first]


def test_no_takes_give_no_tokens() -> None:
    assert sample_rows(build_model(flat(16)), [], [], [], SamplingConfig()) == []


def test_a_guide_that_allows_no_token_is_an_error() -> None:
    none = torch.zeros(VOCABULARY, dtype=torch.bool)
    guide = FixedLengths([9, 9], masks=[~none, none])
    expected = r"^take 1, token 1: the guide allows 0 tokens and the model none of them"
    with pytest.raises(ModelError, match=expected):
        sample_rows(build_model(flat(16)), [[], []], TAKES[:2], [], SamplingConfig(), guide=guide)


def test_a_guide_that_contradicts_the_grammar_is_an_error() -> None:
    low = torch.arange(VOCABULARY) < 3  # a rising group that has reached 2 cannot go on, nor end
    guide = FixedLengths([9], masks=[low])
    with pytest.raises(
        ModelError, match="take 1, token 1: the guide allows 3 tokens and the model"
    ):
        sample_rows(build_model(nested(16)), [[2]], TAKES[:1], [], SamplingConfig(), guide=guide)


def test_a_prompt_outside_the_vocabulary_or_the_grammar_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"^take 1, token 1: 23 in the prompt, expected 0 to 22$"):
        sample_rows(build_model(flat(16)), [[4, 23]], TAKES[:1], [5], SamplingConfig())
    with pytest.raises(ModelError, match=r"^take 1, token 1: 4 in the prompt is not allowed here$"):
        sample_rows(build_model(nested(16)), [[9, 4]], TAKES[:1], [5], SamplingConfig())


@pytest.mark.parametrize(("value", "name"), [(torch.inf, "inf"), (torch.nan, "nan")])
def test_a_number_that_is_not_finite_is_refused_by_name(value: float, name: str) -> None:
    model = build_model(flat(16))
    with torch.no_grad():
        model.decoder.output.bias[5] = value
    with pytest.raises(ModelError, match=rf"^take 1, token 2: the model returns {name}, expected"):
        sample_rows(model, [[1, 2]], TAKES[:1], [5], SamplingConfig())


@pytest.mark.parametrize("temperature", [float("inf"), float("nan"), -1.0])
def test_a_temperature_that_is_no_number_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match=rf"^temperature={temperature}, expected a number"):
        SamplingConfig(temperature=temperature)


def test_sampling_does_not_change_the_callers_grad_mode() -> None:
    for _ in sample(build_model(flat(16)), [[]], TAKES[:1], FixedLengths([3]), SamplingConfig()):
        assert not torch.is_inference_mode_enabled()
        assert torch.is_grad_enabled()

import json
import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from seqstudio.contracts.formats import PartSpec
from seqstudio.core.config import ModelConfig, PartConfig, config_from_plain, config_to_plain
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.parts import BuildContext, Parts, with_plugin_parts
from seqstudio.core.past_features import Age, AgeConfig, LookBack, LookBackConfig, TokenFeatures
from seqstudio.core.past_inputs import PastInput, PastState
from seqstudio.errors import ConfigError

FLAT = DecoderConfig(vocabulary=5)
SLOTS = NestedConfig(vocabulary=6, slots=2, slot_ranges=((0, 3), (2, 6)))
ROLL = NestedConfig(vocabulary=4)  # pitches 0 to 2, END is 3
PAST: tuple[PartConfig, ...] = (LookBackConfig(lags=(1, 4)), AgeConfig(limit=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class DownbeatConfig:
    """How often the token of the latest downbeat has come again, up to `limit`."""

    part: ClassVar[str] = "toy.downbeat"
    limit: int = 3


class Downbeat(PastInput):
    """A plugin's input: its first covariate is the position in the bar, of 4 steps."""

    def __init__(self, config: DownbeatConfig) -> None:
        self.limit = config.limit
        self.sizes = (config.limit + 1, 2)

    def start(self, rows: int, device: torch.device) -> PastState:
        return torch.full((rows,), -1, device=device), torch.full((rows,), 0, device=device)

    def read(self, state: PastState, covariates: torch.Tensor | None) -> torch.Tensor:
        assert covariates is not None
        return torch.stack([state[1], (covariates[:, 0] == 0).long()], dim=1)

    def advance(
        self, state: PastState, tokens: torch.Tensor, covariates: torch.Tensor | None
    ) -> PastState:
        assert covariates is not None
        flat = tokens if tokens.ndim == 1 else tokens[:, 0]
        first, count = state
        again = (count + (flat == first)).clamp(max=self.limit)
        downbeat = covariates[:, 0] == 0
        return torch.where(downbeat, flat, first), torch.where(downbeat, 0, again)


def toy_parts() -> Parts:
    def build_downbeat(config: DownbeatConfig, context: BuildContext) -> PastInput:
        return Downbeat(config)

    return with_plugin_parts([PartSpec("toy.downbeat", DownbeatConfig, build_downbeat)])


def lookback(decoder: Any, *lags: int) -> LookBack:
    return LookBack(LookBackConfig(lags=lags), TokenFeatures(decoder))


def age(decoder: Any, limit: int) -> Age:
    return Age(AgeConfig(limit=limit), TokenFeatures(decoder))


def test_look_back_returns_the_token_at_each_lag_or_none_yet() -> None:
    part = lookback(FLAT, 1, 3)
    assert part.sizes == (6, 6)
    values = part.whole(torch.tensor([[4, 0, 2, 1, 3]]), None)
    assert values.tolist() == [[[5, 5], [4, 5], [0, 5], [2, 4], [1, 0]]]


def test_look_back_of_slots_and_of_ascending_groups() -> None:
    voices = lookback(SLOTS, 1)
    assert voices.sizes == (7, 7)
    assert voices.whole(torch.tensor([[[0, 5], [2, 3]]]), None).tolist() == [[[6, 6], [0, 5]]]

    roll = lookback(ROLL, 1)
    assert roll.sizes == (3, 3, 3)
    groups = torch.tensor([[[0, 2, 3], [3, -1, -1], [1, 3, -1]]])
    assert roll.whole(groups, None).tolist() == [[[2, 2, 2], [1, 0, 1], [0, 0, 0]]]


def test_age_counts_the_steps_since_a_change_up_to_its_limit() -> None:
    values = age(FLAT, 3).whole(torch.tensor([[2, 2, 2, 2, 2, 4, 4, 0]]), None)
    assert values[0, :, 0].tolist() == [0, 1, 2, 3, 3, 3, 1, 2]

    groups = torch.tensor([[[0, 3], [0, 3], [3, -1], [2, 3]]])
    assert age(ROLL, 9).whole(groups, None).tolist() == [
        [[0, 0, 0], [1, 1, 1], [2, 2, 2], [1, 3, 3]]
    ]


@st.composite
def pieces(draw: st.DrawFn) -> tuple[Any, torch.Tensor]:
    """Draw the config of a decoder and (B, T) tokens or (B, T, L) groups of its own."""
    decoder = draw(st.sampled_from([FLAT, SLOTS, ROLL]))
    seed, rows, steps = draw(st.tuples(*(st.integers(1, n) for n in (10**6, 3, 12))))
    generator = torch.Generator().manual_seed(seed)

    def integers(low: int, high: int) -> torch.Tensor:
        return torch.randint(low, high, (rows, steps), generator=generator)

    if decoder is FLAT:
        return decoder, integers(0, 3)
    if decoder is SLOTS:
        return decoder, torch.stack([integers(0, 3), integers(2, 6)], dim=2)
    groups = [[0, 3, -1], [3, -1, -1], [1, 2, 3], [2, 3, -1]]
    return decoder, torch.tensor(groups)[integers(0, 4)]


@given(piece=pieces(), lags=st.sets(st.integers(1, 14), min_size=1), limit=st.integers(1, 5))
def test_the_fast_forms_equal_the_steps(
    piece: tuple[Any, torch.Tensor], lags: set[int], limit: int
) -> None:
    decoder, tokens = piece
    for part in (lookback(decoder, *lags), age(decoder, limit)):
        by_steps = PastInput.whole(part, tokens, None)
        assert torch.equal(part.whole(tokens, None), by_steps)
        assert bool((by_steps < torch.tensor(part.sizes)).all())


def past_model(decoder: Any, *past: PartConfig, covariates: tuple[int, ...] = ()) -> SequenceModel:
    torch.manual_seed(2)
    fields = {name: getattr(decoder, name) for name in decoder.__dataclass_fields__}
    chosen = {"hidden": 16, "layers": 1, "past": past, "covariates": covariates}
    ignored = ("part", "attends", "predicts")
    config = {name: value for name, value in fields.items() if name not in ignored} | chosen
    return build(ModelConfig(decoder=type(decoder)(**config)), toy_parts()).eval()


def log_probs_by_steps(
    model: SequenceModel, tokens: torch.Tensor, covariates: torch.Tensor | None
) -> list[list[float]]:
    """Step all rows in parallel; a finished row repeats its last token."""
    expected = [[token for token in piece.flatten().tolist() if token >= 0] for piece in tokens]
    logits, state = model.start(len(tokens), covariates=covariates)
    found: list[list[float]] = [[] for _ in expected]
    for step in range(max(map(len, expected))):
        drawn = [piece[min(step, len(piece) - 1)] for piece in expected]
        for row, token in enumerate(drawn):
            if step < len(expected[row]):
                found[row].append(float(logits[row].log_softmax(dim=-1)[token]))
        logits, state = model.step(torch.tensor(drawn), state)
    return found


@pytest.mark.medium
@settings(max_examples=25)
@given(piece=pieces())
def test_stepping_equals_whole_sequences(piece: tuple[Any, torch.Tensor]) -> None:
    decoder, tokens = piece
    model = past_model(decoder, *PAST, DownbeatConfig(), covariates=(4,))
    steps = torch.arange(tokens.shape[1])
    covariates = (steps[None] % 4).expand(len(tokens), -1)[:, :, None]
    lengths = torch.full((len(tokens),), tokens.shape[1])
    whole = model.log_probs(tokens, lengths, covariates=covariates).detach()
    found = log_probs_by_steps(model, tokens, covariates)

    for row, values in enumerate(found):
        assert_close(torch.tensor(values), whole[row][tokens[row] >= 0], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", [FLAT, ROLL])
def test_a_log_linear_output_adds_to_the_logits_of_whole_sequences_and_of_steps(kind: Any) -> None:
    decoder = replace(kind, past=PAST, past_output=True)
    model = past_model(decoder, *PAST)
    tokens = torch.randint(0, 3, (3, 9), generator=torch.Generator().manual_seed(3))
    if kind is ROLL:
        tokens = torch.stack([tokens, torch.full_like(tokens, 3)], dim=2)
    lengths = torch.full((3,), 9)
    without = model.log_probs(tokens, lengths).detach()
    torch.nn.init.normal_(model.decoder.past_output.weights.weight, std=0.1)
    whole = model.log_probs(tokens, lengths).detach()

    assert not torch.allclose(whole, without)
    found = torch.tensor(log_probs_by_steps(model, tokens, None))
    assert_close(found, whole.reshape(found.shape), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("decoder", [FLAT, SLOTS, ROLL])
def test_the_inputs_change_the_predictions(decoder: Any) -> None:
    groups = {FLAT: [0, 1, 0, 1], SLOTS: [[0, 4]] * 4, ROLL: [[0, 3], [1, 3], [0, 3], [1, 3]]}
    tokens, lengths = torch.tensor([groups[decoder]]), torch.tensor([4])
    model = past_model(decoder, *PAST)
    before = model.log_probs(tokens, lengths).detach()
    with torch.no_grad():
        model.decoder.past.embedding.weight.zero_()

    assert not torch.allclose(model.log_probs(tokens, lengths), before)


@pytest.mark.parametrize("decoder", [FLAT, ROLL])
def test_a_row_has_the_same_bits_alone_and_among_others(decoder: Any) -> None:
    model = past_model(decoder, *PAST)
    tokens = torch.randint(0, 3, (9, 12), generator=torch.Generator().manual_seed(1))
    if decoder is ROLL:
        tokens = torch.stack([tokens, torch.full_like(tokens, 3)], dim=2)
    among = log_probs_by_steps(model, tokens, None)

    assert log_probs_by_steps(model, tokens[4:5], None) == among[4:5]
    assert log_probs_by_steps(model, tokens[2:5], None) == among[2:5]


def test_a_state_can_be_used_twice_and_its_rows_repeated() -> None:
    model = past_model(FLAT, *PAST)
    _, state = model.start(2)
    _, state = model.step(torch.tensor([3, 4]), state)
    first, _ = model.step(torch.tensor([1, 2]), state)
    swapped, _ = model.step(torch.tensor([2, 2, 1]), state.select(torch.tensor([1, 1, 0])))

    assert torch.equal(swapped, first[[1, 1, 0]])


def test_tokens_past_the_length_may_be_any_number() -> None:
    model = past_model(FLAT, *PAST)
    tokens = torch.tensor([[1, 2, 99, -7], [1, 2, 3, 4]])
    log_probs = model.log_probs(tokens, torch.tensor([2, 4]))
    assert_close(log_probs[0, :2], log_probs[1, :2])


def test_the_config_of_an_inner_part_survives_json_by_its_name() -> None:
    config = past_model(FLAT, *PAST, DownbeatConfig(limit=2), covariates=(4,)).config
    stored = json.loads(json.dumps(config_to_plain(config)))

    assert stored["decoder"]["past"][0] == {"part": "lookback", "lags": [1, 4]}
    assert config_from_plain(stored, toy_parts()) == config
    assert ("decoder.past[2]", DownbeatConfig(limit=2)) in list(config.roles())


@pytest.mark.parametrize(
    ("past", "message"),
    [
        ([{"part": "toy.nothing"}], "model.decoder.past[0]: unknown part 'toy.nothing', expected"),
        ([{"part": "age", "limit": 0}], "model.decoder.past[0]: limit=0, expected at least 1"),
        ([{"part": "age", "max": 2}], "model.decoder.past[0]: unknown field 'max', expected"),
        ([{"limit": 2}], "model.decoder.past[0]={'limit': 2}, expected PartConfig"),
        ([{"part": "lookback", "lags": []}], "model.decoder.past[0]: lags=(), expected one or"),
        (["age"], "model.decoder.past[0]='age', expected PartConfig"),
    ],
)
def test_a_stored_inner_part_that_does_not_fit_is_refused(past: Any, message: str) -> None:
    stored = {"decoder": {"part": "decoder", "vocabulary": 5, "past": past}}
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        config_from_plain(stored, toy_parts())


def test_a_model_that_needs_a_missing_plugin_is_not_built() -> None:
    config = ModelConfig(decoder=DecoderConfig(vocabulary=5, past=(DownbeatConfig(),)))
    with pytest.raises(ConfigError, match=r"^decoder\.past\[0\]: unknown part 'toy\.downbeat'"):
        build(config)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[0, 1, 6]], "past feature 2: value 6, expected 0 to 3"),
        ([[0, -1, 0]], "past feature 1: value -1, expected 0 to 5"),
        ([[0, 0]], "past inputs: 2 features, expected 3"),
    ],
)
def test_a_value_out_of_its_range_is_refused(values: list[list[int]], message: str) -> None:
    inputs = past_model(FLAT, *PAST).decoder.past
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        inputs.embedding_ids(torch.tensor(values))


@pytest.mark.parametrize("decoder", [FLAT, SLOTS, ROLL])
def test_a_prompt_run_over_at_once_leaves_the_bits_of_its_steps(decoder: Any) -> None:
    prompt = {FLAT: [1, 0, 1, 2], SLOTS: [0, 4, 2, 5, 1], ROLL: [0, 2, 3, 3, 1]}[decoder]
    model = past_model(decoder, *PAST, DownbeatConfig(), covariates=(4,))
    covariates = (torch.arange(8) % 4)[:, None]
    logits, state = model.start(1, covariates=covariates)
    for token in prompt:
        logits, state = model.step(torch.tensor([token]), state)
    primed, primed_state = model.prime(torch.tensor([prompt]), covariates=covariates)

    assert torch.equal(primed, logits)
    for token in (3, 3) if decoder is ROLL else (2, 4):
        (logits, state), (primed, primed_state) = (
            model.step(torch.tensor([token]), one) for one in (state, primed_state)
        )
        assert torch.equal(primed, logits)

import re
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.attention import (
    AdditiveConfig,
    AttentionMemory,
    DotConfig,
    LocationConfig,
)
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.errors import ConfigError

VOCABULARY = 11
KINDS: dict[str, PartConfig] = {
    "additive": AdditiveConfig(dimension=6),
    "dot": DotConfig(dimension=6),
    "previous": LocationConfig(dimension=6, filters=3, kernel=5),
    "cumulative": LocationConfig(dimension=6, filters=3, kernel=5, cumulative=True),
}
PAST_KINDS = (AdditiveConfig(dimension=6), DotConfig(dimension=6))


def attending_model(
    attention: PartConfig | None, past_attention: PartConfig | None = None
) -> SequenceModel:
    torch.manual_seed(1)
    encoder = None if attention is None else EncoderConfig(hidden=10, layers=1)
    config = ModelConfig(
        source=None if attention is None else TokensConfig(vocabulary=7),
        encoder=encoder,
        bridge=None if attention is None else FinalStateConfig(),
        attention=attention,
        decoder=DecoderConfig(
            vocabulary=VOCABULARY, hidden=12, dimension=8, past_attention=past_attention
        ),
    )
    model = build(config).eval()
    for name, weight in model.named_parameters():  # far from uniform, so that errors show
        if "attention" in name:
            torch.nn.init.normal_(weight)
    return model


def two_sources(model: SequenceModel) -> Encoded:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randint(0, 7, (2, 9), generator=generator)
    return model.encode(inputs, torch.tensor([9, 6]))


def targets(rows: int = 2, steps: int = 8) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randint(0, VOCABULARY, (rows, steps), generator=generator)


def steps_of(
    model: SequenceModel, tokens: torch.Tensor, encoded: Encoded | None
) -> tuple[torch.Tensor, list[Any]]:
    """Return the (B, U, V) logits of stepping over tokens, and the state of each step."""
    logits, state = model.start(len(tokens), encoded=encoded)
    all_logits, states = [logits], [state]
    for column in tokens.T[:-1]:
        logits, state = model.step(column, state)
        all_logits.append(logits)
        states.append(state)
    return torch.stack(all_logits, dim=1), states


@pytest.mark.parametrize("kind", KINDS)
def test_stepping_over_an_encoder_equals_whole_sequences(kind: str) -> None:
    model, tokens = attending_model(KINDS[kind]), targets()
    encoded = two_sources(model)
    whole = model.decode(tokens, torch.tensor([8, 8]), encoded=encoded).detach()
    weights = model.attention_weights(tokens, encoded=encoded).encoder
    logits, states = steps_of(model, tokens, encoded)

    assert_close(logits, whole, atol=1e-5, rtol=0)
    assert weights is not None
    assert_close(torch.stack([state.weights for state in states], dim=1), weights.detach())
    assert_close(weights.sum(dim=2), torch.ones(2, 8))
    assert not weights[1, :, 6:].any()


@pytest.mark.parametrize("past", PAST_KINDS)
@pytest.mark.parametrize("attention", [None, KINDS["dot"], KINDS["cumulative"]])
def test_stepping_over_the_past_equals_whole_sequences(
    past: PartConfig, attention: PartConfig | None
) -> None:
    model, tokens = attending_model(attention, past), targets()
    encoded = None if attention is None else two_sources(model)
    whole = model.decode(tokens, torch.tensor([8, 8]), encoded=encoded).detach()
    weights = model.attention_weights(tokens, encoded=encoded).past
    logits, states = steps_of(model, tokens, encoded)

    assert_close(logits, whole, atol=1e-5, rtol=0)
    assert weights is not None
    assert_close(weights.sum(dim=2), torch.ones(2, 8))
    for step, state in enumerate(states):
        assert not weights[:, step, step + 1 :].any()
        assert_close(state.past_weights, weights[:, step, : step + 1].detach())


@pytest.mark.parametrize("past", PAST_KINDS)
def test_attention_to_the_past_sees_no_later_token(past: PartConfig) -> None:
    model, tokens = attending_model(None, past), targets(1)
    other = tokens.clone()
    other[:, 5] = (tokens[:, 5] + 1) % VOCABULARY
    lengths = torch.tensor([8])
    before, after = model.decode(tokens, lengths), model.decode(other, lengths)

    assert_close(before[:, :6], after[:, :6], rtol=0, atol=1e-6)
    assert not torch.allclose(before[:, 6], after[:, 6])


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_the_same_bits_alone_and_among_others(kind: str) -> None:
    past = PAST_KINDS[0] if kind == "additive" else PAST_KINDS[1]
    model, tokens = attending_model(KINDS[kind], past), targets(7)
    encoded = two_sources(model).select(torch.tensor([0, 1, 0, 1, 1, 0, 0]))
    among, _ = steps_of(model, tokens, encoded)

    for rows in (slice(3, 4), slice(2, 4), slice(1, 6)):
        chosen = encoded.select(torch.arange(7)[rows])
        assert torch.equal(steps_of(model, tokens[rows], chosen)[0], among[rows])


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_can_be_used_twice_and_its_rows_repeated(kind: str) -> None:
    model = attending_model(KINDS[kind], PAST_KINDS[0])
    _, states = steps_of(model, targets(), two_sources(model))
    first, _ = model.step(torch.tensor([5, 6]), states[-1])
    again, _ = model.step(torch.tensor([6, 5, 6]), states[-1].select(torch.tensor([1, 0, 1])))

    assert torch.equal(again, first[[1, 0, 1]])


@pytest.mark.medium
@pytest.mark.parametrize("kind", KINDS)
def test_a_lone_source_is_repeated_without_a_copy_and_with_the_same_bits(kind: str) -> None:
    model, tokens = attending_model(KINDS[kind], PAST_KINDS[0]), targets(4)
    source = two_sources(model).select(torch.tensor([0]))
    four = torch.tensor([0, 0, 0, 0])
    expected, _ = steps_of(model, tokens, source.select(four))

    logits, state = model.start(1, encoded=source)
    keys = state.memory.keys
    logits, state = logits[four], state.select(four)
    for column, before in zip(tokens.T, expected.unbind(dim=1), strict=True):
        assert torch.equal(logits, before)
        assert state.memory.keys.data_ptr() == keys.data_ptr()
        turned = state.select(torch.tensor([3, 2, 1, 0])).select(torch.tensor([3, 2, 1, 0]))
        logits, state = model.step(column, turned)


def test_location_aware_weights_depend_on_those_before() -> None:
    attention = attending_model(KINDS["previous"]).decoder.attention
    keys, values = torch.zeros(1, 6, 6), torch.arange(6.0)[None, :, None]
    valid = torch.ones(1, 6, dtype=torch.bool)
    query = torch.zeros(1, 6)
    nowhere = AttentionMemory(keys, values, valid, torch.zeros(1, 6))
    third = AttentionMemory(keys, values, valid, torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]))

    _, weights, after = attention.attend_once(query, nowhere)
    assert_close(weights, torch.full((1, 6), 1 / 6))
    assert torch.equal(after.located, weights)
    _, moved, _ = attention.attend_once(query, third)
    assert not torch.allclose(moved, weights)
    assert_close(moved[0, 5], moved[0, 5])


def test_cumulative_weights_are_summed_over_the_steps() -> None:
    attention = attending_model(KINDS["cumulative"]).decoder.attention
    encoded = Encoded(torch.randn(1, 6, 20), torch.tensor([6]), None)
    memory, sums = attention.prepare_memory(encoded), torch.zeros(1, 6)
    for query in torch.randn(3, 1, 6):
        _, weights, memory = attention.attend_once(query, memory)
        sums = sums + weights
        assert_close(memory.located, sums)


@pytest.mark.medium
@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_of_attention_is_trained(kind: str) -> None:
    model, tokens = attending_model(KINDS[kind], DotConfig(dimension=6)), targets()
    model.decode(tokens, torch.tensor([8, 8]), encoded=two_sources(model)).square().sum().backward()

    for name, weight in model.decoder.named_parameters():
        if "attention" in name and not name.endswith("key.bias"):
            assert weight.grad is not None, name
            assert weight.grad.any(), name


@pytest.mark.parametrize(
    ("build_config", "message"),
    [
        (lambda: DotConfig(dimension=0), "dimension=0, expected at least 1"),
        (lambda: LocationConfig(kernel=4), "kernel=4, expected an odd number"),
        (
            lambda: DecoderConfig(vocabulary=5, past_attention=LocationConfig()),
            "past_attention='location', expected one such as additive or dot",
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_value(build_config: Any, message: str) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        build_config()

"""Steps with eight-bit weights: close to float32, and no row depends on the others."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.compiled_step import CompiledLinear, Int8Linear, eight_bits
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.fused_step import step_route
from seqstudio.core.int8_kernel import compiled_int8_product, write_int8_product
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.series_decoder import SeriesConfig
from seqstudio.core.step_kernel import PRODUCT
from seqstudio.core.vector_code import Code, compiled
from seqstudio.errors import ConfigError

INPUTS, COLUMNS = 64, 150


def weights() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(COLUMNS, INPUTS, generator=generator) / INPUTS**0.5
    return weight, torch.randn(COLUMNS, generator=generator)


def rounded(weight: Tensor) -> Tensor:
    scale, whole = eight_bits(weight)
    return whole * scale[:, None]


@pytest.mark.parametrize("inputs", [INPUTS, 50])
def test_a_product_is_that_of_the_rounded_weights(inputs: int) -> None:
    weight, bias = weights()
    rows = torch.randn(37, inputs)
    found = Int8Linear(weight[:, :inputs], bias)(rows)

    assert_close(found, rows @ rounded(weight[:, :inputs]).T + bias, atol=3e-4, rtol=0)
    assert (rounded(weight) - weight).abs().max() < weight.abs().max() / 200


@pytest.mark.parametrize("rows", [1, 2, 3, 15, 16, 17, 33])
def test_a_product_has_the_same_bits_for_every_number_of_rows(rows: int) -> None:
    linear = Int8Linear(*weights())
    inputs = torch.randn(40, INPUTS)
    outputs = linear(inputs)

    assert torch.equal(linear(inputs[40 - rows :]), outputs[40 - rows :])
    assert torch.equal(linear(inputs[[3] * rows]), outputs[[3] * rows])


def test_a_row_of_zeros_gives_the_bias_and_what_is_not_finite_stays_so() -> None:
    weight, bias = weights()
    rows = torch.randn(4, INPUTS)
    rows[0], rows[1, 7], rows[2, 7] = 0, torch.nan, torch.inf
    found = Int8Linear(weight, bias)(rows)

    assert torch.equal(found[0], bias)
    assert found[1].isnan().all()
    assert not found[2].isfinite().any()
    assert found[3].isfinite().all()
    weight[5, 5], weight[6, 6] = torch.nan, torch.inf
    found = Int8Linear(weight, bias)(rows[3:])
    assert found.isfinite().sum() == COLUMNS - 2


def test_a_cpu_without_the_instruction_computes_the_same_bits() -> None:
    linear = Int8Linear(*weights())
    code = Code("int8_product_of_any_cpu", *PRODUCT)
    code.multiplies_bytes = False
    write_int8_product(code, **code.arguments)
    inputs = torch.randn(19, INPUTS)
    expected = linear(inputs)
    linear.product = compiled(code)

    assert linear.product is not compiled_int8_product()
    assert torch.equal(linear(inputs), expected)


CONFIGS = [
    *(DecoderConfig(vocabulary=11, hidden=24, dimension=8, cell=cell) for cell in CELLS),
    NestedConfig(vocabulary=11, hidden=24, inner_hidden=20),
]


def model_of(config: PartConfig) -> SequenceModel:
    torch.manual_seed(3)
    return build(ModelConfig(decoder=config)).eval()


@pytest.mark.parametrize("config", CONFIGS)
def test_steps_are_close_to_those_of_float32_and_no_row_depends_on_the_others(
    config: DecoderConfig | NestedConfig,
) -> None:
    model = model_of(config)
    prompts = torch.tensor([[1, 4, 10, 2]] * 5)
    prompts[1] = torch.tensor([10, 0, 10, 10])
    exact, _ = model.prime(prompts)
    primed, primed_state = model.prime(prompts, int8=True)
    logits, state = model.start(5, int8=True)
    for column in prompts.T:
        logits, state = model.step(column, state)
    alone, lone_state = model.prime(prompts[1:2], int8=True)

    assert torch.equal(primed, logits)
    assert torch.equal(alone, primed[1:2])
    assert_close(primed, exact, atol=0.02, rtol=0)
    assert not torch.equal(primed, exact)
    ten = torch.full((5,), 10)
    stepped, _ = model.step(ten, primed_state)
    assert torch.equal(model.step(ten[:1], lone_state)[0], stepped[1:2])


@pytest.mark.parametrize("cell", CELLS)
def test_steps_are_those_of_a_model_with_rounded_weights(cell: Cell) -> None:
    model = model_of(DecoderConfig(vocabulary=11, hidden=32, dimension=8, layers=2, cell=cell))
    found, _ = model.prime(torch.tensor([[1, 4, 10, 2]]), int8=True)
    body = model.decoder.body.layers
    parts: list[tuple[nn.Module, str]] = [(model.decoder.output, "weight")]
    parts += [(layer.rnn, "weight_hh_l0") for layer in body if cell != "mingru"]
    parts.append((body[1].rnn, "weight_ih_l0"))
    with torch.no_grad():
        for module, name in parts:
            weight = module.get_parameter(name)
            weight.copy_(rounded(weight))
    expected, _ = model.prime(torch.tensor([[1, 4, 10, 2]]))

    assert_close(found, expected, atol=1e-4, rtol=0)


def test_where_no_kernel_is_eight_bits_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^int8=True on device='cuda', expected cpu$"):
        step_route(torch.device("cuda"), CELLS["gru"], int8=True)
    series = model_of(SeriesConfig())
    expected = "^int8=True, SeriesDecoder, expected a flat or nested decoder$"
    with pytest.raises(ConfigError, match=expected):
        series.start(1, int8=True)
    assert step_route(torch.device("cpu"), CELLS["gru"]).linear is CompiledLinear

"""Steps: equal to torch's layers on every route, and no row depends on the others."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from seqstudio.core.cells import CELLS, Cell, GRUCell, RecurrentCell
from seqstudio.core.compiled_step import CompiledLayers, CompiledLinear
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.flat_step import FlatStepper
from seqstudio.core.fused_step import FusedStack, StackState, StepRoute, select_layers, step_route
from seqstudio.core.model import build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.nested_step import NestedStepper
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.core.stack import RecurrentStack
from seqstudio.core.torch_step import TorchLayers, TorchLinear
from seqstudio.core.vector_code import LANES
from seqstudio.errors import ConfigError

COMPILED = StepRoute(CompiledLinear, CompiledLayers, lanes=LANES)
TORCH = StepRoute(TorchLinear, TorchLayers, lanes=1)
WIDTH = 10


class PluginCell(GRUCell):
    """A cell that is not in the table, as a plugin's own."""


def stack_of(
    cell: Cell | RecurrentCell, hidden: int = 24, *, norm: bool = False, residual: bool = False
) -> RecurrentStack:
    torch.manual_seed(2)
    stack = RecurrentStack(cell, WIDTH, hidden, 3, 0.0, layer_norm=norm, residual=residual)
    for weight in stack.parameters():
        torch.nn.init.normal_(weight, std=hidden**-0.5)
    return stack.eval()


def fused(body: RecurrentStack | RecurrentLayer, route: StepRoute | None = None) -> FusedStack:
    """Lay out a body with a head of its own."""
    generator = torch.Generator().manual_seed(5)
    head = torch.randn(7, body.hidden, generator=generator), torch.randn(7, generator=generator)
    return FusedStack(body, head, route, embeddings=[torch.randn(6, WIDTH, generator=generator)])


def run(stack: FusedStack, inputs: Tensor, state: Tensor) -> tuple[Tensor, StackState]:
    """Run over (T, R, WIDTH) inputs from a (layers, R, S) state."""
    gates = stack.fold(inputs.flatten(0, 1), biased=True).unflatten(0, inputs.shape[:2])
    outputs, states, _ = stack.run(stack.initial_state(state), gates=gates)
    return outputs[..., : stack.hidden], states


@pytest.mark.parametrize("route", [COMPILED, TORCH])
@pytest.mark.parametrize(("norm", "residual"), [(False, False), (True, True)])
@pytest.mark.parametrize("hidden", [24, 64])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_equal_the_layers_of_torch(
    cell: Cell, hidden: int, route: StepRoute, *, norm: bool, residual: bool
) -> None:
    body = stack_of(cell, hidden, norm=norm, residual=residual)
    inputs, state = torch.randn(9, 3, WIDTH), torch.randn_like(body.zero_state(3))
    with torch.no_grad():
        expected, _ = body(inputs.transpose(0, 1), state)
    outputs, _ = run(fused(body, route), inputs, state)

    assert_close(outputs.transpose(0, 1), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", [*CELLS, PluginCell()])
@pytest.mark.parametrize("hidden", [24, 64])
def test_no_row_depends_on_the_others_and_a_run_has_the_bits_of_its_steps(
    cell: Cell | RecurrentCell, hidden: int
) -> None:
    body = stack_of(cell, hidden)
    stack, inputs = fused(body), torch.randn(7, 16, WIDTH)
    state = torch.randn_like(body.zero_state(16))
    gates = stack.fold(inputs.flatten(0, 1), biased=True).unflatten(0, inputs.shape[:2])
    whole, last = run(stack, inputs, state)

    for rows in (torch.arange(count) for count in range(1, 17)):
        states, outputs = select_layers(stack.initial_state(state), rows), []
        for step_gates in gates[:, rows]:
            output, states, _ = stack.run(states, gates=step_gates[None])
            outputs.append(output[0, :, :hidden])
        assert torch.equal(torch.stack(outputs), whole[:, rows])
        assert torch.equal(states, select_layers(last, rows))


@pytest.mark.parametrize("route", [COMPILED, TORCH])
@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("norm", [False, True])
def test_ids_add_rows_of_the_embeddings_and_the_head_reads_the_last_step(
    steps: int, route: StepRoute, *, norm: bool
) -> None:
    body = stack_of("gru", norm=norm)
    generator = torch.Generator().manual_seed(5)
    tokens, bars = (torch.randn(size, WIDTH, generator=generator) for size in (6, 4))
    weight, bias = torch.randn(7, 24, generator=generator), torch.randn(7, generator=generator)
    stack = FusedStack(body, (weight, bias), route, embeddings=[tokens, bars])
    token, bar = torch.randint(6, (steps, 3)), torch.randint(4, (steps, 3))
    state = torch.randn_like(body.zero_state(3))
    with torch.no_grad():
        expected, _ = body((tokens[token] + bars[bar]).transpose(0, 1), state)
        of_tokens_alone, _ = body(tokens[token].transpose(0, 1), state)
    fused_state = stack.initial_state(state)
    _, _, head = stack.run(fused_state, torch.stack([token, 6 + bar], dim=2))
    none = torch.full_like(token, stack.offsets[-1])
    _, _, alone = stack.run(fused_state, torch.stack([token, none], dim=2))

    assert_close(head, expected[:, -1] @ weight.T + bias, atol=1e-4, rtol=1e-4)
    assert_close(alone, of_tokens_alone[:, -1] @ weight.T + bias, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("wrong", [-1, 8, 2**40])
def test_an_id_that_is_not_in_the_table_gives_nan(wrong: int) -> None:
    body = stack_of("lstm")
    stack = fused(body)
    _, _, head = stack.run(stack.initial_state(body.zero_state(2)), torch.tensor([[[0], [wrong]]]))

    assert head[0].isfinite().all()
    assert head[1].isnan().all()


@pytest.mark.parametrize("rows", range(1, 17))
def test_a_product_has_the_same_bits_for_every_number_of_rows(rows: int) -> None:
    weight, bias = torch.randn(75, 40), torch.randn(75)
    linear = CompiledLinear(weight, bias)
    inputs = torch.randn(16, 40)
    outputs = linear(inputs)

    assert_close(outputs, inputs @ weight.T + bias)
    assert torch.equal(linear(inputs[16 - rows :]), outputs[16 - rows :])
    assert torch.equal(linear(inputs[[3] * rows]), outputs[[3] * rows])


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_that_is_not_finite_never_becomes_a_number(cell: Cell) -> None:
    body = stack_of(cell)
    stack = fused(body)
    inputs = torch.randn(1, 3, WIDTH)
    inputs[0, 1, 0] = torch.nan
    inputs[0, 2] = torch.inf
    outputs, _ = run(stack, inputs, body.zero_state(3))

    assert outputs[0, 0].isfinite().all()
    assert outputs[0, 1].isnan().all()
    assert not (outputs[0, 2].abs() > 1e6).any()


def test_infinite_gates_saturate_and_infinite_weights_reach_the_result() -> None:
    body = stack_of("tanh")
    stack = fused(body)
    gates = torch.full((1, 2, 32), torch.inf)
    gates[0, 1] = -torch.inf
    _, states, _ = stack.run(stack.initial_state(body.zero_state(2)), gates=gates)
    assert_close(states[0][0, :24], torch.ones(24))
    assert_close(states[0][1, :24], -torch.ones(24))

    linear = CompiledLinear(torch.ones(2, 3), torch.tensor([torch.inf, 0.0]))
    assert linear(torch.ones(1, 3)).tolist() == [[torch.inf, 3.0]]


def test_the_device_and_the_cell_decide_the_route() -> None:
    cpu = torch.device("cpu")
    assert step_route(cpu, CELLS["gru"]) == COMPILED
    assert step_route(cpu, PluginCell()).layers is TorchLayers
    assert step_route(torch.device("cuda"), CELLS["gru"]) == TORCH
    layer = RecurrentLayer("gru", WIDTH, 24)
    assert fused(layer).route == COMPILED


FLAT = DecoderConfig(vocabulary=11, hidden=24, dimension=8, covariates=(5,))
ROLLS = NestedConfig(vocabulary=11, hidden=24, inner_hidden=20, covariates=(5,))
VOICES = NestedConfig(
    vocabulary=11, slots=2, slot_ranges=((0, 6), (4, 11)), hidden=24, inner_hidden=20
)


def prompts_of(config: DecoderConfig | NestedConfig, length: int) -> Tensor:
    """Return three different (3, length) prompts that follow the grammar."""
    generator = torch.Generator().manual_seed(7)
    if config is FLAT:
        return torch.randint(0, 11, (3, length), generator=generator)
    if config is VOICES:
        low, high = (torch.randint(*ends, (3, length)) for ends in VOICES.slot_ranges)
        return torch.where(torch.arange(length) % 2 == 0, low, high)
    groups = torch.tensor([[1, 4, 10], [2, 10, 10], [10, 0, 10]])  # 10 ends a group
    return groups.repeat(1, length)[:, :length]


@pytest.mark.parametrize("length", [0, 1, 2, 7, 30])
@pytest.mark.parametrize("config", [FLAT, ROLLS, VOICES])
def test_a_primed_state_has_the_bits_of_its_steps(
    config: DecoderConfig | NestedConfig, length: int
) -> None:
    torch.manual_seed(3)
    model = build(ModelConfig(decoder=config)).eval()
    tokens = prompts_of(config, length + 2)
    covariates = torch.randint(0, 5, (3, 9, 1)) if config.covariates else None
    logits, state = model.start(3, covariates=covariates)
    for column in tokens[:, :length].T:
        logits, state = model.step(column, state)
    primed, primed_state = model.prime(tokens[:, :length], covariates=covariates)
    alone, _ = model.prime(
        tokens[1:2, :length], covariates=None if covariates is None else covariates[1:2]
    )

    assert model.valid_prefix(tokens[0].tolist()) == length + 2
    assert torch.equal(primed, logits)
    assert torch.equal(alone, logits[1:2])
    for column in tokens[:, length:].T:
        logits, state = model.step(column, state)
        primed, primed_state = model.step(column, primed_state)
        assert torch.equal(primed, logits)


@pytest.mark.parametrize("config", [FLAT, ROLLS])
@pytest.mark.parametrize("wrong", [-1, 5])
def test_a_covariate_that_its_embedding_does_not_have_is_refused(
    config: DecoderConfig | NestedConfig, wrong: int
) -> None:
    model = build(ModelConfig(decoder=config)).eval()
    covariates = torch.tensor([[0], [wrong], [4]])
    text = f"^row 0, step 1: covariate 0 is {wrong}, expected 0 to 4$"
    with pytest.raises(ConfigError, match=text):
        model.start(2, covariates=covariates)


def test_a_prompt_is_valid_up_to_the_first_token_that_may_not_stand_there() -> None:
    flat, rolls, voices = (build(ModelConfig(decoder=one)) for one in (FLAT, ROLLS, VOICES))
    assert flat.valid_prefix([3, 10, 11, 0]) == 2
    assert flat.valid_prefix([-1]) == 0
    assert rolls.valid_prefix([1, 4, 10, 10, 5, 5]) == 5
    assert voices.valid_prefix([5, 10, 0, 3]) == 3


@pytest.mark.parametrize(
    ("config", "stepper"), [(FLAT, FlatStepper), (ROLLS, NestedStepper), (VOICES, NestedStepper)]
)
def test_a_decoder_predicts_alike_on_every_route(
    config: DecoderConfig | NestedConfig, stepper: type[FlatStepper | NestedStepper]
) -> None:
    torch.manual_seed(3)
    model = build(ModelConfig(decoder=config)).eval()
    prompts = prompts_of(config, 9)
    covariates = torch.randint(0, 5, (3, 9, 1)) if config.covariates else None
    expected, _ = model.prime(prompts, covariates=covariates)
    body = model.decoder.body if config is FLAT else model.decoder.outer
    inputs = {"encoded": None} if config is FLAT else {}
    with torch.no_grad():
        found, _ = stepper(model.decoder, TORCH).start(
            prompts, body.zero_state(3), covariates=covariates, **inputs
        )

    assert_close(found, expected, atol=1e-5, rtol=0)

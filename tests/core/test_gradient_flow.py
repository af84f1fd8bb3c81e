from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig, TokensConfig
from seqstudio.core.gradient_flow import (
    GradientFlow,
    gradient_flow,
    gradient_flow_text,
    gradient_flow_verdict,
)
from seqstudio.core.heads import CTCConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import build
from seqstudio.core.nested import NestedConfig


class LastStep(nn.Module):
    """A tanh layer whose recurrent matrix is `scale` times a rotation: its decay is known."""

    def __init__(self, scale: float, hidden: int = 8) -> None:
        super().__init__()
        self.rnn = nn.RNN(hidden, hidden, batch_first=True, bias=False)
        generator = torch.Generator().manual_seed(0)
        rotation = torch.linalg.qr(torch.randn(hidden, hidden, generator=generator))[0]
        weights = {"weight_hh_l0": scale * rotation, "weight_ih_l0": 1e-5 * torch.eye(hidden)}
        self.rnn.load_state_dict(weights)  # inputs so small that tanh stays linear

    def loss(self, frames: Tensor, lengths: Tensor) -> Tensor:
        output: Tensor = self.rnn(frames)[0]
        return output[torch.arange(len(frames)), lengths - 1].sum()


@pytest.mark.parametrize("scale", [0.5, 0.9, 1.0, 1.2])
def test_a_known_decay_is_measured_at_every_lag_without_padding(scale: float) -> None:
    model = LastStep(scale)
    frames = torch.randn(3, 33, 8, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([33, 20, 7])

    flow = gradient_flow(model, lambda: model.loss(frames, lengths))

    assert flow.lags == (0, 1, 2, 4, 8, 16, 32)
    norms = flow.by_lag["rnn"]
    assert [norm / norms[0] for norm in norms] == pytest.approx(
        [scale**lag for lag in flow.lags], rel=1e-3
    )


def flow_of(norms: tuple[float, ...], **layers: float) -> GradientFlow:
    lags = (0, 1, 2, 4, 8, 16, 32, 64, 128)[: len(norms)]
    return GradientFlow(by_layer=layers, lags=lags, by_lag={"rnn": norms})


def test_the_verdict_names_layer_lag_and_norms() -> None:
    fades = flow_of((1.0, 0.5, 0.3, 0.1, 0.009, 1e-5))
    assert gradient_flow_verdict(fades) == (
        "vanishing: in rnn less than 1% of the gradient is left 8 steps back, "
        "1e-05 of it after 16; the layer learns almost nothing from further back"
    )
    grows = flow_of((1.0, 3.0, 9.0, 81.0, 6561.0))
    assert gradient_flow_verdict(grows) == (
        "exploding: in rnn the gradient is 6.6e+03 times as strong 8 steps back as at the last "
        "step; lower clip_norm and the learning rate"
    )
    steady = flow_of((1.0, 0.9, 0.8, 0.7, 0.5))
    assert gradient_flow_verdict(steady) == (
        "fine: every recurrent layer still learns from 8 steps back"
    )
    far = flow_of((1.0, 0.9, 0.8, 0.7, 0.5, 0.2, 0.001))
    assert gradient_flow_verdict(far) == (
        "fine: in rnn less than 1% of the gradient is left 32 steps back, 0.001 of it after 32"
    )
    broken = gradient_flow_verdict(flow_of((1.0, float("nan"))))
    assert broken.startswith("broken: the gradient is not finite")


def test_a_dip_that_recovers_is_not_vanishing() -> None:
    assert flow_of((1.0, 0.001, 0.5, 0.4)).reach("rnn") is None
    assert flow_of((1.0, 0.001, 0.5, 0.001)).reach("rnn") == 4


def test_the_text_draws_layers_and_lags_on_a_logarithmic_scale() -> None:
    flow = flow_of((1.0, 1e-4, 1e-9), **{"decoder.embedding": 2.0, "decoder.output": 0.0})
    assert gradient_flow_text(flow).splitlines()[1:] == [
        "",
        "gradient norm by layer",
        "  decoder.embedding   2.0e+00  " + "#" * 40,
        "  decoder.output      0.0e+00",
        "",
        "by steps back from the last, rnn",
        "  0   1.0e+00  " + "#" * 40,
        "  1   1.0e-04  " + "#" * 20,
        "  2   1.0e-09",
    ]


def test_weights_and_gradients_are_not_changed() -> None:
    model = LastStep(1.0)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    frames, lengths = torch.randn(2, 5, 8), torch.tensor([5, 3])
    gradient_flow(model, lambda: model.loss(frames, lengths))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert not model.rnn._forward_hooks
    assert not model.rnn._forward_pre_hooks


TOKENS = torch.tensor([[1, 2, 3, 4, 0, 1, 2], [3, 3, 1, 0, 0, 0, 0]])
LENGTHS = torch.tensor([7, 3])


def flat_loss() -> tuple[nn.Module, Callable[[], Tensor]]:
    model = build(ModelConfig(decoder=DecoderConfig(vocabulary=5, hidden=8)))
    return model, lambda: cross_entropy_sum(model.decode(TOKENS, LENGTHS), TOKENS, LENGTHS)[0]


def nested_loss() -> tuple[nn.Module, Callable[[], Tensor]]:
    model = build(ModelConfig(decoder=NestedConfig(vocabulary=5, hidden=8, inner_hidden=8)))
    groups = torch.tensor([[[0, 2, 4], [4, -1, -1], [1, 4, -1]], [[4, -1, -1]] * 3])
    return model, lambda: -model.log_probs(groups, torch.tensor([3, 3])).sum()


def ctc_loss() -> tuple[nn.Module, Callable[[], Tensor]]:
    model = build(
        ModelConfig(
            source=FramesConfig(features=4),
            encoder=EncoderConfig(hidden=8, layers=2),
            heads={"ctc": CTCConfig(vocabulary=3)},
        )
    )
    frames = torch.randn(2, 7, 4)
    return model, lambda: model.head("ctc")(model.encode(frames, LENGTHS))[..., 0].sum()


def bridged_loss() -> tuple[nn.Module, Callable[[], Tensor]]:
    model = build(
        ModelConfig(
            source=TokensConfig(vocabulary=5),
            encoder=EncoderConfig(hidden=8, layers=1),
            bridge=FinalStateConfig(),
            attention=AdditiveConfig(dimension=4),
            decoder=DecoderConfig(vocabulary=5, hidden=8, layers=1),
        )
    )

    def loss() -> Tensor:
        encoded = model.encode(TOKENS, LENGTHS)
        logits = model.decode(TOKENS, LENGTHS, encoded=encoded)
        return cross_entropy_sum(logits, TOKENS, LENGTHS)[0]

    return model, loss


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_is_measured_in_both_directions_and_with_padding(cell: Cell) -> None:
    encoder = EncoderConfig(cell=cell, hidden=8, layers=2)
    heads = {"ctc": CTCConfig(vocabulary=3)}
    model = build(ModelConfig(source=FramesConfig(features=4), encoder=encoder, heads=heads))
    frames = torch.randn(2, 7, 4)
    flow = gradient_flow(
        model, lambda: model.head("ctc")(model.encode(frames, LENGTHS))[..., 0].sum()
    )

    assert flow.lags == (0, 1, 2, 4)
    assert {name.rpartition("layers.")[2] for name in flow.by_lag} == {
        f"{layer}.{direction}_rnn.rnn" for layer in (0, 1) for direction in ("forward", "backward")
    }
    assert all(norm > 0 for norms in flow.by_lag.values() for norm in norms)


@pytest.mark.parametrize("build_loss", [flat_loss, nested_loss, ctc_loss, bridged_loss])
def test_every_recurrent_layer_of_every_kind_of_model_is_measured(
    build_loss: Callable[[], tuple[nn.Module, Callable[[], Tensor]]],
) -> None:
    model, loss = build_loss()
    flow = gradient_flow(model, loss)
    layers = [name for name, _ in model.named_modules() if name.endswith(".rnn")]
    # The inner RNN steps token by token within a group and never runs over a sequence: no lags.
    assert list(flow.by_lag) == [name for name in layers if name != "decoder.inner.rnn"]
    assert all(norm > 0 for norms in flow.by_lag.values() for norm in norms)
    assert set(flow.by_layer) >= set(layers)


@pytest.mark.medium
def test_the_norm_of_a_layer_is_that_of_its_parameters() -> None:
    model, loss = flat_loss()
    flow = gradient_flow(model, loss)
    loss().backward()
    for name, norm in flow.by_layer.items():
        squares = [
            float(parameter.grad.square().sum())
            for parameter in model.get_submodule(name).parameters(recurse=False)
            if parameter.grad is not None
        ]
        assert norm == pytest.approx(sum(squares) ** 0.5, rel=1e-5)

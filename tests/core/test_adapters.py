import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from seqstudio.core.adapters import DOWN, UP, LowRank, merge
from seqstudio.errors import ConfigError


@pytest.fixture
def layer() -> nn.LSTM:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.LSTM(3, 4, batch_first=True)


def loss(layer: nn.LSTM, weights: dict[str, Tensor]) -> Tensor:
    frames = torch.linspace(-1, 1, 30).view(2, 5, 3)
    outputs, _ = torch.func.functional_call(layer, weights, (frames,))
    total: Tensor = outputs.square().sum()
    return total


def test_the_gradients_of_the_factors_are_those_of_autograd(layer: nn.LSTM) -> None:
    name = "weight_hh_l0"
    adapter = LowRank(layer, [name], rank=2, seed=1)
    up, down = adapter.factors[name + UP], adapter.factors[name + DOWN]
    with torch.no_grad():
        up.copy_(torch.linspace(-1, 1, 32).view(16, 2))
    adapter.write()
    loss(layer, dict(layer.named_parameters())).backward()
    adapter.pull_gradients()

    fixed = adapter._fixed[name]
    copies = [one.detach().clone().requires_grad_() for one in (up, down)]
    weights = {**dict(layer.named_parameters()), name: fixed + copies[0] @ copies[1]}
    expected = torch.autograd.grad(loss(layer, weights), copies)
    assert_close(up.grad, expected[0])
    assert_close(down.grad, expected[1])
    assert layer.weight_hh_l0.grad is None


def test_at_first_nothing_is_added_and_what_is_added_has_the_rank(layer: nn.LSTM) -> None:
    before = layer.weight_hh_l0.detach().clone()
    adapter = LowRank(layer, ["weight_hh_l0"], rank=2, seed=1)
    adapter.write()
    assert_close(layer.weight_hh_l0.detach(), before, rtol=0, atol=0)

    with torch.no_grad():
        adapter.factors["weight_hh_l0" + UP].fill_(1.0).mul_(torch.arange(16.0)[:, None])
    adapter.write()
    assert torch.linalg.matrix_rank(layer.weight_hh_l0.detach() - before) <= 2


def test_merging_gives_the_weights_that_were_trained(layer: nn.LSTM) -> None:
    base = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    adapter = LowRank(layer, ["weight_hh_l0"], rank=1, seed=1)
    with torch.no_grad():
        adapter.factors["weight_hh_l0" + UP].fill_(0.5)
    adapter.write()
    stored = {name: factor.detach() for name, factor in adapter.factors.items()}
    stored["bias_hh_l0"] = torch.ones(16)

    merged = merge(base, stored)
    assert_close(merged["weight_hh_l0"], layer.weight_hh_l0.detach(), rtol=0, atol=0)
    assert_close(merged["bias_hh_l0"], torch.ones(16))
    assert merged["weight_ih_l0"] is base["weight_ih_l0"]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ({"w" + UP: (2, 1), "w" + DOWN: (1, 4)}, r"w: low-rank factors \(\(2, 1\), \(1, 4\)\)"),
        ({"w" + UP: (2, 1)}, r"w: low-rank factors \(\(2, 1\), None\), expected a product of"),
        ({"v" + UP: (2, 1), "v" + DOWN: (1, 3)}, r"v: a low-rank factor of nothing"),
    ],
)
def test_factors_that_fit_no_matrix_are_named(
    stored: dict[str, tuple[int, int]], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        merge({"w": torch.zeros(2, 3)}, {name: torch.zeros(size) for name, size in stored.items()})

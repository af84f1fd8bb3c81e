import pytest
import torch
from torch import Tensor, nn

from seqstudio.core.weight_noise import weight_noise


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(100, 200), nn.LayerNorm(200), nn.Linear(200, 3))


def moved(layers: nn.Sequential, deviation: float = 0.1, seed: int = 1, step: int = 2) -> Tensor:
    before = layers[0].weight.detach().clone()
    with weight_noise(layers, deviation, seed=seed, step=step):
        return (layers[0].weight - before).detach().clone()


def test_the_noise_is_gaussian_with_this_deviation() -> None:
    noise = moved(model())
    assert noise.mean().item() == pytest.approx(0.0, abs=0.005)
    assert noise.std().item() == pytest.approx(0.1, rel=0.05)
    assert (noise.abs() < 0.1).float().mean().item() == pytest.approx(0.683, abs=0.02)


def test_the_noise_is_a_function_of_seed_and_step() -> None:
    noise = moved(model())
    torch.rand(7)  # the global random state has no effect
    assert torch.equal(moved(model()), noise)
    for other in (moved(model(), seed=2), moved(model(), step=3)):
        assert not torch.equal(other, noise)


def test_weights_are_restored_bit_for_bit_and_vectors_never_move() -> None:
    layers = model()
    before = {name: tensor.clone() for name, tensor in layers.state_dict().items()}
    with weight_noise(layers, 0.1, seed=1, step=2):
        inside = dict(layers.named_parameters())
        moves = {name for name, tensor in before.items() if not torch.equal(inside[name], tensor)}

    assert moves == {"0.weight", "2.weight"}
    assert all(torch.equal(before[name], now) for name, now in layers.state_dict().items())


def test_the_gradient_is_that_at_the_moved_weights() -> None:
    layer = nn.Linear(3, 1, bias=False)
    with weight_noise(layer, 0.5, seed=1, step=2):
        at = layer.weight.detach().clone()
        layer(torch.eye(3)).square().sum().backward()
    assert layer.weight.grad is not None
    assert torch.equal(layer.weight.grad, 2 * at)


def test_no_deviation_adds_no_noise() -> None:
    assert not moved(model(), deviation=0.0).any()

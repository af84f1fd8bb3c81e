"""Bridges: how a decoder starts from what an encoder returned.

In the shapes below S is the width of one decoder layer's state, and Z that of a latent.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from seqstudio.contracts.data import stable_seed
from seqstudio.core.config import check_positive
from seqstudio.core.devices import at_least_float32
from seqstudio.core.dropout import Seeded
from seqstudio.core.encoder import Encoded, Encoder
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError

Pooling = Literal["mean", "max"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalStateConfig:
    """Initialises the decoder with the encoder's final state (Sutskever et al. 2014)."""

    part: ClassVar[str] = "final_state"


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledConfig:
    """Initialises the decoder with the encoder's output, pooled over its valid frames."""

    part: ClassVar[str] = "pooled"
    pooling: Pooling = "mean"

    def __post_init__(self) -> None:
        check_pooling(self.pooling)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentConfig:
    """A variational autoencoder: the decoder starts from a Gaussian latent (Bowman et al. 2016)."""

    part: ClassVar[str] = "latent"
    dimension: int = 32
    pooling: Pooling = "mean"
    free_bits: float = 0.0  # nats, of each dimension: what the KL divergence may cost unpunished
    kl_warmup: int = 0  # passes of training in which the weight of the KL divergence rises to 1

    def __post_init__(self) -> None:
        check_positive(self, "dimension")
        check_pooling(self.pooling)
        for name in ("free_bits", "kl_warmup"):
            if not (value := getattr(self, name)) >= 0:
                raise ConfigError(f"{name}={value}, expected 0 or more")


def check_pooling(pooling: str) -> None:
    """Raise ConfigError if there is no such pooling."""
    if pooling not in ("mean", "max"):
        raise ConfigError(f"pooling={pooling!r}, expected mean or max")


class Bridge(nn.Module):
    """Maps an encoded batch to the decoder's initial state, and may have a loss of its own."""

    reads_state: ClassVar[bool] = False  # whether `Encoded.state` must be there
    latent_width: int | None = None  # Z; None for a bridge without latents

    def forward(self, encoded: Encoded) -> Tensor:
        """Return the (layers, B, S) initial state of the decoder."""
        raise NotImplementedError

    def loss(self, encoded: Encoded) -> tuple[Tensor, int]:
        """Return a loss as a () float sum in nats, and the number of items; 0 for most bridges."""
        return encoded.output.new_zeros(()), len(encoded.lengths)


class FinalState(Bridge):
    """Maps the encoder's final state to the decoder's initial state (Sutskever et al. 2014).

    Decoder layer i starts from encoder layer i, or from the last if there are fewer. A part of the
    state (output or memory) passes unchanged if the widths are equal, otherwise through a linear
    map. A decoder's memory starts from the encoder's output if the encoder has no memory.
    """

    reads_state = True

    def __init__(self, encoder: Encoder, cell_parts: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.encoder_width = encoder.width
        self.source_layers = [min(number, encoder.depth - 1) for number in range(layers)]
        self.source_parts = [min(part, encoder.state_parts - 1) for part in range(cell_parts)]
        same_width = encoder.width == hidden
        self.projections = nn.ModuleList(
            nn.Identity() if same_width else nn.Linear(encoder.width, hidden)
            for _ in range(layers * cell_parts)
        )

    def forward(self, encoded: Encoded) -> Tensor:
        """Return the (layers, B, S) initial state of the decoder.

        Raises
        ------
        ConfigError
            If the encoder returned no states.
        """
        if encoded.state is None:
            raise ConfigError("encoded.state=None, expected the encoder's final states")
        parts = encoded.state.unflatten(2, (-1, self.encoder_width))
        projections = iter(self.projections)
        layers = []
        for layer in self.source_layers:
            projected = [next(projections)(parts[layer, :, part]) for part in self.source_parts]
            layers.append(torch.cat(projected, dim=1))
        return torch.stack(layers)


def pool_frames(encoded: Encoded, pooling: Pooling) -> Tensor:
    """Return the (B, D) mean or maximum of an encoder's output over each item's valid frames."""
    inside = valid_mask(encoded.lengths, encoded.output.shape[1])[:, :, None]
    if pooling == "max":
        return encoded.output.masked_fill(~inside, -torch.inf).amax(dim=1)
    return encoded.output.masked_fill(~inside, 0.0).sum(dim=1) / encoded.lengths[:, None]


class StateMap(nn.Module):
    """A linear map to a decoder's initial state, bounded by tanh (Cho et al. 2014, A.1)."""

    def __init__(self, width: int, layers: int, state: int) -> None:
        super().__init__()
        self.shape = (layers, state)
        self.linear = nn.Linear(width, layers * state)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return (layers, B, S) states from (B, width) vectors."""
        states: Tensor = torch.tanh(self.linear(vectors)).unflatten(1, self.shape)
        return states.transpose(0, 1).contiguous()


class Pooled(Bridge):
    """Maps the mean or maximum of the encoder's output to the decoder's initial state."""

    def __init__(self, config: PooledConfig, width: int, layers: int, state: int) -> None:
        super().__init__()
        self.pooling = config.pooling
        self.states = StateMap(width, layers, state)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return the (layers, B, S) initial state of the decoder."""
        states: Tensor = self.states(pool_frames(encoded, self.pooling))
        return states


def kl_weight(step: int, warmup: int) -> float:
    """Return the weight of the KL divergence at a step: a line from 0 to 1 (Bowman et al. 2016).

    >>> kl_weight(0, 4), kl_weight(3, 4), kl_weight(9, 4), kl_weight(0, 0)
    (0.0, 0.75, 1.0, 1.0)
    """
    return min(1.0, step / warmup) if warmup else 1.0


class LatentGaussian(Seeded, Bridge):
    """The latent of a variational autoencoder [1]_ over sequences [2]_.

    The encoder's pooled output gives a diagonal Gaussian, the posterior; the prior is standard. In
    training the decoder starts from a draw of the posterior, a function of (seed, step, layer); in
    evaluation from its mean. An `Encoded` that has a latent of its own starts from that one.

    References
    ----------
    .. [1] Kingma and Welling 2014, "Auto-encoding variational Bayes", appendix B.
    .. [2] Bowman et al. 2016, "Generating sentences from a continuous space".
    .. [3] Kingma et al. 2016, "Improved variational inference with inverse autoregressive flow",
       section C.8, with the expectation over the batch replaced by each item's own divergence: a
       batch must cost what its items cost one by one.
    """

    def __init__(self, config: LatentConfig, width: int, layers: int, state: int) -> None:
        super().__init__()
        self.config = config
        self.latent_width = config.dimension
        self.gaussian = nn.Linear(width, 2 * config.dimension)
        self.states = StateMap(config.dimension, layers, state)

    def posterior(self, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Return the (B, Z) mean and the (B, Z) log-variance of each item's latent, in float32.

        Raises
        ------
        ConfigError
            If there is no source, only latents.
        """
        if encoded.latent is not None:
            raise ConfigError("posterior of given latents, expected an encoded source")
        pooled = pool_frames(encoded, self.config.pooling)
        mean, log_variance = at_least_float32(self.gaussian(pooled)).chunk(2, dim=1)
        return mean, log_variance

    def latent(self, encoded: Encoded) -> Tensor:
        """Return the (B, Z) latents that the decoder starts from.

        Raises
        ------
        TrainingError
            If the model is in training mode and `reseed` was never called.
        """
        if encoded.latent is not None:
            return encoded.latent
        mean, log_variance = self.posterior(encoded)
        if not self.training:
            return mean
        noise = self.draw(torch.randn, *mean.shape)
        return mean + torch.exp(0.5 * log_variance) * noise.to(mean)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return the (layers, B, S) initial state of the decoder."""
        states: Tensor = self.states(self.latent(encoded))
        return states

    def divergence(self, encoded: Encoded) -> Tensor:
        """Return the (B, Z) KL divergences of posterior from prior, in nats, by dimension."""
        mean, log_variance = self.posterior(encoded)
        return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)

    def loss(self, encoded: Encoded) -> tuple[Tensor, int]:
        """Return the summed KL divergence in nats, and the number of items.

        In training it is weighted by `kl_weight`, and each dimension costs at least its free bits
        [3]_. In evaluation it is exact; but the decoder then starts from the mean, not from a draw,
        so that its loss and this one together are near the bound of the likelihood, not the bound.
        """
        divergence = self.divergence(encoded)
        if not self.training:
            return divergence.sum(), len(divergence)
        weight = kl_weight(self.step, self.config.kl_warmup)
        return weight * divergence.clamp(min=self.config.free_bits).sum(), len(divergence)

    def prior(self, seeds: list[int]) -> Tensor:
        """Draw (B, Z) latents from the prior, each a function of its own seed."""
        generators = (torch.Generator().manual_seed(stable_seed(seed, "latent")) for seed in seeds)
        drawn = [torch.randn(self.config.dimension, generator=one) for one in generators]
        return torch.stack(drawn).to(self.gaussian.weight)


def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Return (steps, Z) latents on the line between two (Z,) latents, both included.

    >>> interpolate(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.0]), 3)
    tensor([[0.0000, 2.0000],
            [0.5000, 1.0000],
            [1.0000, 0.0000]])
    """
    return torch.lerp(start, end, torch.linspace(0.0, 1.0, steps).to(start)[:, None])


def interpolate_on_sphere(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Return (steps, Z) latents on the arc between two (Z,) latents, both included [1]_.

    Draws from a Gaussian of many dimensions lie near a sphere, which a line leaves. Latents of one
    direction, or of opposite ones, are interpolated on a line.

    References
    ----------
    .. [1] Shoemake 1985, "Animating rotation with quaternion curves", section 3.3.
    """
    cosine = torch.dot(start, end) / (start.norm() * end.norm())
    angle = torch.arccos(cosine.clamp(-1.0, 1.0))
    if not angle.sin() > 1e-4:
        return interpolate(start, end, steps)
    shares = torch.linspace(0.0, 1.0, steps).to(start)[:, None]
    parts = torch.sin((1.0 - shares) * angle) * start + torch.sin(shares * angle) * end
    return parts / angle.sin()

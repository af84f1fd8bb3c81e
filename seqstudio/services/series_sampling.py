"""The sampling loop of real-valued series: futures drawn from the densities of a series decoder."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.job import TakeSeed
from seqstudio.core.encoder import Encoded
from seqstudio.core.model import SequenceModel
from seqstudio.core.series_decoder import SeriesDecoder
from seqstudio.errors import ConfigError, ModelError


def sample_series(
    model: SequenceModel,
    history: Tensor,
    takes: Sequence[TakeSeed],
    *,
    encoded: Encoded | None = None,
    items: Sequence[int] | None = None,
    covariates: Tensor | None = None,
) -> Iterator[Tensor]:
    """Draw the futures of all takes in one batch; see `seqstudio.contracts.job.Sampler`.

    Each history is read once, however many takes go on from it. The random numbers of a step are a
    function of (seed, step), and on a CPU the rows of a batch are computed independently.

    Parameters
    ----------
    model : in eval mode, with a series decoder
    encoded : the encoder's output, one item for each history
    """
    if not isinstance(model.decoder, SeriesDecoder):
        raise ConfigError("this model has no decoder of series, expected one")
    chosen = list(range(len(takes)) if items is None else items)
    if len(chosen) != len(takes) or not set(chosen) <= set(range(len(history))):
        raise ConfigError(
            f"items={chosen}, expected {len(takes)} of 0 to {len(history) - 1}, one for each take"
        )
    device = next(model.parameters()).device
    rows = torch.tensor(chosen, dtype=torch.int64, device=device)
    density: Any  # what this decoder returns where others return logits
    with torch.inference_mode():
        density, state = model.prime(
            history.to(device),
            encoded=encoded,
            covariates=None if covariates is None else covariates.to(device),
        )
        density, state = density[rows], state.select(rows)
    step, numbers = history.shape[1], 1 + 2 * history.shape[2]
    while True:
        uniform = torch.tensor([_uniform(take, step, numbers) for take in takes], device=device)
        with torch.inference_mode():
            values = density.sample(uniform)
        if not bool(values.isfinite().all()):
            raise ModelError(f"step {step}: the model returns no number, expected one")
        yield values.cpu()
        step += 1
        with torch.inference_mode():
            density, state = model.step(values, state)


def _uniform(take: TakeSeed, step: int, count: int) -> list[float]:
    """Return the random numbers in [0, 1) of a take's step: 24 bits of a hash each, a float32."""
    return [(stable_seed(take.seed, step, n) >> 39) / 2**24 for n in range(count)]

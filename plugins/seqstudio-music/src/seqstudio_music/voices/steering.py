"""Sampling towards what is locked: takes are drawn several times, and the likeliest go on.

Masks alone let a take walk into a bar whose locked notes do not fit what it played before. So each
take is a population: after every bar a member counts for as much as the model gives what the
constraints leave it, and members are drawn again by their weights (sequential Monte Carlo; Lew et
al. 2023 for language models).
"""

from collections.abc import Callable, Iterator, Sequence
from math import exp

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import LoadedModel, Sampler, SamplingConfig, TakeSeed, stable_seed
from seqstudio_music.voices.sampling import Drawing

MEMBERS = 8  # of the population of a take
DEPLETED = 0.5  # share of effective members below which members are drawn again


def steer_voices(
    sampler: Sampler,
    model: LoadedModel,
    drawing: Drawing,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] = lambda share: None,
    *,
    stop: int,
) -> list[list[NDArray[np.int64]]]:
    """Sample what follows the prompt, several times for each take.

    Parameters
    ----------
    drawing : of as many takes, with constraints
    stop : the step of the grid, at the end of a bar, up to which is sampled

    Returns
    -------
    For each take `MEMBERS` times (stop, S) tokens, the likeliest first
    """
    rows = [take for take in range(len(takes)) for _ in range(MEMBERS)]
    tokens = [list(drawing.prompt) for _ in rows]
    weights = np.zeros(len(rows))
    stops = [end for end in bar_ends(drawing) if end <= stop]
    for number, end in enumerate(stops):
        begun = len(tokens[0])
        draws = [
            TakeSeed(takes[take].number, stable_seed(takes[take].seed, row % MEMBERS, end))
            for row, take in enumerate(rows)
        ]
        guide = drawing.guide(rows, end)
        for row, token in sampler.sample(
            tokens, draws, guide, config, covariates=drawing.covariates[rows]
        ):
            tokens[row].append(token)
        weights += left_nats(model, drawing, rows, tokens, begun)
        for take, seed in enumerate(takes if number + 1 < len(stops) else ()):
            own = slice(take * MEMBERS, (take + 1) * MEMBERS)
            chosen = survivors(weights[own], stable_seed(seed.seed, "survivors", end))
            if chosen is not None:
                tokens[own] = [list(tokens[own.start + member]) for member in chosen]
                weights[own] = 0.0
        on_progress((number + 1) / len(stops))
    ranked = [
        sorted(range(take * MEMBERS, (take + 1) * MEMBERS), key=lambda row: -weights[row])
        for take in range(len(takes))
    ]
    return [[drawing.whole(tokens[row]) for row in order] for order in ranked]


def bar_ends(drawing: Drawing) -> Iterator[int]:
    """Yield the last step of each bar that is sampled, not included in it."""
    end, first = 0, len(drawing.plan.prompt)
    for count in drawing.plan.grid.steps_per_bar:
        end += count
        if end > first:
            yield end


def left_nats(
    model: LoadedModel,
    drawing: Drawing,
    rows: Sequence[int],
    tokens: Sequence[Sequence[int]],
    begun: int,
) -> NDArray[np.float64]:
    """Return how much probability the constraints left each row: (R,) nats, at most 0.

    Only tokens from `begun` on are looked at. A locked token leaves its own probability.
    """
    guide = drawing.guide(rows)
    logits = whole_logits(model, drawing, rows, tokens)[:, begun:]
    masks = torch.stack(
        [
            torch.stack([guide.left_by_constraints(row, own[:at]) for at in range(begun, len(own))])
            for row, own in enumerate(tokens)
        ]
    )
    log_probs = logits.double().log_softmax(dim=-1)
    left = log_probs.masked_fill(~masks, -torch.inf).logsumexp(dim=-1)
    return np.asarray(left.sum(dim=1).numpy())


def whole_logits(
    model: LoadedModel, drawing: Drawing, rows: Sequence[int], tokens: Sequence[Sequence[int]]
) -> Tensor:
    """Return the (R, N, V) logits of whole takes, those of other voices masked."""
    voices, given = len(drawing.layout.voices), torch.tensor(tokens, device=model.device)
    known = drawing.covariates[list(rows), : given.shape[1]].to(model.device)
    lengths = torch.full((len(rows),), given.shape[1], device=model.device)
    with torch.inference_mode():
        logits: Tensor = model.module.decode(given, lengths, covariates=known).float().cpu()
    own = drawing.layout.token_mask[torch.arange(given.shape[1]) % voices]
    return logits.masked_fill(~own, -torch.inf)


def survivors(weights: NDArray[np.float64], seed: int) -> list[int] | None:
    """Draw members by their weights, in nats; None while enough of them count.

    Systematic resampling: one random number, and members at equal distances from it.

    >>> survivors(np.zeros(4), 1) is None, survivors(np.array([-50.0, 0.0, -50.0, -50.0]), 2**60)
    (True, [1, 1, 1, 1])
    """
    shares = np.array([exp(weight - weights.max()) for weight in weights])
    shares /= shares.sum()
    if 1 / (shares**2).sum() >= DEPLETED * len(weights):
        return None
    uniform = (seed >> 10) / 2**53
    points = (np.arange(len(weights)) + uniform) / len(weights)
    chosen = np.searchsorted(shares.cumsum(), points, side="right")
    return [min(int(member), len(weights) - 1) for member in chosen]

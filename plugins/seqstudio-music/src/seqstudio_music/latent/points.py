"""Points of the latent space: those of clips, those of the prior, and the clips of points."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqstudio.api import EndGuide, LoadedModel, PreviewResult, Sampler, SamplingConfig, TakeSeed
from seqstudio.api.nn import Encoded, SequenceModel
from seqstudio_music.grid import new_grid
from seqstudio_music.latent.windows import (
    BEATS,
    MELODY,
    STEPS,
    VOCABULARY,
    WINDOW_BARS,
    Clip,
    canonical,
    columns_of,
)
from seqstudio_music.voices.notes import new_score

GREEDY = SamplingConfig(temperature=0)
SEARCH_STEPS, SEARCH_RATE = 80, 0.1
PRIOR_WEIGHT = 0.1  # less than 1: points of rare clips may lie far out
TEMPO_BPM = 110.0  # quarter notes per minute, if no tempo is requested


def encode(module: SequenceModel, tokens: Tensor) -> Encoded:
    """Encode (B, 32) clips, each token as one of its sixteenth."""
    places = VOCABULARY * torch.arange(STEPS, device=tokens.device)
    return module.encode(tokens + places, torch.full((len(tokens),), STEPS))


def posterior(module: SequenceModel, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the posteriors of (B, 32) clips.

    Returns
    -------
    (B, Z) means, (B, Z) standard deviations, and (B,) divergences from the prior, nats
    """
    encoded = encode(module, tokens)
    mean, log_variance = module.bridge.posterior(encoded)
    return mean, torch.exp(0.5 * log_variance), module.bridge.divergence(encoded).sum(dim=1)


def log_probs(module: SequenceModel, tokens: Tensor, encoded: Encoded) -> Tensor:
    """Return the (B, 32) log-probabilities of clips."""
    beats = tokens.unflatten(1, (BEATS, -1))
    known = beat_numbers().to(tokens.device).expand(len(tokens), -1, -1)
    lengths = torch.full((len(tokens),), BEATS)
    found = module.log_probs(beats, lengths, encoded=encoded, covariates=known)
    return found.flatten(1)


def points_of(module: SequenceModel, tokens: Tensor) -> Tensor:
    """Return the (B, Z) points of (B, 32) clips: where clip and point are most likely together.

    The search begins at the mean of the posterior, which an encoder of few parameters often
    misses [1]_.

    References
    ----------
    .. [1] Kim et al. 2018, "Semi-amortized variational autoencoders".
    """
    with torch.no_grad():
        points = posterior(module, tokens)[0]
    points.requires_grad_()
    optimiser = torch.optim.Adam([points], lr=SEARCH_RATE)
    for _ in range(SEARCH_STEPS):
        with torch.enable_grad():
            likelihood = log_probs(module, tokens, module.from_latents(points)).sum()
            loss = PRIOR_WEIGHT * 0.5 * points.square().sum() - likelihood
        (points.grad,) = torch.autograd.grad(loss, [points])
        optimiser.step()
    return points.detach()


def beat_numbers() -> Tensor:
    """Return the (8, 1) numbers of the beats of a clip, which the decoder knows."""
    return torch.arange(BEATS)[:, None]


def decoded(
    sampler: Sampler,
    module: SequenceModel,
    points: Tensor,
    config: SamplingConfig = GREEDY,
    *,
    seeds: Sequence[int] = (),
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[Clip]:
    """Return the clips of (B, Z) points, by default greedily; `seeds` has one for each point."""
    rows: list[list[int]] = [[] for _ in points]
    takes = [TakeSeed(number, seed) for number, seed in enumerate(seeds or [0] * len(rows), 1)]
    guide, source = EndGuide(end=-1, limit=STEPS), module.from_latents(points)
    for row, token in sampler.sample(
        [()] * len(rows), takes, guide, config, encoded=source, covariates=beat_numbers()
    ):
        rows[row].append(token)
        if row == len(rows) - 1:
            on_progress(len(rows[row]) / STEPS)
    return [canonical(row) for row in rows]


def preview_prior(model: LoadedModel, seed: int) -> PreviewResult:
    """Compose two bars from the prior."""
    (clip,) = decoded(model, model.module, model.module.bridge.prior([seed]))
    grid = new_grid(WINDOW_BARS, (4, 4))
    score = new_score(MELODY, columns_of(clip), grid, key=0, tempo_bpm=TEMPO_BPM)
    return PreviewResult(text=f"{len(score.notes)} notes in 2 bars", outputs={"midi": score})

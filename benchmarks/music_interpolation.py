"""Measure whether the clips between two melodies move gradually from the one to the other.

    python benchmarks/music_interpolation.py MODEL DATA [PAIRS]

MODEL: a bundle or run of music.latent; DATA: its data set, from whose valid split pairs of two-bar
clips are drawn with a fixed seed. Between each two there are seven steps, decoded greedily as in
`seqstudio music interpolate`; all are in one key. Distances are shares of the sixteenths.

order      mean of Spearman's correlation of the number of a step with its distance from the first
           clip, and from the second; 1 and -1 if no step goes back
from ends  mean distance of the first step between from the first clip, and of the last from the
           second: what the model loses, and a step
a step     mean distance of neighbouring steps, both ends left out
new        share of the steps between that are neither of the given clips, nor the step before

As in Roberts et al. 2018, section 4.3, beside the blend that draws each sixteenth from one of the
clips, as likely as it is near.
"""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from seqstudio_music.latent.operations import arcs
from seqstudio_music.latent.points import decoded, points_of
from seqstudio_music.latent.task import LatentTask
from seqstudio_music.latent.windows import STEPS, Clip, canonical, distance

from seqstudio.api import Ledger, LoadedModel
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split, read_examples

BETWEEN = 7
Steps = list[Clip]  # both ends too


def drawn_pairs(data: Path, count: int) -> list[tuple[Clip, Clip]]:
    """Draw pairs of different clips of the valid split."""
    examples = choose_split(read_examples(LatentTask(), data, Ledger(), kinds=("midi",)), "valid")
    clips = sorted({one.tokens for one in examples})
    generator = np.random.default_rng(0)
    drawn = (generator.choice(len(clips), 2, replace=False) for _ in range(count))
    return [(clips[first], clips[second]) for first, second in drawn]


def decoded_steps(model: LoadedModel, pairs: Sequence[tuple[Clip, Clip]]) -> list[Steps]:
    """Return the steps of each pair, decoded from the arcs between their points."""
    ends = points_of(model.module, torch.tensor([clip for pair in pairs for clip in pair]))
    points = arcs(ends[::2], ends[1::2], BETWEEN + 2)[1:-1]
    found = decoded(model, model.module, points.transpose(0, 1).flatten(0, 1))
    rows = [found[first : first + BETWEEN] for first in range(0, len(found), BETWEEN)]
    return [[first, *row, second] for (first, second), row in zip(pairs, rows, strict=True)]


def blended_steps(pairs: Sequence[tuple[Clip, Clip]]) -> list[Steps]:
    """Return the steps of each pair, each sixteenth drawn from one of the clips."""
    generator, found = np.random.default_rng(1), []
    for first, second in pairs:
        shares = np.linspace(0, 1, BETWEEN + 2)[1:-1]
        masks = [generator.random(STEPS) < share for share in shares]
        rows = [canonical(np.where(mask, second, first).tolist()) for mask in masks]
        found.append([first, *rows, second])
    return found


def report(name: str, every: Sequence[Steps]) -> None:
    """Print one row."""
    numbers = range(BETWEEN + 2)
    first = [spearmanr(numbers, [distance(steps[0], one) for one in steps])[0] for steps in every]
    last = [spearmanr(numbers, [distance(steps[-1], one) for one in steps])[0] for steps in every]
    ends = [distance(steps[0], steps[1]) for steps in every]
    others = [distance(steps[-2], steps[-1]) for steps in every]
    a_step = [distance(*two) for steps in every for two in pairwise(steps[1:-1])]
    new = [
        two[1] not in (two[0], steps[0], steps[-1])
        for steps in every
        for two in pairwise(steps[:-1])
    ]
    print(
        f"{name:10} order {np.mean(first):.3f} {np.mean(last):.3f}, "
        f"from ends {np.mean(ends):.3f} {np.mean(others):.3f}, a step {np.mean(a_step):.3f}, "
        f"new {np.mean(new):.3f}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    bundle, data = Path(sys.argv[1]), Path(sys.argv[2])
    chosen = drawn_pairs(data, int(sys.argv[3]) if len(sys.argv) > 3 else 200)
    print(f"{len(chosen)} pairs of clips of two bars, {BETWEEN} steps between each")
    report("latent", decoded_steps(load_bundle(bundle, LatentTask()), chosen))
    report("blend", blended_steps(chosen))

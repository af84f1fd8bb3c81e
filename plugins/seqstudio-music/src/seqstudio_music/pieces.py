"""What both tasks do with pieces of any length: crops for training, whole ones for measures."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import DataError, Example, Measurement

E = TypeVar("E", bound=Example)
P = TypeVar("P", bound=Sized)

MEASURED_STEPS = 4096  # steps measured side by side, padding included


def crop_start(length: int, crop: int, generator: np.random.Generator) -> int:
    """Draw where a crop of a longer piece begins.

    Starts that overhang are moved inside, so that the ends of a piece keep their share.
    """
    half = crop // 2
    drawn = int(generator.integers(-half, length - half + 1))
    return min(max(drawn, 0), length - crop)


def counted_steps(lengths: Tensor, starts: Sequence[int], lead: int, longest: int) -> Tensor:
    """Say which steps carry loss: those of the piece, but the first `lead` of a crop inside one.

    Parameters
    ----------
    lengths : (B,) int64
    starts : where each crop begins in its piece

    Returns
    -------
    (B, longest) bool
    """
    at = torch.arange(longest)
    leads = torch.tensor([lead if start else 0 for start in starts])
    return (at < lengths[:, None]) & (at >= leads[:, None])


def measure_whole(
    examples: Iterable[E],
    read: Callable[[E], P],
    measure: Callable[[Sequence[tuple[str, P]]], Iterator[Measurement]],
    monitor: str,
) -> Iterator[Measurement]:
    """Measure whole pieces, as many side by side as memory is meant to hold.

    Parameters
    ----------
    read : gives a piece, or raises DataError: then it is refused
    measure : measures pieces, each with its id, side by side
    monitor : the figure that a refused piece has none of
    """
    waiting: list[tuple[str, P]] = []
    for example in examples:
        try:
            piece = read(example)
        except DataError as bad:
            yield Measurement(id=example.id, sums={monitor: (0.0, 0.0)}, refused=str(bad))
            continue
        longest = max([len(piece), *(len(other) for _, other in waiting)])
        if waiting and longest * (len(waiting) + 1) > MEASURED_STEPS:
            yield from measure(waiting)
            waiting = []
        waiting.append((example.id, piece))
    if waiting:
        yield from measure(waiting)

"""Pieces of any length: crops of them in training, measurements of whole ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import ConfigError, DataError, Example, Measurement

E = TypeVar("E", bound=Example)
P = TypeVar("P", bound=Sized)

MEASURED_STEPS = 4096  # steps measured in one batch, padding included


@dataclass(frozen=True, slots=True, kw_only=True)
class CropAndShift:
    """How pieces are cropped and transposed in training. A step: a frame or a sixteenth."""

    crop: int  # steps of a piece that one training step uses; 0 uses all
    lead: int  # steps at the start of a crop inside a piece that carry no loss
    lowest_shift: int  # semitones that a piece is transposed by
    highest_shift: int
    unshifted: float  # share of the draws that are not transposed

    def __post_init__(self) -> None:
        if self.crop and self.crop <= self.lead:
            raise ConfigError(f"crop={self.crop}, expected 0, or more than lead={self.lead}")
        if self.lowest_shift > self.highest_shift:
            span = f"at most highest_shift={self.highest_shift}"
            raise ConfigError(f"lowest_shift={self.lowest_shift}, expected {span}")
        if not 0 <= self.unshifted <= 1:
            raise ConfigError(f"unshifted={self.unshifted}, expected 0 to 1")

    def draw_shift(self, low: int, high: int, generator: np.random.Generator) -> int:
        """Draw a transposition from `low` to `high`, or none; 0 if the range is empty."""
        unshifted = generator.random() < self.unshifted
        return 0 if unshifted or low > high else int(generator.integers(low, high + 1))

    def crop_and_shift(self) -> dict[str, Any]:
        """Return these fields alone, by name, to copy them from options to settings."""
        return {field.name: getattr(self, field.name) for field in fields(CropAndShift)}

    def draw_crop(self, length: int, generator: np.random.Generator) -> slice:
        """Draw the crop of a piece of `length` steps; a piece that is not longer stays whole.

        Starts are drawn from half a crop before the piece to half a crop before its end, and those
        outside are moved inside, so that the first and last steps are used as often as others.
        """
        if not self.crop or length <= self.crop:
            return slice(0, length)
        half = self.crop // 2
        start = int(generator.integers(-half, length - half + 1))
        start = min(max(start, 0), length - self.crop)
        return slice(start, start + self.crop)


def counted_steps(lengths: Tensor, starts: Sequence[int], lead: int, longest: int) -> Tensor:
    """Mark the steps that carry loss: all of a piece, without the lead of a crop inside a piece.

    Parameters
    ----------
    lengths : (B,) int64
    starts : the step of its piece at which each crop begins
    lead : steps at the start of a crop that carry no loss
    longest : T

    Returns
    -------
    (B, T) bool
    """
    steps = torch.arange(longest)
    leads = torch.tensor([lead if start else 0 for start in starts])
    return (steps < lengths[:, None]) & (steps >= leads[:, None])


def measure_whole(
    examples: Iterable[E],
    read: Callable[[E], P],
    measure: Callable[[Sequence[tuple[str, P]]], Iterator[Measurement]],
    monitor: str,
) -> Iterator[Measurement]:
    """Measure whole pieces, in batches of at most `MEASURED_STEPS` steps or of one piece.

    Parameters
    ----------
    read : returns the piece of an example; an example for which it raises DataError is refused
    measure : measures one batch of pieces, each with the id of its example
    monitor : the metric of the task; a refused example adds 0 of 0 to it
    """
    batch: list[tuple[str, P]] = []
    for example in examples:
        try:
            piece = read(example)
        except DataError as error:
            yield Measurement(id=example.id, sums={monitor: (0.0, 0.0)}, refused=str(error))
            continue
        longest = max([len(piece), *(len(other) for _, other in batch)])
        if batch and longest * (len(batch) + 1) > MEASURED_STEPS:
            yield from measure(batch)
            batch = []
        batch.append((example.id, piece))
    if batch:
        yield from measure(batch)

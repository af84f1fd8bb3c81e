"""What moves between a data set and a training step: examples, ledgers, batches, loss sums."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seqstudio.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

SPLITS = {
    "train": "train",
    "dev": "valid",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "test": "test",
}


def canonical_split(name: str) -> str:
    """Give one name to `dev`, `val`, `valid` and `validation`; other names stay as they are.

    >>> canonical_split("dev"), canonical_split("test-clean")
    ('valid', 'test-clean')
    """
    return SPLITS.get(name, name)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One item of a data set. Tasks subclass it with what their `collate` needs.

    `id` is unique in its data set and stable between runs: random draws hang on it. `split` is
    canonical, or "" where the source is unsplit. `group` names what must not lie on both sides of
    a split (a speaker, a composer), or "" where unknown.
    """

    id: str
    split: str = ""
    group: str = ""
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AudioExample(Example):
    """One recording and what is said in it: what importers of `audio+transcript` yield.

    The audio may turn out to be missing or unreadable; whoever opens it finds out. `where` is the
    name of the item in the ledger.
    """

    audio: Path
    transcript: str
    where: str
    seconds: float = 0.0  # 0 where the source does not say


@dataclass(slots=True)
class Ledger:
    """Every input ends here once: used, or refused with a reason."""

    used: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)  # named counts, e.g. drawn unperturbed

    def use(self, where: str) -> None:
        """Count `where` (a path, or path:line) as used."""
        self.used.append(where)

    def refuse(self, where: str, reason: str) -> None:
        """Count `where` as refused; a later fault of a used input moves it here."""
        if where in self.used:
            self.used.remove(where)
        self.refused[where] = reason

    def note(self, name: str, count: int = 1) -> None:
        """Add to a named count that a person should see."""
        self.notes[name] = self.notes.get(name, 0) + count

    def summary(self) -> str:
        """One line: how many were used and refused."""
        return f"{len(self.used)} used, {len(self.refused)} refused"


def stable_seed(*parts: int | str) -> int:
    """Hash any parts into a 63-bit seed, the same in every process and on every machine.

    >>> stable_seed(0, "epoch", 3) == stable_seed(0, "epoch", 3)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


@dataclass(frozen=True, slots=True)
class Draws:
    """Stateless randomness: a generator is a function of (seed, epoch, item), never of history."""

    seed: int
    epoch: int

    def of(self, item: str) -> "np.random.Generator":
        """Give the generator of one item in this epoch."""
        import numpy as np  # contracts load nothing heavy on import

        return np.random.default_rng(stable_seed(self.seed, self.epoch, item))


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Padded tensors of several examples, with their ids. Tasks subclass it with tensor fields."""

    ids: tuple[str, ...]

    def to(self, device: str) -> Self:
        """Move every tensor field to `device`."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        moved = {name: v.to(device) for name, v in values.items() if hasattr(v, "to")}
        return dataclasses.replace(self, **moved)


@dataclass(frozen=True, slots=True)
class LossSum:
    """A loss as a sum, and how many things it sums over: the trainer divides once, globally."""

    total: "torch.Tensor"  # () float, differentiable
    count: int
    parts: Mapping[str, float] = field(default_factory=dict)  # named sums, for the curves


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What `evaluate` learns from one example: sums to be pooled as numerator over denominator."""

    id: str
    sums: Mapping[str, tuple[float, float]]
    detail: Mapping[str, object] = field(default_factory=dict)  # JSON values, e.g. aligned errors
    refused: str = ""  # why the input could not be read; its sums still count


def pool(measured: list[Measured]) -> dict[str, float]:
    """Pool metrics over a set: total numerator over total denominator, never a mean of means.

    Raises
    ------
    DataError
        If nothing was measured: no items, or none that holds anything to measure.
    """
    if not any(bottom for one in measured for _, bottom in one.sums.values()):
        first = next((f" ({one.refused})" for one in measured if one.refused), "")
        raise DataError(f"0 of {len(measured)} items measured, expected at least 1{first}")
    totals: dict[str, tuple[float, float]] = {}
    for one in measured:
        for name, (top, bottom) in one.sums.items():
            old = totals.get(name, (0.0, 0.0))
            totals[name] = old[0] + top, old[1] + bottom
    return {name: top / bottom if bottom else 0.0 for name, (top, bottom) in totals.items()}

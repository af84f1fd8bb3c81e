"""The data that flows from a data set to a training step: examples, ledgers, batches, losses."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from seqstudio.contracts.audio import AudioSource
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
    """Return `valid` for `dev`, `val` and `validation`; return other names unchanged.

    >>> canonical_split("dev"), canonical_split("test-clean")
    ('valid', 'test-clean')
    """
    return SPLITS.get(name, name)


def split_in(name: str) -> str:
    """Return the split that a file or folder name has as one of its words, or "".

    >>> split_in("train-clean-100"), split_in("my_dev_manifest"), split_in("trained")
    ('train', 'valid', '')
    """
    words = re.split(r"[^a-z]+", name.lower())
    return next((SPLITS[word] for word in words if word in SPLITS), "")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One item of a data set. Tasks subclass it and add the fields that `collate` needs.

    `id` is unique in its data set and the same in every run, because random draws depend on it.
    `split` is a canonical name, or "" if the data has no splits. `group` is what must not appear
    in both train and valid (a speaker, a composer), or "" if unknown.
    """

    id: str
    split: str = ""
    group: str = ""
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AudioExample(Example):
    """A recording and its transcript. Importers of the kind `audio+transcript` yield these.

    The importer does not open the audio, so the file may be missing or unreadable.
    """

    audio: Path | AudioSource
    transcript: str
    where: str = ""  # the item's name in the ledger; by default its id
    seconds: float = 0.0  # 0 if the source does not give the duration

    def __post_init__(self) -> None:
        if not self.where:
            object.__setattr__(self, "where", self.id)


@dataclass(slots=True)
class Ledger:
    """The fate of every input: used, or refused with a reason. Each input appears once."""

    used: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)  # named counts to show to the user
    reader: str = ""  # who read the data: the task, or an importer as PLUGIN.NAME

    def use(self, where: str) -> None:
        """List `where` (a path, or path:line) as used."""
        self.used.append(where)

    def refuse(self, where: str, reason: str) -> None:
        """List `where` as refused; if it was listed as used, move it here."""
        if where in self.used:
            self.used.remove(where)
        self.refused[where] = reason

    def count(self, name: str, number: int = 1) -> None:
        """Add to a named count that the user sees, such as "notes cut short"."""
        self.counts[name] = self.counts.get(name, 0) + number

    def summary(self) -> str:
        """Return one line with the numbers of used and refused inputs."""
        return f"{len(self.used)} used, {len(self.refused)} refused"


def stable_seed(*parts: int | str) -> int:
    """Hash any values to a 63-bit seed that is the same in every process and on every machine.

    >>> stable_seed(0, "epoch", 3) == stable_seed(0, "epoch", 3)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


@dataclass(frozen=True, slots=True)
class Draws:
    """Stateless random draws: the generator of an item is a function of (seed, epoch, item)."""

    seed: int
    epoch: int

    def generator(self, item: str) -> "np.random.Generator":
        """Return a new generator for one item in this epoch."""
        import numpy as np  # imported late: contracts load no large library

        return np.random.default_rng(stable_seed(self.seed, self.epoch, item))


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Several examples, padded to tensors. Tasks subclass it and add the tensor fields."""

    ids: tuple[str, ...]

    def to(self, device: str) -> Self:
        """Return a copy with every tensor field on `device`.

        Copies to CUDA are pinned and do not wait: they overlap with the step before.
        """
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        moved = {name: _moved(v, device) for name, v in values.items() if hasattr(v, "to")}
        return dataclasses.replace(self, **moved)


def _moved(value: Any, device: str) -> Any:
    if device.startswith("cuda") and hasattr(value, "pin_memory") and value.device.type == "cpu":
        return value.pin_memory().to(device, non_blocking=True)
    return value.to(device)


@dataclass(frozen=True, slots=True)
class LossSum:
    """A loss as a sum and the number of terms in it. The trainer divides once per step."""

    total: "torch.Tensor"  # () float, differentiable
    count: "int | torch.Tensor"  # () int64; on the loss's device it costs no synchronisation
    # named sums, for the loss curves; () tensors cost no synchronisation
    parts: Mapping[str, "float | torch.Tensor"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The metrics of one example, each as (numerator, denominator), to be pooled over a set."""

    id: str
    sums: Mapping[str, tuple[float, float]]
    detail: Mapping[str, object] = field(default_factory=dict)  # JSON values for the report
    refused: str = ""  # why the input could not be read, if so; its sums still count


def pool(measurements: list[Measurement]) -> dict[str, float]:
    """Pool metrics over a set: the total numerator over the total denominator.

    Raises
    ------
    DataError
        If every denominator is 0, or there are no items.
    """
    if not any(denominator for one in measurements for _, denominator in one.sums.values()):
        first = next((f" ({one.refused})" for one in measurements if one.refused), "")
        raise DataError(f"0 of {len(measurements)} items measured, expected at least 1{first}")
    totals: dict[str, tuple[float, float]] = {}
    for one in measurements:
        for name, (numerator, denominator) in one.sums.items():
            total = totals.get(name, (0.0, 0.0))
            totals[name] = total[0] + numerator, total[1] + denominator
    return {name: top / bottom if bottom else 0.0 for name, (top, bottom) in totals.items()}

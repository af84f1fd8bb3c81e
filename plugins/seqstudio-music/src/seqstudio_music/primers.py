"""Primers: the scores that the operation `continue` adds bars to."""

from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError
from seqstudio.api.media import Score


@dataclass(frozen=True, slots=True)
class Primer:
    """A readable score with at least one note."""

    path: Path
    score: Score
    faults: tuple[str, ...]  # of the file as it was read, those that reading mends among them
    mends: tuple[str, ...]  # what was mended while the file was read
    repaired: bool  # whether `score` is free of all faults

    @property
    def fault_summary(self) -> str:
        """What was mended, repaired or kept: the first of each, and how many others; or ""."""
        kept = tuple(fault for fault in self.faults if fault not in self.mends)
        outcome = "repaired" if self.repaired else "kept"
        parts = (("mended while reading", self.mends), (f"faults {outcome}", kept))
        return "; ".join(f"{what}: {_first_of(found)}" for what, found in parts if found)


def _first_of(faults: tuple[str, ...]) -> str:
    return faults[0] + (f" and {len(faults) - 1} more" if len(faults) > 1 else "")


def read_primer(path: Path, *, repair: bool) -> Primer:
    """Read a primer, and repair its faults if `repair` is set.

    Raises
    ------
    DataError
        If the file cannot be read or has no notes.
    """
    score = Score.read(path)
    faults, mends = score.faults, score.mends
    if repair:
        score = score.repaired()
    if not score.notes:
        raise DataError(f"{path}: 0 notes, expected at least 1")
    return Primer(path, score, faults, mends, repair and bool(faults))

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
    faults: tuple[str, ...]  # of the file as it was read
    repaired: bool  # whether `score` is free of them

    @property
    def fault_summary(self) -> str:
        """The first fault and the number of others, and whether they were repaired; or ""."""
        if not self.faults:
            return ""
        outcome = "repaired" if self.repaired else "kept"
        more = f" and {len(self.faults) - 1} more" if len(self.faults) > 1 else ""
        return f"faults {outcome}: {self.faults[0]}{more}"


def read_primer(path: Path, *, repair: bool) -> Primer:
    """Read a primer, and repair its faults if `repair` is set.

    Raises
    ------
    DataError
        If the file cannot be read or has no notes.
    """
    score = Score.read(path)
    faults = score.faults
    if repair:
        score = score.repaired()
    if not score.notes:
        raise DataError(f"{path}: 0 notes, expected at least 1")
    return Primer(path, score, faults, repair and bool(faults))

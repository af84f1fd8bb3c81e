"""What was measured of a run that learned from corrections: before, after, and what follows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import DataError

JUDGEMENT = "learned.json"
VERDICT = ("kept", "sure")  # follow from a judgement, and are written beside it


@dataclass(frozen=True, slots=True)
class Estimate:
    """A pooled metric, or a difference of two, with its bootstrapped 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the held-out items say of the weights before and after."""

    metric: str  # lower is better
    items: int  # held out
    total: int  # items of the data
    before: Estimate
    after: Estimate
    difference: Estimate  # after minus before; each draw takes the same items of both

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "Judgement":
        """Return what `settle` recorded.

        Raises
        ------
        DataError
            If the table does not come from there.
        """
        plain = {name: value for name, value in table.items() if name not in VERDICT}
        return from_plain(cls, plain, JUDGEMENT, error=DataError)

    @property
    def kept(self) -> bool:
        """Whether the new weights are kept: they are not worse."""
        return self.difference.value <= 0

    @property
    def sure(self) -> bool:
        """Whether the interval of the difference lies on one side of 0."""
        return self.difference.high < 0 or self.difference.low > 0


def read_judgement(folder: Path) -> Judgement | None:
    """Return what was measured of a run that learned from corrections; None if nothing was yet.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    path = folder / JUDGEMENT
    try:
        table = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}, expected what a run has learned") from error
    return Judgement.of(table)

"""The ledger of a run as lines that the user can filter."""

from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.data import Ledger


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One input; it is refused if it has a reason."""

    where: str
    reason: str = ""


def ledger_lines(
    ledger: Ledger, data: Path | None, *, refused_only: bool, filter: str
) -> tuple[LedgerLine, ...]:
    """Return the inputs whose name or reason contains `filter`, the refused ones first.

    Names are relative to the data folder; a reason does not repeat the name of its input.
    """
    refused = [
        LedgerLine(_below(where, data), why.removeprefix(f"{where}: "))
        for where, why in ledger.refused.items()
    ]
    used = [] if refused_only else [LedgerLine(_below(where, data)) for where in ledger.used]
    wanted = filter.strip().lower()
    return tuple(
        line for line in (*refused, *used) if wanted in f"{line.where} {line.reason}".lower()
    )


def _below(where: str, data: Path | None) -> str:
    return where.removeprefix(f"{data}/") if data else where


def ledger_summary(ledger: Ledger | None) -> str:
    """Write how many inputs are used and how many are refused.

    >>> ledger_summary(Ledger(["a"], {"b": "empty"}))
    '1 used, 1 refused'
    """
    return ledger.summary() if ledger else "not read yet"


def ledger_counts(ledger: Ledger | None) -> str:
    """Write the task's other counts.

    >>> ledger_counts(Ledger(["a"], counts={"notes cut short": 2, "empty bars": 1}))
    '2 notes cut short, 1 empty bars'
    """
    return ", ".join(f"{count} {name}" for name, count in ledger.counts.items()) if ledger else ""

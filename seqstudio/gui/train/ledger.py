"""The ledger of a run as lines that a person can filter."""

from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.data import Ledger


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One input: refused where it has a reason."""

    where: str
    reason: str = ""


def ledger_lines(
    ledger: Ledger, data: Path | None, *, refused_only: bool, filter: str
) -> tuple[LedgerLine, ...]:
    """Give the inputs whose name or reason holds `filter`, the refused first.

    Names are those below the folder of the data; a reason does not name its input again.
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
    """Say how many inputs are used and how many refused.

    >>> ledger_summary(Ledger(["a"], {"b": "empty"}))
    '1 used, 1 refused'
    """
    return ledger.summary() if ledger else "Not looked at yet"


def ledger_notes(ledger: Ledger | None) -> str:
    """Say what else the task noticed.

    >>> ledger_notes(Ledger(["a"], notes={"notes cut short": 2, "empty bars": 1}))
    '2 notes cut short, 1 empty bars'
    """
    return ", ".join(f"{count} {name}" for name, count in ledger.notes.items()) if ledger else ""

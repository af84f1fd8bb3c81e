"""What a run folder tells. Reads JSON; no torch."""

import json
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.data import Ledger
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import DataError
from seqstudio.services.events import Event
from seqstudio.services.runs import RunSpec, open_run


@dataclass(frozen=True, slots=True)
class RunRead:
    """A run folder, read."""

    spec: RunSpec
    ledger: Ledger | None
    events: tuple[Event, ...] = ()


def read_run(folder: Path) -> RunRead:
    """Read a run folder; slow for long runs, so call it on a thread.

    Raises
    ------
    SeqStudioError
        If it is no run folder, or what is in it does not fit.
    """
    run = open_run(folder)
    return RunRead(run.spec, read_ledger(folder), tuple(run.events()))


def read_begun(folder: Path) -> RunRead | None:
    """Read what a run begins with, without what has happened; None before the worker has looked.

    Raises
    ------
    SeqStudioError
        If what is in its folder does not fit.
    """
    ledger = read_ledger(folder)
    return RunRead(open_run(folder).spec, ledger) if ledger else None


def read_ledger(folder: Path) -> Ledger | None:
    """Read which inputs were used and which refused; None before the worker has looked.

    Raises
    ------
    DataError
        If it does not fit.
    """
    path = folder / "ledger.json"
    try:
        table = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as bad:
        raise DataError(f"{path}: {bad}, expected the ledger of a run") from bad
    if not isinstance(table, dict):
        raise DataError(f"{path}: expected the ledger of a run")
    used = from_plain(tuple[str, ...], table.get("used", []), f"{path}.used", error=DataError)
    fields = ("refused", "notes")
    refused, notes = ({str(k): v for k, v in table.get(one, {}).items()} for one in fields)
    return Ledger(list(used), refused, notes)

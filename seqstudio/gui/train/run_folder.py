"""Reads run folders: the spec, the ledger and the events. Reads JSON; no torch."""

import json
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.data import Ledger
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import DataError
from seqstudio.services.events import Event
from seqstudio.services.judgement import Judgement, read_judgement
from seqstudio.services.runs import RunSpec, open_run


@dataclass(frozen=True, slots=True)
class RunContents:
    """The contents of a run folder."""

    spec: RunSpec
    ledger: Ledger | None
    events: tuple[Event, ...] = ()
    judgement: Judgement | None = None  # of what was learned from corrections


def read_run(folder: Path) -> RunContents:
    """Read a run folder; slow for long runs, so call it on a thread.

    Raises
    ------
    SeqStudioError
        If it is not a run folder, or a file in it is damaged.
    """
    run = open_run(folder)
    events, judgement = tuple(run.events()), read_judgement(folder)
    return RunContents(run.spec, read_ledger(folder), events, judgement)


def read_start(folder: Path) -> RunContents | None:
    """Read the spec and the ledger of a run; None if the worker has not read the data yet.

    Raises
    ------
    SeqStudioError
        If a file in the folder is damaged.
    """
    ledger = read_ledger(folder)
    return RunContents(open_run(folder).spec, ledger) if ledger else None


def read_ledger(folder: Path) -> Ledger | None:
    """Read the used and refused inputs; None if the worker has not read the data yet.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    path = folder / "ledger.json"
    try:
        table = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}, expected the ledger of a run") from error
    if not isinstance(table, dict):
        raise DataError(f"{path}: expected the ledger of a run")
    used = from_plain(tuple[str, ...], table.get("used", []), f"{path}.used", error=DataError)
    fields = ("refused", "counts")
    refused, notes = ({str(k): v for k, v in table.get(one, {}).items()} for one in fields)
    return Ledger(list(used), refused, notes)

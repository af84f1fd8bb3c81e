"""What this machine knows of a recogniser from the jobs that used it: its speed, its errors."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from seqstudio.host.jobs.database import JobDatabase, to_text

LATEST = 200  # finished items that tell the speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What was measured on this machine; None where nothing was."""

    times_real_time: float | None = None  # seconds of sound for a second of work, one worker
    wer: float | None = None  # the fraction of words that the latest `evaluate` found wrong
    data: str = ""  # on which


def experience_of(database: JobDatabase, name: str, sha256: str) -> Experience:
    """Return what the jobs of a profile tell of one recogniser.

    Parameters
    ----------
    database : of the jobs
    name, sha256 : of the recogniser, as the provenance of items has them
    """
    models = to_text({name: sha256})
    items = database.read(
        "SELECT details, provenance FROM item WHERE state = 'done'"
        " AND json_extract(provenance, '$.models') = json(?)"
        " ORDER BY job DESC, number DESC LIMIT ?",
        (models, LATEST),
    )
    speeds = [known[1] / known[0] for item in items if (known := work_and_audio_s(item))]
    wer, data = _latest_error(database, name)
    return Experience(times_real_time=median(speeds) if speeds else None, wer=wer, data=data)


def work_and_audio_s(item: sqlite3.Row) -> tuple[float, float] | None:
    """Return how long an item's work took and how long its audio is, in seconds.

    None if that is not known, or if earlier work was taken, which says nothing of the speed.
    """
    details, provenance = json.loads(item["details"]), json.loads(item["provenance"])
    work_s, audio_s = provenance.get("work_s"), details.get("duration_s")
    if not work_s or not audio_s or details.get("reused"):
        return None
    return work_s, audio_s


def _latest_error(database: JobDatabase, name: str) -> tuple[float | None, str]:
    """Return what the latest `evaluate` of a name found, and on which data."""
    jobs = database.read(
        "SELECT spec, value FROM job WHERE verb = 'evaluate' AND state = 'done'"
        " AND json_extract(spec, '$.model') = ? ORDER BY id DESC LIMIT 1",
        (name,),
    )
    for job in jobs:
        value, arguments = json.loads(job["value"]), json.loads(job["spec"])["arguments"]
        if isinstance(wer := value.get("wer"), float):
            data = f"{Path(arguments['data']).name} {arguments['split']}, {value['items']} items"
            return wer, data
    return None, ""

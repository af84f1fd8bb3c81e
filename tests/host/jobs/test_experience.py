"""What a machine knows of a recogniser: from its jobs, and from nothing else."""

import json
from pathlib import Path

import pytest

from seqstudio.host.jobs.database import ItemRow, to_text
from seqstudio.host.jobs.experience import Experience, experience_of
from seqstudio.host.jobs.queue import Jobs, NewJob

ITEM = ItemRow(number=1, batch=1, name="a.wav", take=0, seed=0, inputs={}, targets={})


def add(jobs: Jobs, *, verb: str, spec: object, value: object = None, **columns: object) -> None:
    """Add a job that is done, with one item."""
    new = NewJob(identity="", plugin="speech", verb=verb, name="x", spec=json.dumps(spec), seed=1,
                 owner="")  # fmt: skip
    number = jobs.add(new, lambda job: [ITEM])
    with jobs.database.transaction() as connection:
        connection.execute(
            "UPDATE job SET state = 'done', value = ? WHERE id = ?", (to_text(value or {}), number)
        )
        connection.execute(
            "UPDATE item SET state = 'done', details = ?, provenance = ? WHERE job = ?",
            (to_text(columns.get("details", {})), to_text(columns.get("provenance", {})), number),
        )


def transcribed(
    jobs: Jobs, seconds: float, work_s: float, sha256: str = "1", **details: str
) -> None:
    provenance = {"models": {"tiny": sha256}, "work_s": work_s}
    details_of = {"duration_s": seconds, **details}
    add(jobs, verb="operation", spec={}, details=details_of, provenance=provenance)


def test_the_speed_is_the_median_of_what_the_same_model_did(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite")
    for work_s in (10.0, 20.0, 60.0):
        transcribed(jobs, 60.0, work_s)
    transcribed(jobs, 60.0, 0.1, sha256="another")
    transcribed(jobs, 60.0, 0.1, reused="posteriors")

    assert experience_of(jobs.database, "tiny", "1").times_real_time == pytest.approx(3.0)


def test_the_errors_are_those_of_the_latest_evaluation(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite")
    for wer in (0.5, 0.07):
        spec = {"model": "tiny", "arguments": {"data": "/data/lj.tsv", "split": "test"}}
        add(jobs, verb="evaluate", spec=spec, value={"wer": wer, "items": 32})

    known = experience_of(jobs.database, "tiny", "1")
    assert (known.wer, known.data) == (0.07, "lj.tsv test, 32 items")


def test_nothing_is_claimed_of_what_was_never_used(tmp_path: Path) -> None:
    assert experience_of(Jobs(tmp_path / "jobs.sqlite").database, "tiny", "1") == Experience()

"""A stopped or killed item goes on at its last finished piece; what was done of it is shown."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.database import JobDatabase
from seqstudio.host.jobs.events import ItemDone, Notice
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.queue import Jobs
from seqstudio.host.processes import owner_name
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.worker.pieces import PieceFile

COUNTING = """
import time
from seqstudio.api import Cancelled


def shout(request, job):
    pieces = job.pieces()
    done = list(pieces.kept)
    try:
        for number in range(len(done), 12):
            job.progress(number / 12)
            open(job.folder.parent / "done.log", "a").write(f"{{number}}\\n")
            time.sleep({pause})
            done.append(f"piece {{number}}")
            pieces.keep(done[-1])
    except Cancelled:
        yield Result(outputs={{"text": " ".join(done)}}, partial=True, summary="stopped early")
        raise
    yield Result(outputs={{"text": " ".join(done)}})


RUN = {{"shout": shout}}
"""
WHOLE = " ".join(f"piece {number}" for number in range(12))


def spec_of(folder: Path, out: Path, **changes: Any) -> JobSpec:
    return JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=out, **changes)


@pytest.mark.medium
def test_a_cancelled_item_leaves_its_part_and_goes_on_there(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.batch("tiny", COUNTING.format(pause=0.1))
    folder, out = words("a.txt"), tmp_path / "out"
    handle = Studio(home).submit(spec_of(folder, out))
    notices = []
    for event in handle.events():
        if isinstance(event, Notice):
            notices.append(event.text)
        elif (home / "jobs/1/done.log").exists() and "3" in (home / "jobs/1/done.log").read_text():
            handle.cancel()
    part = (out / "a.partial.txt").read_text()

    assert WHOLE.startswith(part)
    assert 10 < len(part) < len(WHOLE)
    assert notices == [f"{folder}/a.txt: stopped early; kept as {out}/a.partial.txt"]
    assert not (out / "a.txt").exists()
    again = Studio(home).submit(spec_of(folder, out))
    assert again.id == handle.id
    assert [type(event) for event in again.events()][-2] is ItemDone
    assert (out / "a.txt").read_text() == WHOLE
    assert not (out / "a.partial.txt").exists()
    assert not list((home / "jobs").glob("*/pieces/*"))
    log = (home / "jobs/1/done.log").read_text().split()
    assert len(log) == len(set(log)) == 12


@pytest.mark.medium
def test_a_part_that_a_person_corrected_stays(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.batch("tiny", COUNTING.format(pause=0.1))
    folder, out = words("a.txt"), tmp_path / "out"
    handle = Studio(home).submit(spec_of(folder, out))
    for _ in handle.events():
        if (home / "jobs/1/done.log").exists() and "2" in (home / "jobs/1/done.log").read_text():
            handle.cancel()
    (out / "a.partial.txt").write_text("corrected")
    assert Studio(home).submit(spec_of(folder, out)).wait().done == 1
    assert (out / "a.partial.txt").read_text() == "corrected"


@pytest.mark.medium
def test_killed_again_and_again_every_piece_is_done_once(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.batch("tiny", COUNTING.format(pause=0.2))
    folder, out = words("a.txt", "b.txt"), tmp_path / "out"
    program = (
        f"import sys; sys.path.insert(0, {str(site.folder)!r})\n"
        "from pathlib import Path\n"
        "from seqstudio.host.studio import JobSpec, Studio\n"
        f"spec = JobSpec(plugin='tiny', name='shout', inputs={{'words': (Path({str(folder)!r}),)}},"
        f" out=Path({str(out)!r}))\n"
        f"Studio(Path({str(home)!r})).submit(spec).wait()\n"
    )
    kills = 0
    while kills < 8:
        before = (
            len((home / "jobs/1/done.log").read_text())
            if (home / "jobs/1/done.log").exists()
            else 0
        )
        child = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
        while child.poll() is None:
            size = (
                len((home / "jobs/1/done.log").read_text())
                if (home / "jobs/1/done.log").exists()
                else 0
            )
            if size > before + 4:
                os.killpg(child.pid, signal.SIGKILL)
            time.sleep(0.02)
        child.wait()
        assert JobDatabase(home / "jobs.sqlite").read("PRAGMA integrity_check")[0][0] == "ok"
        if child.returncode == 0:
            break
        kills += 1
    assert Studio(home).submit(spec_of(folder, out)).wait().failed == 0
    for name in ("a", "b"):
        assert (out / f"{name}.txt").read_text() == WHOLE
    counted = (home / "jobs/1/done.log").read_text().split()
    assert len(counted) <= 24 + kills  # a kill loses at most the piece that was being done
    assert kills > 2


def test_a_line_that_a_killed_process_left_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "deep/pieces.jsonl"
    pieces = PieceFile(path)
    pieces.keep({"words": ["one"]})
    pieces.keep(["two"])
    whole = path.read_bytes()
    for torn in (b'{"words": ["thr', b'["half]\n'):
        path.write_bytes(whole + torn)
        assert PieceFile(path).kept == ({"words": ["one"]}, ["two"])
        assert path.read_bytes() == whole


def test_an_attempt_that_comes_too_late_adds_no_piece(tmp_path: Path) -> None:
    path = tmp_path / "pieces.jsonl"
    late = PieceFile(path)
    late.keep("one")
    other = PieceFile(path)
    other.keep("two")
    late.keep("two")
    other.keep("three")

    assert PieceFile(path).kept == ("one", "two", "three")
    path.unlink()  # the item is done
    other.keep("four")
    assert PieceFile(path).kept == ()


def test_a_clock_that_is_set_does_not_end_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, owner = Jobs(tmp_path / "jobs.sqlite"), owner_name(os.getpid())
    with jobs.database.transaction() as connection:
        connection.execute(
            "INSERT INTO job (created, identity, plugin, verb, name, spec, seed, state, owner,"
            " heartbeat, position)"
            " VALUES (0, '', 'p', 'operation', 'n', '{}', 0, 'running', ?, ?, 1)",
            (owner, time.monotonic()),
        )
    Lease(tmp_path / "jobs.sqlite", 1, owner).renew()
    now = time.time()
    for days in (-2, 2):
        monkeypatch.setattr(time, "time", lambda days=days: now + days * 86400)
        assert jobs.get(1).state == "running"

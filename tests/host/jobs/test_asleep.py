"""A machine that slept: its jobs go on, or belong to another process by then."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.confinement.descendants import descendants
from seqstudio.host.studio import JobSpec, Studio
from tests.host.jobs.test_pieces import COUNTING, WHOLE

pytestmark = pytest.mark.medium
ASLEEP_S = 7.0
DRIVER = """
import sys
from pathlib import Path

from seqstudio.host.studio import JobSpec, Studio

home, folder, out = map(Path, sys.argv[1:])
spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=out)
end = Studio(home).submit(spec).wait()
print(end.state, end.done, end.failed, end.reason)
"""


class Job:
    """A job of one item in a process of its own, of which four pieces are done."""

    def __init__(self, site: Path, home: Path, folder: Path, out: Path) -> None:
        self.log = home / "jobs/1/done.log"
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, home, folder, out],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])},
            stdout=subprocess.PIPE,
            text=True,
        )
        while not self.log.exists() or len(self.log.read_text().split()) < 4:
            assert self.process.poll() is None
            time.sleep(0.05)
        self.workers = descendants(self.process.pid)

    def sleep(self) -> None:
        for pid in (self.process.pid, *self.workers):
            os.kill(pid, signal.SIGSTOP)

    def wake(self) -> str:
        """Wake the front end a second before its workers; return what it says at the end."""
        self.process.send_signal(signal.SIGCONT)
        time.sleep(1.0)
        for pid in self.workers:
            if pid in descendants(self.process.pid):
                os.kill(pid, signal.SIGCONT)
        return self.process.communicate(timeout=120)[0].strip()


@pytest.fixture
def job(site: Any, home: Path, words: Callable[..., Path], tmp_path: Path) -> Job:
    site.batch("tiny", COUNTING.format(pause=0.3))
    home.mkdir()
    (home / "limits.json").write_text('{"message_timeout_s": 5}')
    return Job(site.folder, home, words("a.txt"), tmp_path / "out")


def test_the_time_that_a_machine_slept_is_not_the_workers_silence(job: Job, tmp_path: Path) -> None:
    job.sleep()
    time.sleep(ASLEEP_S)

    assert job.wake() == "done 1 0"
    assert (tmp_path / "out/a.txt").read_text() == WHOLE
    assert len(job.log.read_text().split()) == 12


def test_a_process_that_slept_too_long_ends_its_job_which_another_has_done(
    job: Job, home: Path, tmp_path: Path
) -> None:
    job.sleep()
    with closing(sqlite3.connect(home / "jobs.sqlite")) as database, database:
        database.execute("UPDATE job SET heartbeat = heartbeat - 100")
    inputs = {"words": (tmp_path / "in",)}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, out=tmp_path / "out")
    assert Studio(home).submit(spec).wait().done == 1

    assert job.wake().endswith("job 1 was taken over by another process")
    assert Studio(home).jobs.get(1).state == "done"
    assert (tmp_path / "out/a.txt").read_text() == WHOLE
    assert not list(home.glob("jobs/1/pieces/*"))

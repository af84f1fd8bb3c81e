"""Drives that vanish or fill, files that change or move, a model that is gone: each is named."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemStarted, JobFinished
from seqstudio.host.studio import JobSpec, Studio

COPY = """
import time


def shout(request, job):
    (path,) = request.inputs["words"]
    text = path.read_text()
    time.sleep(2.0 if "grow" in path.name else 0.2)
    yield Result(outputs={"text": text * 9000})


RUN = {"shout": shout}
"""
DRIVER = """
import subprocess
import sys
from pathlib import Path

from seqstudio.errors import JobError
from seqstudio.host.jobs.events import ItemDone, ItemFailed
from seqstudio.host.studio import JobSpec, Studio

home, folder, out, fault = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
FAULTS = {"vanished": ["umount", "-l"], "remounted": ["mount", "-o", "remount,ro"]}
spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=out / "words")
try:
    events = Studio(home).submit(spec).events()
except JobError as error:
    sys.exit(f"refused: {error}")
for event in events:
    if isinstance(event, ItemDone) and fault in FAULTS:
        subprocess.run([*FAULTS.pop(fault), str(out)], check=True)
    if isinstance(event, ItemFailed):
        print("failed", event.reason)
print(event.state, event.done, event.failed)
"""
ROOT = Path(__file__).parents[3]
MODEL = ROOT / "plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small"


@pytest.fixture
def driven(site: Any, home: Path, tmp_path: Path) -> Callable[..., str]:
    """Run a job in a process with a small file system of its own as its output."""
    site.batch("tiny", COPY)
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    (tmp_path / "drive").mkdir()
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(tmp_path / "drive")]
    if not shutil.which("unshare") or subprocess.run(probe, check=False).returncode:
        pytest.skip("no file system can be mounted here")

    def drive(folder: Path, fault: str, options: str) -> str:
        mount = f"mount -t tmpfs -o {options} tmpfs {tmp_path / 'drive'}"
        command = [sys.executable, script, home, folder, tmp_path / "drive", fault]
        line = " ".join(map(str, command))
        run = subprocess.run(
            ["unshare", "-rm", "sh", "-c", f"{mount} && exec {line}"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site.folder), *sys.path])},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return run.stdout + run.stderr

    return drive


@pytest.mark.medium
def test_a_full_drive_fails_what_it_cannot_hold_and_keeps_the_rest(
    driven: Callable[..., str], words: Callable[..., Path]
) -> None:
    said = driven(words("a.txt", "b.txt", "c.txt"), "full", "size=24k")

    assert said.count("No space left on device") >= 1
    assert said.rstrip().endswith(("done 1 2", "done 2 1"))


@pytest.mark.medium
def test_a_drive_that_vanishes_is_named_and_nothing_goes_to_the_folder_below(
    driven: Callable[..., str], words: Callable[..., Path], tmp_path: Path
) -> None:
    said = driven(words("a.txt", "b.txt"), "vanished", "size=10m")

    assert f"{tmp_path}/drive/words: its drive is not there any more" in said
    assert said.rstrip().endswith("done 1 1")
    assert not list((tmp_path / "drive").iterdir())


@pytest.mark.medium
def test_a_read_only_drive_is_refused_before_anything_runs(
    driven: Callable[..., str], words: Callable[..., Path]
) -> None:
    said = driven(words("a.txt"), "read-only", "ro")

    assert "refused: " in said
    assert "not writable, expected a folder that can be written" in said


@pytest.mark.medium
def test_a_drive_that_becomes_read_only_is_named_and_what_is_there_stays(
    driven: Callable[..., str], words: Callable[..., Path], tmp_path: Path
) -> None:
    said = driven(words("a.txt", "b.txt"), "remounted", "size=10m")

    assert f"failed {tmp_path}/drive/words" in said
    assert "Read-only file system" in said
    assert said.rstrip().endswith("done 1 1")


@pytest.mark.medium
def test_a_file_that_may_not_be_read_is_named_and_the_others_are_done(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.batch("tiny", COPY)
    folder = words("a.txt", "b.txt")
    (folder / "b.txt").chmod(0)
    (tmp_path / "driver.py").write_text(DRIVER)
    without_rights: list[str] = []
    if os.geteuid() == 0:  # who may read every file
        without_rights = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
        if not shutil.which("setpriv"):
            pytest.skip("needs setpriv")
    run = subprocess.run(
        [*without_rights, sys.executable, tmp_path / "driver.py", home, folder, tmp_path, ""],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site.folder), *sys.path])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert f"failed {folder}/b.txt: Permission denied" in run.stdout
    assert run.stdout.rstrip().endswith("done 1 1")


@pytest.mark.medium
def test_a_file_that_grows_or_moves_fails_by_name(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.batch("tiny", COPY)
    folder = words("a.txt", "grow.txt", "move.txt")
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=tmp_path / "out")
    reasons = {}
    for event in Studio(home).submit(spec).events():
        if isinstance(event, ItemStarted) and event.name.endswith("grow.txt"):
            (folder / "move.txt").rename(folder / "moved.txt")
            (folder / "grow.txt").write_text("longer")
        if isinstance(event, ItemFailed):
            reasons[Path(event.name).name] = event.reason

    assert reasons == {
        "grow.txt": f"{folder}/grow.txt: changed while it was read, "
        "expected a file that is complete",
        "move.txt": f"{folder}/move.txt: no such file, expected one to read",
    }
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]


@pytest.mark.medium
@pytest.mark.parametrize("done", [0, 2])
def test_a_model_that_is_gone_interrupts_the_job_which_goes_on_when_it_is_back(
    home: Path, tmp_path: Path, done: int
) -> None:
    model, away = tmp_path / "model", tmp_path / "away"
    shutil.copytree(MODEL, model)
    recordings = tuple(sorted((ROOT / "assets/speech").glob("*.flac"))[:5])
    spec = JobSpec(
        plugin="speech",
        name="transcribe",
        inputs={"audio": recordings},
        out=tmp_path / "out",
        model=str(model),
    )
    first, finished = Studio(home).submit(spec), 0
    for event in first.events():
        finished += isinstance(event, ItemDone)
        if isinstance(event, ItemStarted if done == 0 else ItemDone) and finished == done:
            model.rename(away)

    gone = f"{model}: the model is not there any more, expected it in its place"
    assert isinstance(event, JobFinished)
    assert (event.state, event.reason, event.failed) == ("interrupted", gone, 0)
    assert done <= event.done < len(recordings)
    away.rename(model)
    again = Studio(home).submit(spec)
    events = list(again.events())
    assert again.id == first.id
    assert sum(isinstance(one, ItemDone) for one in events) == len(recordings) - event.done
    assert isinstance(last := events[-1], JobFinished)
    assert (last.state, last.done) == ("done", len(recordings))


@pytest.mark.medium
def test_the_folder_of_the_recordings_is_never_written_to(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    (folder / "box").mkdir(parents=True)
    for number, path in enumerate(sorted((ROOT / "assets/speech").glob("*.flac"))[:2]):
        shutil.copy(path, folder / "box" / f"{number}.flac")
    (folder / "bad.wav").write_bytes(b"no sound")
    before = stamps(folder)
    spec = JobSpec(
        plugin="speech",
        name="transcribe",
        inputs={"audio": (folder,)},
        out=tmp_path / "words",
        formats=("txt", "srt", "html", "json"),
        recursive=True,
    )
    end = Studio(home).submit(spec).wait()

    assert (end.done, end.failed) == (2, 1)
    assert len(list((tmp_path / "words/box").iterdir())) == 8
    assert stamps(folder) == before


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return the size and the time of change of a folder and of all that is in it."""
    found = [(path, path.stat()) for path in (folder, *folder.rglob("*"))]
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found}

"""A long batch begins with a pilot; what it will take is estimated before it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from seqstudio.host.jobs.pilot import PILOT_ITEMS, pilot_order, pilot_verdict
from seqstudio.host.studio import JobSpec, Studio

HEARING = """
def shout(request, job):
    (path,) = request.inputs["words"]
    open(job.folder.parent / "done.log", "a").write(path.name + "\\n")
    unlike = "hiss" in path.name
    yield Result(outputs={"text": "x"}, details={"unlike_training": unlike, "duration_s": 2.0})


RUN = {"shout": shout}
"""


def spec_of(folder: Path, out: Path, **changes: Any) -> JobSpec:
    return JobSpec(
        plugin="tiny",
        name="shout",
        inputs={"words": (folder,)},
        out=out,
        recursive=True,
        **changes,
    )


def test_the_pilot_takes_from_every_folder() -> None:
    paths = [Path(f"{folder}/{number}") for folder in "ab" for number in range(30)]
    paths += [Path("c/0"), Path("c/1")]
    order = pilot_order(paths)
    pilot = [paths[index] for index in order[:PILOT_ITEMS]]

    assert sorted(order) == list(range(len(paths)))
    assert [sum(path.parent.name == folder for path in pilot) for folder in "abc"] == [9, 9, 2]
    assert Path("a/0") in pilot
    assert max(int(path.name) for path in pilot if path.parent.name == "a") >= 12


def test_half_of_what_is_known_stops_a_batch() -> None:
    assert pilot_verdict(0, 0) == ""
    assert pilot_verdict(9, 20) == ""
    assert pilot_verdict(10, 20).startswith("10 of the first 20 recordings are unlike")


@pytest.mark.medium
@pytest.mark.parametrize("workers", [1, 2])
def test_a_long_batch_waits_for_its_user_if_the_pilot_is_unlike_the_training_data(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path, workers: int
) -> None:
    site.batch("tiny", HEARING)
    names = [f"{folder}/{number:02}.txt" for folder in ("good", "hiss") for number in range(30)]
    folder = words(*(name.replace("/", "/" + name.split("/")[0]) for name in names))
    spec = spec_of(folder, tmp_path / "out", workers=workers)
    first = Studio(home).submit(spec).wait()
    log = home / "jobs/1/done.log"

    assert (first.state, first.done) == ("interrupted", PILOT_ITEMS)
    assert first.reason.startswith("10 of the first 20 recordings are unlike the training data")
    assert len(log.read_text().split()) == PILOT_ITEMS
    again = Studio(home).submit(spec).wait()
    assert (again.state, again.done) == ("interrupted", PILOT_ITEMS)
    confirmed = spec_of(folder, tmp_path / "out", confirmed=True)
    assert Studio(home).submit(confirmed).wait().done == 60
    done = log.read_text().split()
    assert len(done) == len(set(done)) == 60


@pytest.mark.medium
def test_a_person_who_resumes_the_job_has_agreed(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.batch("tiny", HEARING)
    folder = words(*(f"hiss{number}.txt" for number in range(51)))
    studio = Studio(home)
    assert studio.submit(spec_of(folder, tmp_path / "out")).wait().done == PILOT_ITEMS
    assert studio.resume(1).wait().done == 51


AUDIO = """
[[operations]]
name = "hear"
title = "Test"
runs = "batch"
inputs = [{ name = "audio", kind = "audio", many = true }]
outputs = [{ name = "text", kind = "text", formats = ["txt"] }]
"""
HEAR = """
def hear(request, job):
    yield Result(outputs={"text": "x" * 100}, details={"duration_s": 30.0})


RUN = {"hear": hear}
"""


def test_an_estimate_tells_hours_time_and_space_from_what_was_done_before(
    site: Any, home: Path, tmp_path: Path
) -> None:
    site.functions("tiny", AUDIO, HEAR)
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(4):
        soundfile.write(folder / f"{number}.wav", np.zeros(8000 * 30), 8000)
    (folder / "torn.wav").write_bytes(b"RIFF")
    studio = Studio(home)
    spec = JobSpec(plugin="tiny", name="hear", inputs={"audio": (folder,)}, out=tmp_path / "out")
    before = studio.estimate(spec)
    assert (before.speed, before.work_s) == (None, None)
    assert not (tmp_path / "out").exists()
    assert studio.submit(spec).wait().done == 5
    after = studio.estimate(spec)

    assert (after.sound.files, after.sound.audio_s) == (5, 120.0)
    assert str(folder / "torn.wav") in after.sound.unreadable[0]
    assert after.speed is not None
    assert after.speed.bytes_per_second == pytest.approx(100 / 30)
    assert after.output_bytes == 400
    assert after.work_s == pytest.approx(120 * after.speed.seconds_per_second)
    assert 0 < after.work_s < 60

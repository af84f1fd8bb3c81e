"""A file that confinement closes to a worker is refused with that reason, whoever reads it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.host.confinement import landlock
from seqstudio.host.jobs.events import ItemFailed
from seqstudio.host.studio import JobSpec, Studio

CODE = """
from pathlib import Path
from seqstudio.api.media import Score, read_audio, read_text_file


def elsewhere(request):
    return Path(request.inputs["words"][0].read_text())


def sound(request, job):
    read_audio(elsewhere(request))
    yield


def score(request, job):
    Score.read(elsewhere(request))
    yield


def text(request, job):
    read_text_file(elsewhere(request))
    yield


RUN = {one.__name__: one for one in (sound, score, text)}
"""
CLOSED = (
    ": closed to this worker, which runs a plugin from outside and reads only the files and "
    "folders that the job names: put it into one of these"
)


@pytest.mark.medium
@pytest.mark.skipif(not landlock.version(), reason="this kernel closes no files")
@pytest.mark.parametrize(
    ("name", "expected"),
    [("sound", ", expected an audio file"), ("score", ", expected a MIDI file"), ("text", "")],
)
def test_a_file_that_the_job_does_not_name_is_closed_and_that_is_said(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path, name: str, expected: str
) -> None:
    site.functions("wild", site.manifest("sound", "score", "text"), CODE)
    there = tmp_path / "elsewhere.wav"
    there.write_text("not named by the job")
    table = words("a.txt") / "a.txt"
    table.write_text(str(there))
    spec = JobSpec(plugin="wild", name=name, inputs={"words": (table,)})
    failed = [one for one in Studio(home).submit(spec).events() if isinstance(one, ItemFailed)]

    assert len(failed) == 1
    assert failed[0].reason.startswith(str(there))
    assert failed[0].reason.endswith(CLOSED + expected)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all files")
def test_a_file_of_others_is_no_matter_of_confinement(tmp_path: Path) -> None:
    path = tmp_path / "private.wav"
    path.write_text("")
    path.chmod(0)
    with pytest.raises(PermissionError) as caught:
        path.read_bytes()

    assert why_unreadable(caught.value) == "Permission denied"

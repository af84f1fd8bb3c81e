"""A session's results made again by the commands of its script."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.contracts.notes import Note
from seqstudio.contracts.options import Option
from seqstudio.errors import SessionError
from seqstudio.gui.workspace.results import import_edit, read_results
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.command_words import option_words, positional_words
from seqstudio.session.document import Clip, Take
from seqstudio.session.edits import AddClip, AddNotes, AddTake
from seqstudio.session.macro import macro_of
from seqstudio.session.note_array import Notes
from seqstudio.session.session import Session

ASSETS = Path(__file__).parents[2] / "assets"
TUNE = ASSETS / "music" / "greensleeves.mid"
RECORDING = ASSETS / "speech" / "an2-mblw-b.flac"


def test_options_become_flags_that_a_shell_reads_back() -> None:
    entry = OperationEntry(
        name="vary",
        title="Vary",
        outputs=(Port(name="score", kind="midi", formats=("mid",)),),
        options={
            "style": Option(type="str", positional=True),
            "bars": Option(type="int", default=4),
            "keep_key": Option(type="bool", default=False),
            "no_drums": Option(type="bool", default=False),
            "phrases": Option(type="path", repeat=True),
            "title": Option(type="str", default=""),
        },
    )
    values = {
        "style": "a waltz",
        "bars": 8,
        "keep_key": False,
        "no_drums": True,
        "phrases": [{"path": "/my lists/names.txt", "sha256": "0"}],
        "title": "",
        "gone": 1,
    }

    assert positional_words(entry, values) == ["a waltz"]
    assert option_words(entry, values) == [
        *("--bars", "8", "--no-keep-key", "--no-drums", "--phrases", "/my lists/names.txt")
    ]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "profile")


@pytest.fixture
def session(tmp_path: Path, studio: Studio) -> Session:
    return Session.untitled(studio.profile)


def run(studio: Studio, session: Session, target: str, spec: JobSpec) -> list[ItemRow]:
    """Run an operation and add its results to the session, as the app does."""
    handle = studio.submit(spec)
    assert handle.wait().state == "done"
    entry = studio.catalogue.plugin(spec.plugin).operation(spec.name)
    items = list(studio.jobs.items(handle.id))
    for item in items:
        results = read_results(item, entry.outputs)
        edit = import_edit(session.document, target, spec.name, results)
        assert edit
        session.do(edit)
    return items


def test_a_take_whose_model_is_gone_is_left_out_with_the_reason(
    studio: Studio, session: Session, tmp_path: Path
) -> None:
    record = {
        "plugin": "music",
        "operation": "continue",
        "inputs": {"primer": [{"path": str(TUNE), "sha256": Clip.of(TUNE).sha256}]},
        "options": {},
        "model": {"name": "mine", "sha256": "0"},
        "base_seed": 1,
        "take": 1,
    }
    session.do(AddTake(Take.of(TUNE.read_bytes(), "tune")))
    session.do(AddTake(Take.of(TUNE.read_bytes(), "more", provenance=record)))
    macro = macro_of(session.document, studio)

    assert macro.commands == []
    reason = "more: model 'mine' is not installed as it was, expected it under Models"
    assert macro.left_out == [reason]
    assert f"# Left out: {reason}\n" in macro.script("album")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SessionError, match="holds files, expected a new or an empty folder"):
        macro.write(tmp_path, "album")


@pytest.mark.medium
def test_the_script_of_a_session_makes_its_takes_and_transcripts_again_to_the_byte(
    studio: Studio, session: Session, tmp_path: Path
) -> None:
    tune, clip = Take.of(TUNE.read_bytes(), "tune"), Clip.of(RECORDING)
    session.do(AddTake(tune))
    session.do(AddClip(clip))
    session.do(AddNotes(tune.id, 1, Notes.of((Note(0, 72, 240),))))  # by hand: no command makes it
    edited = tmp_path / "my tune.mid"
    edited.write_bytes(session.document.take(tune.id).score.to_bytes())
    spec = JobSpec(
        plugin="music",
        name="continue",
        inputs={"primer": (edited,)},
        options={"bars": 2},
        formats=("mid",),
        seed=7,
        takes=2,
    )
    first = run(studio, session, tune.id, spec)
    made = first[0].targets
    second = JobSpec(
        plugin="music",
        name="continue",
        inputs={"primer": (next(iter(made.values()))["mid"],)},
        options={"bars": 1},
        formats=("mid",),
        seed=8,
    )
    run(studio, session, session.document.takes[1].id, second)
    heard = JobSpec(
        plugin="speech", name="transcribe", inputs={"audio": (RECORDING,)}, formats=("json",)
    )
    transcribed = run(studio, session, clip.id, heard)
    edited.unlink()

    macro = macro_of(session.document, studio)
    script = macro.write(tmp_path / "again", "album")
    environment = {**os.environ, "SEQSTUDIO_HOME": str(tmp_path / "elsewhere")}
    done = subprocess.run(
        [str(script)], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert macro.left_out == []
    assert [shlex.split(line)[2] for line in macro.commands] == [
        "transcribe",
        "continue",
        "continue",
    ]
    for take in session.document.takes[1:]:
        assert (script.parent / macro.results[take.id]).read_bytes() == take.midi
    (before,) = [path for one in transcribed for path in one.targets["transcript"].values()]
    assert (script.parent / macro.results[clip.id]).read_bytes() == before.read_bytes()
    assert done.stdout.count(": OK") == 3

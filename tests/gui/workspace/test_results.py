"""What a job's item wrote, and what of it enters the session."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.gui.workspace.results import Found, entering, name_of, read_results
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.outputs import Placed
from seqstudio.media.subtitles import to_json
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.operations import AddTake, SetTranscript

SCORE = Port(name="score", kind="midi", formats=("mid",))
WORDS = Port(name="words", kind="transcript", formats=("json",))
TABLE = Port(name="table", kind="table", formats=("json",))
SPOKEN = Transcript(audio="a.wav", duration_s=1.0, text="hello")


def item_of(port: Port, path: Path) -> ItemRow:
    form = path.suffix[1:]
    return ItemRow(
        number=1,
        batch=1,
        name="a",
        take=1,
        seed=7,
        inputs={},
        targets={port.name: {form: path}},
        outputs=(Placed(path, "x"),),
        record={"plugin": "parrot", "plugin_version": "1.0", "seed": 7},
    )


def test_a_take_keeps_its_record_and_is_numbered_on(tune: Path) -> None:
    found = read_results(item_of(SCORE, tune), [SCORE])
    (take,) = found.takes
    assert take.record["seed"] == 7
    document = Document(takes=(replace(take, id="p", name="Continue tune 2"),))
    operation = entering(document, "p", "Continue tune", found)
    assert isinstance(operation, AddTake)
    assert (operation.take.name, operation.take.parent) == ("Continue tune 3", "p")


def test_a_transcript_goes_to_its_recording_and_says_who_made_it(
    tmp_path: Path, recording: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(to_json(SPOKEN))
    found = read_results(item_of(WORDS, path), [WORDS])
    clip = Clip.of(recording)
    operation = entering(Document(clips=(clip,)), clip.id, "Transcribe", found)
    assert isinstance(operation, SetTranscript)
    assert operation.transcript
    assert operation.transcript.provenance["plugin"] == "parrot"
    assert entering(Document(), clip.id, "Transcribe", found) is None  # it was removed meanwhile


def test_a_file_is_read_by_its_kind_and_not_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"any": "table"}')
    assert read_results(item_of(TABLE, path), [TABLE]) == Found()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"gone\.mid: .*expected what the job wrote$"):
        read_results(item_of(SCORE, tmp_path / "gone.mid"), [SCORE])


def test_results_of_several_inputs_are_named_after_each(tune: Path) -> None:
    takes = tuple(replace(Take.of(tune.read_bytes(), n), id=n) for n in ("one", "two"))
    document = Document(takes=takes)
    assert name_of("Vary 2 pieces", ("one", "two"), "two", document) == "Vary two"
    assert name_of("Vary one", ("one", "one"), "one", document) == "Vary one"

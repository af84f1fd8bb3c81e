"""The files that a job's item wrote, and the operations that add them to the session."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.gui.workspace.results import ItemResults, import_edit, read_results, result_name
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.media.subtitles import to_json
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.edits import AddClip, AddTake, SetTranscript

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
        outputs=(FinishedOutput(path, "x"),),
        provenance={"plugin": "parrot", "plugin_version": "1.0", "seed": 7},
    )


def test_a_take_keeps_its_provenance_and_gets_the_next_number(tune: Path) -> None:
    results = read_results(item_of(SCORE, tune), [SCORE])
    (take,) = results.takes
    assert take.provenance["seed"] == 7
    document = Document(takes=(replace(take, id="p", name="Continue tune 2"),))
    edit = import_edit(document, "p", "Continue tune", results)
    assert isinstance(edit, AddTake)
    assert (edit.take.name, edit.take.parent) == ("Continue tune 3", "p")


def test_a_transcript_is_set_on_its_recording_with_its_provenance(
    tmp_path: Path, recording: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(to_json(SPOKEN))
    results = read_results(item_of(WORDS, path), [WORDS])
    clip = Clip.of(recording)
    edit = import_edit(Document(clips=(clip,)), clip.id, "Transcribe", results)
    assert isinstance(edit, SetTranscript)
    assert edit.transcript
    assert edit.transcript.provenance["plugin"] == "parrot"
    assert import_edit(Document(), clip.id, "Transcribe", results) is None  # the clip was removed


def test_a_file_is_read_by_its_kind_and_not_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"any": "table"}')
    assert read_results(item_of(TABLE, path), [TABLE]) == ItemResults()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"gone\.mid: .*expected what the job wrote$"):
        read_results(item_of(SCORE, tmp_path / "gone.mid"), [SCORE])


def test_results_of_several_inputs_are_named_after_each(tune: Path) -> None:
    takes = tuple(replace(Take.of(tune.read_bytes(), n), id=n) for n in ("one", "two"))
    document = Document(takes=takes)
    assert result_name("Vary 2 pieces", ("one", "two"), "two", document) == "Vary two"
    assert result_name("Vary one", ("one", "one"), "one", document) == "Vary one"


def test_a_text_becomes_a_clip_with_the_name_of_its_job(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Guten Tag.")
    port = Port(name="translation", kind="text", formats=("txt", "html"))
    results = read_results(item_of(port, path), [port])
    edit = import_edit(Document(), "", "Translate letter", results)

    assert isinstance(edit, AddClip)
    assert (edit.clip.name, edit.clip.kind, edit.clip.path) == ("Translate letter 1", "text", path)

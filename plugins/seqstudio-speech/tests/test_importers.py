from collections.abc import Callable
from pathlib import Path

import pytest
from seqstudio_speech.importers import (
    LibriSpeechImporter,
    SidecarImporter,
    TableImporter,
    importers,
)
from seqstudio_speech.task import CtcTask

from seqstudio.api import AudioExample, DataError, Importer, Ledger

HEADER = "split\tpath\tspeaker\tseconds\ttranscript\n"


def read(importer: Importer, source: Path) -> tuple[list[AudioExample], Ledger]:
    ledger = Ledger()
    assert importer.recognises(source)
    return list(importer.read(source, ledger)), ledger  # type: ignore[arg-type]


def write_manifest(folder: Path, *rows: str, header: str = HEADER, newline: str = "\n") -> Path:
    text = header + "".join(f"{row}\n" for row in rows)
    (folder / "manifest.tsv").write_bytes(text.replace("\n", newline).encode())
    return folder


def test_a_manifest_gives_split_speaker_seconds_and_text(tmp_path: Path) -> None:
    write_manifest(tmp_path, "dev\ta/1.wav\tann\t1.500\tONE TWO")
    (example,), ledger = read(TableImporter(), tmp_path)

    assert example.id == "a/1.wav"
    assert (example.split, example.group, example.seconds) == ("valid", "ann", 1.5)
    assert example.audio == tmp_path / "a/1.wav"
    assert example.transcript == "ONE TWO"
    assert ledger.used == [f"{tmp_path}/manifest.tsv:2"]


def test_a_manifest_needs_only_path_and_transcript_in_any_order(tmp_path: Path) -> None:
    write_manifest(tmp_path, "ONE\t1.wav", header="transcript\tpath\n")
    (example,), _ = read(TableImporter(), tmp_path)

    assert (example.split, example.group, example.seconds) == ("", "", 0.0)
    assert example.transcript == "ONE"


def test_quotes_in_a_manifest_are_text(tmp_path: Path) -> None:
    write_manifest(tmp_path, "train\t1.wav\tann\t1\t\"don't", 'train\t2.wav\tann\t1\tsay "no"')
    examples, _ = read(TableImporter(), tmp_path)

    assert [one.transcript for one in examples] == ["\"don't", 'say "no"']


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_separators_inside_text_do_not_end_a_row(tmp_path: Path, newline: str) -> None:
    write_manifest(tmp_path, "train\t1.wav\tann\t1\tone\u2028two", newline=newline)
    (example,), _ = read(TableImporter(), tmp_path)

    assert example.transcript == "one\u2028two"


def test_a_manifest_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    write_manifest(tmp_path, "train\t1.wav\tann\t1\tyes", header="\ufeff" + HEADER)

    assert len(read(TableImporter(), tmp_path)[0]) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("train\t1.wav\tann\tONE", "4 columns, expected 5: split path speaker seconds transcript"),
        ("train\t\tann\t1\tONE", "path='', expected a file name"),
        ("train\tgood.wav\tann\t1\tONE", "path='good.wav' again, expected each once"),
        ("train\t1.wav\tann\tlong\tONE", "seconds='long', expected a number"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_the_rest_is_read(
    tmp_path: Path, row: str, reason: str
) -> None:
    write_manifest(tmp_path, "train\tgood.wav\tann\t1\tYES", row, "train\t9.wav\tann\t1\tNO")
    examples, ledger = read(TableImporter(), tmp_path)

    assert [one.id for one in examples] == ["good.wav", "9.wav"]
    assert ledger.refused == {f"{tmp_path}/manifest.tsv:3": reason}


def test_texts_beside_recordings_are_read_with_their_splits(tmp_path: Path) -> None:
    for name in ("train/a.wav", "dev/b.FLAC"):
        audio = tmp_path / name
        audio.parent.mkdir()
        audio.touch()
        audio.with_suffix(".txt").write_text(f"{audio.stem}\n", encoding="utf-8")
    examples, ledger = read(SidecarImporter(), tmp_path)

    assert [(one.id, one.split) for one in examples] == [
        ("dev/b.FLAC", "valid"),
        ("train/a.wav", "train"),
    ]
    assert [one.transcript for one in examples] == ["b\n", "a\n"]
    assert not ledger.refused


def test_a_recording_without_text_and_a_text_without_recording_are_refused(tmp_path: Path) -> None:
    for name in ("a.wav", "a.txt", "b.wav", "c.txt"):
        (tmp_path / name).write_text("YES", encoding="utf-8")
    examples, ledger = read(SidecarImporter(), tmp_path)

    assert [one.id for one in examples] == ["a.wav"]
    assert ledger.refused == {
        f"{tmp_path}/b.wav": "no b.txt beside it, expected its transcript",
        f"{tmp_path}/c.txt": "no recording of this name beside it",
    }


def test_one_recording_with_its_text_is_a_data_set(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_text("hello", encoding="utf-8")

    (example,), _ = read(SidecarImporter(), tmp_path / "a.wav")
    assert (example.id, example.split) == ("a.wav", "")


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_bytes("né".encode("latin-1"))
    _, ledger = read(SidecarImporter(), tmp_path)

    assert "expected UTF-8" in ledger.refused[f"{tmp_path}/a.wav"]


def test_a_librispeech_tree_names_speakers_and_splits(tmp_path: Path) -> None:
    chapter = tmp_path / "dev-clean" / "84" / "121123"
    chapter.mkdir(parents=True)
    text = "84-121123-0000 GO DO YOU HEAR\n84-121123-0001\n"
    (chapter / "84-121123.trans.txt").write_text(text, encoding="utf-8")
    (example,), ledger = read(LibriSpeechImporter(), tmp_path)

    assert (example.id, example.split, example.group) == ("84-121123-0000", "valid", "84")
    assert example.audio == chapter / "84-121123-0000.flac"
    assert list(ledger.refused.values()) == ["'84-121123-0001', expected a name and its text"]


def test_a_folder_without_speech_data_is_an_error(tmp_path: Path) -> None:
    assert not [one for one in importers() if one.recognises(tmp_path)]
    with pytest.raises(DataError, match="no speech data, expected a table that names recordings"):
        list(CtcTask().read(tmp_path, Ledger()))


def test_a_manifest_of_another_kind_is_not_recognised(tmp_path: Path) -> None:
    write_manifest(tmp_path, "train\ta.mid", header="split\tpath\n")

    assert not TableImporter().recognises(tmp_path)


def test_the_task_reads_every_layout(tone_folder: Path, say: Callable[..., Path]) -> None:
    audio = say("A B")
    audio.with_suffix(".txt").write_text("A B", encoding="utf-8")

    assert len(list(CtcTask().read(tone_folder, Ledger()))) == 54
    assert len(list(CtcTask().read(audio.parent, Ledger()))) == 1


def test_notes_of_a_transcription_are_not_read_as_speech(say: Callable[..., Path]) -> None:
    audio = say("A B")
    audio.with_suffix(".txt").write_text("[Note: nothing was said]\nA B\n", encoding="utf-8")
    (example,) = CtcTask().read(audio.parent, Ledger())

    assert example.transcript == "A B\n"

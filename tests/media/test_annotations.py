"""Each format of a transcript, read by a program that is not ours; pages in their own file."""

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.transcript import MARK, Segment, Transcript, Word
from seqstudio.media.exporters import built_in_exporters

WORDS = (("say", 0.5, 0.8), ('"yes"', 0.8, 1.2), ("<now>", 1.25, 1.75), ("déjà & vu", 3.0, 3.5))


@pytest.fixture
def transcript() -> Transcript:
    words = [Word(word=w, start_s=a, end_s=b, confidence=0.5) for w, a, b in WORDS]
    return Transcript(
        audio="talk one\udce9.wav",
        duration_s=4.0,
        text=" ".join(word for word, _, _ in WORDS),
        notes=("cut short",),
        segments=(
            Segment(start_s=0.5, end_s=1.75, text='say "yes" <now>', words=tuple(words[:3]),
                    speaker="Ann"),
            Segment(start_s=3.0, end_s=3.5, text="=déjà & vu", words=(words[3],), confidence=0.5),
        ),
    )  # fmt: skip


@pytest.fixture
def written(transcript: Transcript, tmp_path: Path) -> Any:
    def write(form: str) -> Path:
        exporters = {e.name: e for e in built_in_exporters() if e.kind == "transcript"}
        exporters[form].write(transcript, tmp_path / f"x.{form}")
        return tmp_path / f"x.{form}"

    return write


def test_ctm_has_a_word_a_line(written: Any) -> None:
    note, *words = written("ctm").read_text(encoding="utf-8").splitlines()
    lines = [line.split() for line in words]

    assert note == ";; cut short"
    assert lines[1] == ["talk_one\\udce9.wav", "1", "0.800", "0.400", '"yes"', "0.5000"]
    assert [line[4] for line in lines] == ["say", '"yes"', "<now>", "déjà_&_vu"]


def test_tables_have_a_segment_a_row(written: Any) -> None:
    with written("csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["text"] == 'say "yes" <now>'
    assert rows[1]["text"] == "'=déjà & vu"
    header, first, second = written("tsv").read_text(encoding="utf-8").splitlines()
    assert header.split("\t")[2:4] == ["speaker", "text"]
    assert first.split("\t") == ["0.500", "1.750", "Ann", 'say "yes" <now>', "", "cut short"]
    assert second.split("\t")[4] == "0.5000"


def test_praatio_reads_the_textgrid(written: Any) -> None:
    textgrid = pytest.importorskip("praatio.textgrid")
    grid = textgrid.openTextgrid(str(written("textgrid")), includeEmptyIntervals=False)

    assert grid.maxTimestamp == 4.0
    words = [
        (e.label, e.start, e.end)
        for tier in ("Ann words", "words")
        for e in grid.getTier(tier).entries
    ]
    assert words == [*WORDS]
    assert [e.label for e in grid.getTier("segments").entries] == ["=déjà & vu"]
    assert [e.label for e in grid.getTier("notes").entries] == ["cut short"]


def test_pympi_reads_the_eaf(written: Any) -> None:
    elan = pytest.importorskip("pympi.Elan")
    read = elan.Eaf(str(written("eaf")))

    assert ("note", "cut short") in read.properties
    assert set(read.get_tier_names()) == {"Ann", "Ann words", "speech", "speech words"}
    assert read.get_annotation_data_for_tier("Ann words")[2] == (1250, 1750, "<now>")
    assert read.get_annotation_data_for_tier("speech") == [(3000, 3500, "=déjà & vu")]


def test_python_docx_reads_the_word_document(written: Any) -> None:
    docx = pytest.importorskip("docx")
    path = written("docx")
    texts = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]

    assert texts == [
        "talk one\\udce9.wav",
        "cut short",
        '[0:00] Ann: say "yes" <now>',
        "[0:03] =déjà & vu",
    ]
    assert written("docx").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("form", ["ctm", "tsv", "csv", "textgrid", "eaf", "docx", "html"])
def test_silence_and_a_text_without_times_can_be_written(form: str, tmp_path: Path) -> None:
    exporter = next(e for e in built_in_exporters() if e.name == form)
    for number, text in enumerate(("", "two words")):
        bare = Transcript(audio="a.wav", duration_s=2.0, text=text)
        exporter.write(bare, tmp_path / f"{number}.{form}")
        assert (tmp_path / f"{number}.{form}").exists()


FORMS = ["txt", "srt", "vtt", "json", "ctm", "textgrid", "eaf", "tsv", "csv", "docx", "html"]


@pytest.mark.parametrize("form", FORMS)
def test_every_format_carries_the_mark_and_the_speaker(form: str, tmp_path: Path) -> None:
    said = Segment(start_s=0.0, end_s=1.0, text="yes", speaker="Ann", channel=2)
    call = Transcript(audio="a.wav", duration_s=1.0, text="yes", notes=(MARK,), segments=(said,))
    written = tmp_path / f"call.{form}"
    exporter = next(e for e in built_in_exporters() if (e.kind, e.name) == ("transcript", form))
    exporter.write(call, written)
    content = written.read_bytes()
    if form == "docx":
        with zipfile.ZipFile(written) as archive:
            content = archive.read("word/document.xml")

    assert MARK in content.decode()
    # CTM has a field for the channel, and none for a name.
    assert ("a 2 " if form == "ctm" else "Ann") in content.decode().replace("a.wav", "a")

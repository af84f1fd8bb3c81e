"""Long recordings with timed texts beside them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pympi
import pytest
from praatio import textgrid
from praatio.utilities.constants import Interval
from seqstudio_speech.importers import importers, read_speech
from seqstudio_speech.importers.timed import (
    ElanImporter,
    SubtitleImporter,
    TextGridImporter,
    TimedTextImporter,
)
from seqstudio_speech.recordings import read_mono

from seqstudio.api import AudioExample, Ledger, Segment, Transcript
from seqstudio.api.media import Audio, AudioSource
from seqstudio.contracts.transcript import Origin
from seqstudio.media.audio import write_wav
from seqstudio.media.subtitles import to_json

RATE = 8000
SRT = "1\n00:00:01,000 --> 00:00:02,500\nBON\nJOUR\n\n2\n00:00:03,000 --> 00:00:03,500\nOUI\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ann>BON\nJOUR\n\n00:03.000 --> 00:03.500\nOUI\n"


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A recording of 4 s whose samples say when they are: a rising ramp."""
    ramp = np.linspace(0, 0.9, 4 * RATE, dtype=np.float32)[:, None]
    write_wav(tmp_path / "talk.wav", Audio(ramp, RATE))
    return tmp_path / "talk.wav"


def write_elan(path: Path, **tiers: str) -> None:
    eaf = pympi.Eaf()
    eaf.remove_tier("default")
    for name, text in tiers.items():
        eaf.add_tier(name, part=f"speaker of {name}")
        eaf.add_annotation(name, 1000, 2500, text)
        eaf.add_annotation(name, 3000, 3500, "OUI")
    eaf.to_file(str(path))


def write_textgrid(path: Path, **tiers: str) -> None:
    grid = textgrid.Textgrid()
    for name, text in tiers.items():
        spans = [Interval(1.0, 2.5, text), Interval(3.0, 3.5, "OUI")]
        grid.addTier(textgrid.IntervalTier(name, spans, 0, 4))
    grid.save(str(path), "long_textgrid", includeBlankSpaces=True)


def write_transcript(audio: Path, origin: Origin) -> Path:
    segments = (
        Segment(start_s=1.0, end_s=2.5, text="BON JOUR"),
        Segment(start_s=3.0, end_s=3.5, text="OUI", origin=origin),
    )
    words = Transcript(audio=audio.name, duration_s=4.0, text="BON JOUR OUI", segments=segments)
    path = audio.with_suffix(".json")
    path.write_text(to_json(words), encoding="utf-8")
    return path


def test_a_transcript_that_a_person_has_corrected_is_data(long: Path) -> None:
    write_transcript(long, "human")
    found = list(read_speech(long.parent, Ledger()))
    assert [one.transcript for one in found] == ["BON JOUR", "OUI"]
    assert {one.group for one in found} == {"talk"}


def test_a_transcript_that_only_a_machine_has_seen_is_refused(long: Path) -> None:
    path, ledger = write_transcript(long, "machine"), Ledger()
    assert list(read_speech(long.parent, ledger)) == []
    reason = "machine-made, expected a transcript that a person has corrected"
    assert ledger.refused == {str(path): reason}


WRITERS: dict[type[TimedTextImporter], tuple[str, Callable[..., None]]] = {
    ElanImporter: ("talk.eaf", write_elan),
    TextGridImporter: ("talk.TextGrid", write_textgrid),
}


def read(importer: TimedTextImporter, source: Path) -> tuple[list[AudioExample], Ledger]:
    ledger = Ledger()
    assert importer.recognises(source)
    return list(importer.read(source, ledger)), ledger


@pytest.mark.parametrize(("importer", "name"), [(one, name) for one, (name, _) in WRITERS.items()])
def test_each_text_is_an_example_of_its_part_of_the_recording(
    long: Path, importer: type[TimedTextImporter], name: str
) -> None:
    WRITERS[importer][1](long.parent / name, words="BON JOUR")
    examples, ledger = read(importer(), long.parent)

    assert [one.transcript for one in examples] == ["BON JOUR", "OUI"]
    assert [one.audio for one in examples] == [
        AudioSource(long, start_s=1.0, end_s=2.5),
        AudioSource(long, start_s=3.0, end_s=3.5),
    ]
    assert [one.seconds for one in examples] == [1.5, 0.5]
    assert not ledger.refused
    samples = read_mono(examples[0].audio, RATE)
    assert len(samples) == 1.5 * RATE
    assert samples[[0, -1]] == pytest.approx(0.9 * np.array([0.25, 0.625]), abs=1e-3)


@pytest.mark.parametrize("importer", WRITERS)
def test_of_several_tiers_one_must_be_chosen(long: Path, importer: type[TimedTextImporter]) -> None:
    name, write = WRITERS[importer]
    write(long.parent / name, words="BON JOUR", gloss="HELLO", more="HI")
    examples, ledger = read(importer(), long.parent)

    assert not examples
    (reason,) = ledger.refused.values()
    assert "words (0.0 min), gloss (0.0 min)" in reason
    assert f"--importer {importer.name}:TIER" in reason
    examples, _ = read(importer().with_tier("gloss"), long.parent)
    assert [one.transcript for one in examples] == ["HELLO", "OUI"]
    _, ledger = read(importer().with_tier("word"), long.parent)
    assert "no tier 'word', expected one of words" in next(iter(ledger.refused.values()))


def test_tiers_of_several_speakers_are_read_together_by_a_pattern(long: Path) -> None:
    write_elan(long.parent / "talk.eaf", tx_A="BON JOUR", tx_B="SALUT", ft_A="HELLO")
    examples, _ = read(ElanImporter("tx_*"), long.parent)

    assert [one.transcript for one in examples] == ["BON JOUR", "OUI", "SALUT", "OUI"]
    assert {one.group for one in examples} == {"speaker of tx_A", "speaker of tx_B"}
    assert len({one.id for one in examples}) == 4


def test_elan_names_its_recording(long: Path) -> None:
    write_elan(long.parent / "session.eaf", words="BON JOUR")
    eaf = pympi.Eaf(str(long.parent / "session.eaf"))
    eaf.add_linked_file("file:///C:/corpus/talk.wav", "./talk.wav", "audio/x-wav")
    eaf.to_file(str(long.parent / "session.eaf"))
    examples, _ = read(ElanImporter(), long.parent / "session.eaf")

    assert {one.audio.path for one in examples if isinstance(one.audio, AudioSource)} == {long}


@pytest.mark.parametrize(("suffix", "content"), [("srt", SRT), ("vtt", VTT)])
def test_subtitles_beside_a_recording(long: Path, suffix: str, content: str) -> None:
    long.with_suffix(f".{suffix}").write_text(content, encoding="utf-8")
    examples, _ = read(SubtitleImporter(), long.parent)

    assert [one.transcript for one in examples] == ["BON JOUR", "OUI"]
    assert [one.seconds for one in examples] == [1.5, 0.5]


@pytest.mark.parametrize("name", ["talk.eaf", "talk.TextGrid", "talk.vtt"])
def test_a_file_that_cannot_be_read_is_refused_by_name(long: Path, name: str) -> None:
    path = long.parent / name
    path.write_bytes(b"\x00\x01 nothing of the kind")
    ledger = Ledger()
    (importer,) = (one for one in importers() if one.recognises(long.parent))
    assert not list(importer.read(long.parent, ledger))

    assert "expected" in ledger.refused[str(path)]


def test_a_file_without_its_recording_is_refused(tmp_path: Path) -> None:
    write_elan(tmp_path / "talk.eaf", words="BON JOUR")
    ledger = Ledger()

    assert not list(read_speech(tmp_path, ledger))
    assert ledger.refused == {
        f"{tmp_path}/talk.eaf": "no recording talk, expected it beside the file"
    }

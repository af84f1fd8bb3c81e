"""Small data sets of speech, in the layouts of published ones."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.host.conformance.samples import RATE_HZ, tone
from seqstudio.media.audio import Audio, encoded
from seqstudio.media.subtitles import to_json, to_srt

SECONDS = 2
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
TEXTS = tuple(f"{word} {other}" for word, other in zip(WORDS, reversed(WORDS), strict=True))
STARTS_S = range(0, SECONDS * (len(TEXTS) + 1), SECONDS)  # of each text in one recording of all
LIBRI_NAME = "7-1-{:04}"  # speaker, chapter, utterance
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00Z" FORMAT="3.0" VERSION="3.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
<TIME_ORDER>{slots}</TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="text" TIER_ID="texts">{annotations}</TIER>
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="text" TIME_ALIGNABLE="true"/>
</ANNOTATION_DOCUMENT>
"""
EAF_SLOT = '<TIME_SLOT TIME_SLOT_ID="t{number}" TIME_VALUE="{ms}"/>'
EAF_ANNOTATION = """
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{start}" TIME_SLOT_REF1="t{start}"
 TIME_SLOT_REF2="t{end}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>
</ANNOTATION>"""
TEXT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

0
{end_s}
<exists>
1
"IntervalTier"
"texts"
0
{end_s}
{count}
{intervals}
"""  # Praat's short format


def with_texts(folder: Path) -> Path:
    """Write recordings with a text beside each; return the folder."""
    for name, text in _recordings(folder, "{}.wav").items():
        (folder / name).with_suffix(".txt").write_text(f"{text}\n", encoding="utf-8")
    return folder


def in_layout(importer: str, folder: Path) -> Path:
    """Write the layout that an importer of this name reads, or recordings with texts."""
    LAYOUTS.get(importer, with_texts)(folder)
    return folder


def _table(folder: Path) -> None:
    rows = [f"{name}\t{text}" for name, text in _recordings(folder, "{}.wav").items()]
    _write_lines(folder / "manifest.tsv", ["path\ttranscript", *rows])


def _lj_speech(folder: Path) -> None:
    (folder / "wavs").mkdir()
    rows = _recordings(folder / "wavs", "LJ-{}.wav").items()
    lines = [f"{name.removesuffix('.wav')}|{text}|{text}" for name, text in rows]
    _write_lines(folder / "metadata.csv", lines)


def _nemo(folder: Path) -> None:
    rows = _recordings(folder, "{}.wav").items()
    objects = [{"audio_filepath": name, "duration": SECONDS, "text": text} for name, text in rows]
    _write_lines(folder / "manifest.json", map(json.dumps, objects))


def _kaldi(folder: Path) -> None:
    spans = enumerate(_one_recording(folder).segments)
    segments = [f"u{n} all {one.start_s} {one.end_s}" for n, one in spans]
    _write_lines(folder / "wav.scp", ["all all.wav"])
    _write_lines(folder / "segments", segments)
    _write_lines(folder / "text", [f"u{n} {text}" for n, text in enumerate(TEXTS)])


def _libri_speech(folder: Path) -> None:
    chapter = folder / "train-clean" / "7" / "1"
    chapter.mkdir(parents=True)
    rows = _recordings(chapter, f"{LIBRI_NAME}.flac").items()
    lines = [f"{name.removesuffix('.flac')} {text.upper()}" for name, text in rows]
    _write_lines(chapter / "7-1.trans.txt", lines)


def _elan(folder: Path) -> None:
    _one_recording(folder)
    slots = (EAF_SLOT.format(number=n, ms=1000 * start) for n, start in enumerate(STARTS_S))
    texts = enumerate(TEXTS)
    annotations = (EAF_ANNOTATION.format(start=n, end=n + 1, text=text) for n, text in texts)
    eaf = EAF.format(slots="".join(slots), annotations="".join(annotations))
    (folder / "all.eaf").write_text(eaf, encoding="utf-8")


def _text_grid(folder: Path) -> None:
    spans = _one_recording(folder).segments
    intervals = "\n".join(f'{one.start_s}\n{one.end_s}\n"{one.text}"' for one in spans)
    grid = TEXT_GRID.format(end_s=STARTS_S[-1], count=len(spans), intervals=intervals)
    (folder / "all.TextGrid").write_text(grid, encoding="utf-8")


def _subtitles(folder: Path) -> None:
    (folder / "all.srt").write_text(to_srt(_one_recording(folder)), encoding="utf-8")


def _tones() -> list[npt.NDArray[np.float32]]:
    """Return a sound for each text: (N,) float32."""
    return [tone(110.0 * n, rate_hz=RATE_HZ, seconds=SECONDS) for n in range(1, len(TEXTS) + 1)]


def _transcript(folder: Path) -> None:
    corrected = replace(_one_recording(folder), origin="human")
    (folder / "all.json").write_text(to_json(corrected), encoding="utf-8")


def _recordings(folder: Path, name: str) -> dict[str, str]:
    """Write a recording of each text; return the texts by the names of the files."""
    texts = {name.format(number): text for number, text in enumerate(TEXTS)}
    for file, sound in zip(texts, _tones(), strict=True):
        audio = Audio(sound[:, None], RATE_HZ)
        flac = file.endswith(".flac")
        (folder / file).write_bytes(encoded(audio, "FLAC" if flac else "WAV"))
    return texts


def _one_recording(folder: Path) -> Transcript:
    """Write all texts in one recording; return what is said in it, and when."""
    sound = Audio(np.concatenate(_tones())[:, None], RATE_HZ)
    (folder / "all.wav").write_bytes(encoded(sound, "WAV"))
    segments = tuple(
        Segment(start_s=start, end_s=end, text=text)
        for (start, end), text in zip(pairwise(STARTS_S), TEXTS, strict=True)
    )
    return Transcript(
        audio="all.wav", duration_s=STARTS_S[-1], text=" ".join(TEXTS), segments=segments
    )


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


LAYOUTS: Mapping[str, Callable[[Path], object]] = {
    "speech-table": _table,
    "ljspeech": _lj_speech,
    "nemo": _nemo,
    "kaldi": _kaldi,
    "librispeech": _libri_speech,
    "elan": _elan,
    "textgrid": _text_grid,
    "subtitles": _subtitles,
    "transcripts": _transcript,
}

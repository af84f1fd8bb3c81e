"""Small data sets to train two steps on, by the kind of data that a task names."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from seqstudio.contracts.manifest import NamedEntry
from seqstudio.contracts.notes import Note
from seqstudio.host.conformance.samples import table_text
from seqstudio.host.conformance.speech_layouts import WORDS, in_layout, with_texts
from seqstudio.media.midi import Score

ITEMS = 8
NOTES = 32
VOICES = (72, 65, 58, 48)  # lowest pitches of soprano, alto, tenor and bass
DRUMS = (36, 38)  # bass and snare


def data_of_importer(importer: NamedEntry, folder: Path) -> Path | None:
    """Write data of an importer's kind, in the layout of its name if that is a published one."""
    if importer.kind != "audio+transcript":
        return sample_data([importer.kind], folder)
    data = folder / "data"
    data.mkdir()
    return in_layout(importer.name, data)


def sample_data(kinds: Iterable[str], folder: Path) -> Path | None:
    """Write a data set of the first kind that is known here; None if none is."""
    for kind in kinds:
        if write := WRITERS.get(kind):
            data = folder / "data"
            data.mkdir()
            return write(data)
    return None


def _pieces(folder: Path) -> Path:
    """Write pieces of four voices, each in a track of its own, and others of drums alone."""
    for number in range(ITEMS):
        score = Score.new()
        for pitch in VOICES:
            notes = [Note(240 * n, pitch + (number + n) % 4, 240) for n in range(NOTES)]
            score = score.with_new_track(notes)
        score.write(folder / f"voices-{number}.mid")
        drums = [Note(240 * n, DRUMS[(number + n) % 2], 120) for n in range(NOTES)]
        Score.new().with_new_track(drums, channel=9).write(folder / f"drums-{number}.mid")
    return folder


def _lines(folder: Path) -> Path:
    path = folder / "lines.txt"
    lines = [f"{first} and {second} went to sea in a green boat\n" for first, second in _pairs()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _labelled(folder: Path) -> Path:
    path = folder / "texts.tsv"
    pairs = enumerate(_pairs())
    rows = [f"{'odd' if number % 2 else 'even'}\t{w} {n}" for number, (w, n) in pairs]
    path.write_text("\n".join(["label\ttext", *rows, ""]), encoding="utf-8")
    return path


def _tagged(folder: Path) -> Path:
    path = folder / "sentences.conll"
    sentences = [f"see O\n{first} B-number\n{second} I-number\n\n" for first, second in _pairs()]
    path.write_text("".join(sentences).replace(" ", "\t"), encoding="utf-8")
    return path


def _parallel(folder: Path) -> Path:
    for split in ("train", "valid"):
        for language in ("en", "de", "fr", "es"):
            lines = [f"{language} {first} {second}\n" for first, second in _pairs()]
            (folder / f"{split}.{language}").write_text("".join(lines), encoding="utf-8")
    return folder


def _table(folder: Path) -> Path:
    path = folder / "hours.csv"
    path.write_text(table_text(), encoding="utf-8")
    return path


def _pairs() -> list[tuple[str, str]]:
    """Return 32 pairs of words."""
    return [(first, second) for first in WORDS for second in WORDS[:4]]


WRITERS: Mapping[str, Callable[[Path], Path]] = {
    "audio+transcript": with_texts,
    "midi": _pieces,
    "text": _lines,
    "labelled-text": _labelled,
    "tagged-text": _tagged,
    "parallel-text": _parallel,
    "table": _table,
}

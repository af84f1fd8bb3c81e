"""The places of words as a table, and as a page with clips to play."""

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Table
from seqstudio.api.media import AudioSource, encoded, mono, read_audio

COLUMNS = ("word", "recording", "start_s", "end_s", "score")
CLIPS = 200  # of the best hits, in a page
AROUND_S = 0.5  # of sound before and after a clip's word
STYLE = "body{font:16px sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A word that is probably said somewhere in a recording."""

    word: str
    recording: Path
    start_s: float
    end_s: float
    score: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class HitPage(Mapping[str, str]):
    """The page with the places of words; its clips are read when it is asked for."""

    hits: Sequence[Hit]

    def __getitem__(self, form: str) -> str:
        if form != "html":
            raise KeyError(form)
        return page(self.hits)

    def __iter__(self) -> Iterator[str]:
        return iter(["html"])

    def __len__(self) -> int:
        return 1


def table(hits: Sequence[Hit]) -> Table:
    """Return a row for each place."""
    rows = ((hit.word, _shown(hit.recording), hit.start_s, hit.end_s, hit.score) for hit in hits)
    return Table(COLUMNS, tuple(rows))


def page(hits: Sequence[Hit]) -> str:
    """Return one page that needs nothing else: a row for each place, with its sound."""
    head = "".join(f"<th>{name}</th>" for name in (*COLUMNS, "sound"))
    rows = []
    for number, hit in enumerate(hits):
        sound = _clip(hit) if number < CLIPS else ""
        times = (f"{seconds:.3f}" for seconds in (hit.start_s, hit.end_s))
        texts = (hit.word, _shown(hit.recording), *times, f"{hit.score:.4f}")
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in texts)
        rows.append(f"<tr>{cells}<td>{sound}</td></tr>\n")
    left = len(hits) - CLIPS
    note = f"<p>The sound of the last {left} is left out.</p>" if left > 0 else ""
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Words found</title>'
        f"<style>{STYLE}</style>\n<table><tr>{head}</tr>\n{''.join(rows)}</table>{note}\n</html>\n"
    )


def _shown(recording: Path) -> str:
    """Return a path that every encoding and a line of a table can hold."""
    return " ".join(str(recording).encode(errors="replace").decode().split())


def _clip(hit: Hit) -> str:
    """Return the sound of a hit for a page; a recording that is gone since has none."""
    start_s = max(0.0, hit.start_s - AROUND_S)
    try:
        heard = read_audio(AudioSource(hit.recording, start_s=start_s, end_s=hit.end_s + AROUND_S))
    except DataError:
        return ""
    data = base64.b64encode(encoded(mono(heard), "FLAC")).decode()
    return f'<audio controls preload="none" src="data:audio/flac;base64,{data}"></audio>'

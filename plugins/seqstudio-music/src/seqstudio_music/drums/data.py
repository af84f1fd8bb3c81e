"""Drumming as data: MIDI files, what their names say, and the covariates of each step."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError, Example, Ledger
from seqstudio.api.media import Score
from seqstudio_music.drums.hits import LOUD, Steps, steps_of
from seqstudio_music.grid import OTHER_METER, Grid, grid_of_score
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.kit import PIECE_OF
from seqstudio_music.midi_folders import midi_files

POSITIONS = 32  # steps in a bar; later ones count as the last
SILENT, TAPPED, ACCENTED, UNTAPPED = range(4)  # a tap in a step; untapped: nothing is known
TAPS = 4
BEAT, FILL, UNKNOWN_KIND = range(3)
KINDS = 3
TEMPO_LIMITS = (85, 105, 125, 150)  # bpm
MOST_STYLES = 31
NAME = re.compile(r"\d+_(?P<style>[a-z]+)[^_]*_\d+_(?P<kind>beat|fill)_")  # of Groove MIDI


@dataclass(frozen=True, eq=False)
class Drumming:
    """One piece of drumming."""

    steps: Steps
    grid: Grid
    tempo_bpm: float
    style: str = ""  # "" is unknown
    kind: int = UNKNOWN_KIND


@dataclass(frozen=True, kw_only=True, eq=False)
class DrumExample(Example):
    """A MIDI file, and the drumming that it was read as."""

    where: str
    midi: Path
    size: int  # steps; for an unread file its size in bytes
    drumming: Drumming | None = None


def drum_examples(source: Path, ledger: Ledger) -> Iterator[DrumExample]:
    """Yield one example per MIDI file, without reading the files."""
    for file in midi_files(source, ledger):
        size = file.path.stat().st_size
        yield DrumExample(
            id=file.name, split=file.split, where=file.name, midi=file.path, size=size
        )


def drumming_of(example: DrumExample) -> Drumming:
    """Return the drumming of an example, reading its file if necessary."""
    return read_drumming(example.midi) if example.drumming is None else example.drumming


def read_drumming(path: Path) -> Drumming:
    """Read the drums of a MIDI file.

    Raises
    ------
    DataError
        If it cannot be read, or has no note of a drum kit on channel 10.
    """
    score = Score.read(path)
    notes = [n for n in score.notes if n.channel == DRUM_CHANNEL and n.pitch in PIECE_OF]
    if not notes:
        raise DataError(f"{path}: no drum on channel 10, expected some")
    grid = grid_of_score(score, max(note.onset_ticks for note in notes) + 1)
    return Drumming(steps_of(notes, grid), grid, score.tempos[0].bpm, *style_and_kind(path))


def style_and_kind(path: Path) -> tuple[str, int]:
    """Return what the name of a file says of its style, "" if nothing, and of its kind.

    >>> style_and_kind(Path("145_latin-samba_95_fill_4-4.mid")), style_and_kind(Path("mine.mid"))
    (('latin', 1), ('', 2))
    """
    found = NAME.match(path.name)
    if found is None:
        return "", UNKNOWN_KIND
    return found["style"], BEAT if found["kind"] == "beat" else FILL


def covariate_sizes() -> tuple[int, ...]:
    """Return the number of values of each covariate of a step."""
    return POSITIONS, OTHER_METER + 1, len(TEMPO_LIMITS) + 1, MOST_STYLES + 1, KINDS, TAPS


def covariates(
    grid: Grid,
    tempo_bpm: float,
    style: int,
    kinds: NDArray[np.int64] | int,
    taps: NDArray[np.int64] | int,
) -> NDArray[np.int64]:
    """Return the (T, 6) covariates of steps.

    Parameters
    ----------
    style : the number of a style, or `MOST_STYLES` for an unknown one
    kinds : of each step whether it is of a beat, of a fill, or of either
    taps : of each step what is tapped in it
    """
    steps = grid.steps
    tempo = sum(tempo_bpm >= limit for limit in TEMPO_LIMITS)
    return np.stack(
        [
            np.minimum(grid.positions, POSITIONS - 1),
            grid.meters,
            np.full(steps, tempo),
            np.full(steps, style),
            np.broadcast_to(kinds, steps),
            np.broadcast_to(taps, steps),
        ],
        axis=1,
    )


def style_number(style: str, styles: Sequence[str]) -> int:
    """Return the number of a style, or that of an unknown one."""
    return styles.index(style) if style in styles else MOST_STYLES


def tapped(steps: Steps, pieces: frozenset[int]) -> NDArray[np.int64]:
    """Return the taps of each step: what the hits of some pieces would be on one surface."""
    loudest = [
        max((hit.velocity for hit in hits if hit.piece in pieces), default=-1) for hits in steps
    ]
    return np.array([SILENT if one < 0 else ACCENTED if one >= LOUD else TAPPED for one in loudest])

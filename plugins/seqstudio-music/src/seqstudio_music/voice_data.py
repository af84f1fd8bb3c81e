"""Pieces in voices: chorales as JSON, and any MIDI that has the voices of a layout."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqstudio.api import DataError, Example, Ledger, canonical_split
from seqstudio_music.chords import QUALITIES, chord_classes
from seqstudio_music.grid import Grid, chorale_grid
from seqstudio_music.keys import estimate_key
from seqstudio_music.midi_folders import midi_files
from seqstudio_music.roll_data import KEYS, LOWEST
from seqstudio_music.slots import CHORALE, NONE, Held, Slot, Values

BASSES = ("Bass", "Chords")  # whose last note is mostly the tonic
JSON_VOICES = (0, 3, 1, 2)  # soprano, bass, alto, tenor in steps of soprano, alto, tenor, bass


@dataclass(frozen=True, eq=False)
class Voices:
    """One piece on the grid of sixteenths."""

    values: Values  # (T, S)
    held: Held  # (T, S)
    grid: Grid
    key: int
    notes: Mapping[str, int] = field(default_factory=dict)  # what reading had to bend, counted


@dataclass(frozen=True, kw_only=True, eq=False)
class VoicesExample(Example):
    """One piece: its voices, or the MIDI file that they are read from when they are needed."""

    where: str
    steps: Values | None = None  # (T, 4) soprano, bass, alto, tenor
    voices: Voices | None = None
    midi: Path | None = None
    size: int  # sixteenths, where known; for MIDI the size of the file, which grows alike


class ChoraleImporter:
    """Reads chorales at sixteenths from JSON: `{split: [piece, ...]}` or a list of pieces.

    A piece is a list of steps, a step the pitches of soprano, alto, tenor and bass, -1 for a rest.
    """

    name = "chorale-json"
    kind = "chorale-json"

    def recognises(self, source: Path) -> bool:
        """Say whether `source` is a JSON file, or a folder that holds one of separated voices."""
        return source.suffix == ".json" or bool(separated(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[VoicesExample]:
        """Yield one example a piece; a piece that is not of four voices is refused.

        Raises
        ------
        DataError
            If the file is not JSON of that form, or a folder holds several.
        """
        path = one_file(source)
        for split, pieces in read_json(path).items():
            for number, piece in enumerate(pieces):
                where = f"{path.name}:{split or 'pieces'}[{number}]"
                try:
                    steps = chorale_steps(piece)
                except DataError as bad:
                    ledger.refuse(where, str(bad))
                    continue
                ledger.use(where)
                yield VoicesExample(
                    id=where, split=split, where=where, steps=steps, size=len(steps)
                )


def separated(folder: Path) -> list[Path]:
    """List the JSON files of a folder that say in their name that voices are separated."""
    return sorted(folder.glob("*[Ss]eparated*.json")) if folder.is_dir() else []


def one_file(source: Path) -> Path:
    """Give the one file that `source` stands for.

    Raises
    ------
    DataError
        If a folder holds several.
    """
    if not source.is_dir():
        return source
    found = separated(source)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(f"{source}: {len(found)} sets ({names}), expected one: name a file")
    return found[0]


def read_json(path: Path) -> dict[str, list[Any]]:
    """Read pieces by canonical split, "" where the file has none.

    Raises
    ------
    DataError
        If the file cannot be read, or holds neither lists by split nor a list.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as bad:
        raise DataError(f"{path}: {bad.strerror}, expected chorales as JSON") from bad
    except ValueError as bad:
        raise DataError(f"{path}: {bad}, expected chorales as JSON") from bad
    if isinstance(content, list):
        return {"": content}
    if isinstance(content, dict) and all(isinstance(part, list) for part in content.values()):
        return {canonical_split(name): part for name, part in content.items()}
    raise DataError(f"{path}: {type(content).__name__}, expected pieces, or pieces by split")


def chorale_steps(piece: object) -> Values:
    """Check one piece, giving (T, 4) in the order soprano, bass, alto, tenor.

    Raises
    ------
    DataError
        If it is empty, or a step has other than four pitches or rests.
    """
    if not isinstance(piece, list) or not piece:
        raise DataError("0 steps, expected at least 1")
    for number, step in enumerate(piece):
        if not isinstance(step, list) or len(step) != len(JSON_VOICES):
            found = len(step) if isinstance(step, list) else type(step).__name__
            raise DataError(f"step {number}: {found} voices, expected {len(JSON_VOICES)}")
        for pitch in step:
            if not is_pitch(pitch):
                raise DataError(f"step {number}: {pitch!r}, expected a MIDI pitch, or -1")
    steps = np.array(piece, dtype=np.float64)
    return np.nan_to_num(steps, nan=NONE).astype(np.int64)[:, JSON_VOICES]


def is_pitch(value: object) -> bool:
    """Say whether `value` is a whole number from -1 to 127, or NaN, which means a rest too."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isnan(value) or (-1 <= value <= 127 and value == int(value))


def midi_voices(source: Path, ledger: Ledger) -> Iterator[VoicesExample]:
    """Yield one example for each MIDI file; the files are opened later."""
    for file in midi_files(source, ledger):
        size = file.path.stat().st_size
        yield VoicesExample(
            id=file.name, split=file.split, where=file.name, midi=file.path, size=size
        )


def held_pitches(values: Values) -> Held:
    """Call held what sounds as in the step before: for data without strikes."""
    held = np.zeros(values.shape, dtype=np.bool_)
    held[1:] = (values[1:] == values[:-1]) & (values[1:] != NONE)
    return held


def chorale_voices(steps: Values) -> Voices:
    """Lay (T, 4) steps on bars of 4/4 that end with the piece; other keys move by octaves."""
    values = np.where(steps == NONE, NONE, on_keyboard(steps))
    moved = int((values != steps).sum())
    notes = {"sixteenths moved onto the keyboard": moved} if moved else {}
    grid = chorale_grid(len(values))
    return Voices(values, held_pitches(values), grid, key_of_values(CHORALE, values), notes)


def on_keyboard(pitches: Values) -> Values:
    """Move pitches below 21 or above 108 by octaves."""
    low = np.where(pitches < LOWEST, LOWEST + (pitches - LOWEST) % 12, pitches)
    top = LOWEST + KEYS - 12
    return np.where(low >= LOWEST + KEYS, top + (low - top) % 12, low)


def key_of_values(slots: Sequence[Slot], values: Values) -> int:
    """Estimate the key of a piece from all that sounds and the last note of its bass."""
    weights, last_bass = np.zeros(12), None
    for column, slot in enumerate(slots):
        found, counts = np.unique(values[:, column], return_counts=True)
        for value, count in zip(found.tolist(), counts.tolist(), strict=True):
            if value != NONE:
                classes = {value % 12} if slot.kind == "pitch" else chord_classes(value)
                weights[list(classes)] += count
    for column, slot in enumerate(slots):
        sung = values[values[:, column] != NONE, column]
        if slot.name in BASSES and sung.size:
            last = int(sung[-1])
            last_bass = last % 12 if slot.kind == "pitch" else last // len(QUALITIES)
    return estimate_key(weights, last_bass)

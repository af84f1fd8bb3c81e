"""Pieces in voices, and the importer of chorales in JSON."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqstudio.api import DataError, Example, Ledger, canonical_split, why_unreadable
from seqstudio_music.chords import QUALITIES, chord_pitch_classes
from seqstudio_music.grid import Grid, chorale_grid
from seqstudio_music.keyboard import fold_pitches
from seqstudio_music.keys import estimate_key
from seqstudio_music.midi_folders import midi_files
from seqstudio_music.voices.tokens import CHORALE, NONE, Held, Values, Voice, repeated

BASS_VOICES = ("Bass", "Chords")  # their last note is usually the tonic
JSON_ORDER = (0, 3, 2, 1)  # soprano, bass, tenor, alto in a step of soprano, alto, tenor, bass


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece in voices, on the grid of sixteenths."""

    values: Values  # (T, S)
    held: Held  # (T, S)
    grid: Grid
    key: int
    adjustments: Mapping[str, int] = field(default_factory=dict)  # changes made in reading, counted


@dataclass(frozen=True, kw_only=True, eq=False)
class VoiceExample(Example):
    """One piece, or the steps or MIDI file that it is read from when it is needed."""

    where: str
    steps: Values | None = None  # (T, 4) soprano, bass, tenor, alto
    piece: Piece | None = None
    midi: Path | None = None
    size: int  # number of sixteenths; for an unread MIDI file its size in bytes, to sort by


class ChoraleImporter:
    """Reads chorales from JSON: `{split: [piece, ...]}`, or a list of pieces.

    A piece is a list of sixteenths; each is a list of the MIDI pitches of soprano, alto, tenor and
    bass, with -1 for a rest.
    """

    name = "chorale-json"
    kind = "chorale-json"

    def recognises(self, source: Path) -> bool:
        """Return whether `source` is a JSON file, or a folder with one of separated voices."""
        return source.suffix == ".json" or bool(separated_files(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[VoiceExample]:
        """Yield one example per piece; refuse pieces that do not have four voices.

        Raises
        ------
        DataError
            If the file is not such JSON, or a folder contains several.
        """
        path = one_file(source)
        for split, pieces in read_json(path).items():
            for number, piece in enumerate(pieces):
                where = f"{path.name}:{split or 'pieces'}[{number}]"
                try:
                    steps = chorale_steps(piece)
                except DataError as error:
                    ledger.refuse(where, str(error))
                    continue
                ledger.use(where)
                yield VoiceExample(id=where, split=split, where=where, steps=steps, size=len(steps))


def separated_files(folder: Path) -> list[Path]:
    """Return the JSON files of a folder whose names contain "separated"."""
    return sorted(folder.glob("*[Ss]eparated*.json")) if folder.is_dir() else []


def one_file(source: Path) -> Path:
    """Return the one file that `source` stands for.

    Raises
    ------
    DataError
        If a folder contains several.
    """
    if not source.is_dir():
        return source
    found = separated_files(source)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(f"{source}: {len(found)} sets ({names}), expected one: name a file")
    return found[0]


def read_json(path: Path) -> dict[str, list[Any]]:
    """Read pieces by canonical split; the split is "" if the file has none.

    Raises
    ------
    DataError
        If the file cannot be read, or contains neither a list nor lists by split.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {why_unreadable(error)}, expected chorales as JSON") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}, expected chorales as JSON") from error
    if isinstance(content, list):
        return {"": content}
    if isinstance(content, dict) and all(isinstance(part, list) for part in content.values()):
        return {canonical_split(name): part for name, part in content.items()}
    raise DataError(f"{path}: {type(content).__name__}, expected pieces, or pieces by split")


def chorale_steps(piece: object) -> Values:
    """Check one piece of JSON; return (T, 4) in the order soprano, bass, tenor, alto.

    Raises
    ------
    DataError
        If it is empty, or a step is not four pitches or rests.
    """
    if not isinstance(piece, list) or not piece:
        raise DataError("0 steps, expected at least 1")
    for number, step in enumerate(piece):
        if not isinstance(step, list) or len(step) != len(JSON_ORDER):
            found = len(step) if isinstance(step, list) else type(step).__name__
            raise DataError(f"step {number}: {found} voices, expected {len(JSON_ORDER)}")
        for pitch in step:
            if not is_pitch_or_rest(pitch):
                raise DataError(f"step {number}: {pitch!r}, expected a MIDI pitch, or -1")
    steps = np.array(piece, dtype=np.float64)
    return np.nan_to_num(steps, nan=NONE).astype(np.int64)[:, JSON_ORDER]


def is_pitch_or_rest(value: object) -> bool:
    """Return whether `value` is a whole number from -1 to 127, or NaN, which is a rest too."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isnan(value) or (-1 <= value <= 127 and value == int(value))


def midi_examples(source: Path, ledger: Ledger) -> Iterator[VoiceExample]:
    """Yield one example per MIDI file, without reading the files."""
    for file in midi_files(source, ledger):
        size = file.path.stat().st_size
        yield VoiceExample(
            id=file.name, split=file.split, where=file.name, midi=file.path, size=size
        )


def chorale_piece(steps: Values) -> Piece:
    """Return the piece of (T, 4) steps: bars of 4/4, pitches moved onto the keyboard by octaves."""
    values = np.where(steps == NONE, NONE, fold_pitches(steps))
    moved = int((values != steps).sum())
    adjustments = {"sixteenths moved onto the keyboard by octaves": moved} if moved else {}
    grid = chorale_grid(len(values))
    return Piece(values, repeated(values), grid, piece_key(CHORALE, values), adjustments)


def piece_key(voices: Sequence[Voice], values: Values) -> int:
    """Estimate the key of a piece from all its notes and the last note of its bass."""
    durations, last_bass = np.zeros(12), None
    for column, voice in enumerate(voices):
        found, counts = np.unique(values[:, column], return_counts=True)
        for value, count in zip(found.tolist(), counts.tolist(), strict=True):
            if value != NONE:
                classes = {value % 12} if voice.kind == "pitch" else chord_pitch_classes(value)
                durations[list(classes)] += count
    for column, voice in enumerate(voices):
        present = values[values[:, column] != NONE, column]
        if voice.name in BASS_VOICES and present.size:
            last = int(present[-1])
            last_bass = last % 12 if voice.kind == "pitch" else last // len(QUALITIES)
    return estimate_key(durations, last_bass)

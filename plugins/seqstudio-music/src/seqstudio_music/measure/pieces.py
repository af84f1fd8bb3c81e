"""Measuring pieces: those in memory, MIDI files, and folders and chorale files with splits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Ledger, Note, canonical_split
from seqstudio.api.media import Score
from seqstudio_music.grid import STEPS_PER_BEAT, TICKS_PER_BEAT
from seqstudio_music.keys import key_of_signature
from seqstudio_music.measure.chorale import BAR, chorale_sums, notes_of
from seqstudio_music.measure.lead_sheet import LeadSheet, lead_sheet_sums
from seqstudio_music.measure.metrics import Sums
from seqstudio_music.midi_folders import midi_files
from seqstudio_music.parts import parts_of
from seqstudio_music.roles import is_chorale
from seqstudio_music.voices.data import ChoraleImporter, Piece, chorale_piece
from seqstudio_music.voices.score_reader import read_piece
from seqstudio_music.voices.tokens import CHORALE, LEAD_SHEET, NONE, Values

BASS = [voice.name for voice in CHORALE].index("Bass")
CHORDS, MELODY = ([voice.name for voice in LEAD_SHEET].index(name) for name in ("Chords", "Melody"))


@dataclass(frozen=True, slots=True)
class MeasuredPiece:
    """The sums of one piece's metrics."""

    name: str
    layout: str  # "chorale" or "lead-sheet"
    sums: Sums


def chorale_scores(source: Path, splits: Sequence[str]) -> Iterator[tuple[str, Score]]:
    """Yield the chorales of a JSON file that are in some splits, by name, as scores."""
    for name, steps in _chorales(source, splits, Ledger()):
        score = Score.new(ticks_per_beat=TICKS_PER_BEAT)
        sixteenth = TICKS_PER_BEAT // STEPS_PER_BEAT
        upbeat = -len(steps) % BAR  # so that the last bar ends with the piece
        for voice in steps.T:
            at, notes = upbeat, []
            for pitch, length in notes_of(voice):
                if pitch != NONE:
                    notes.append(Note(at * sixteenth, pitch, length * sixteenth))
                at += length
            score = score.with_new_track(notes)
        yield name, score


def _chorales(source: Path, splits: Sequence[str], ledger: Ledger) -> Iterator[tuple[str, Values]]:
    """Yield the (T, 4) steps of the chorales of a JSON file that are in some splits, by name."""
    for example in ChoraleImporter().read(source, ledger):
        if example.split in splits and example.steps is not None:
            yield example.id, example.steps


def measure_piece(layout: str, piece: Piece, *, key: int | None = None, bars: int = 0) -> Sums:
    """Measure a piece in memory.

    Parameters
    ----------
    layout : "chorale" or "lead-sheet"
    key : the key that was asked for; None leaves it to the estimate
    bars : of a lead sheet only the first ones count, but for its close; 0: all
    """
    values = piece.values
    if layout == "chorale":
        tonic = (piece.key if key is None else key) % 12
        sums = chorale_sums(values, values[:, BASS], piece.grid, tonic)
    else:
        melody, onsets = values[:, MELODY], ~piece.held[:, MELODY] & (values[:, MELODY] != NONE)
        sheet = LeadSheet(melody, onsets, values[:, CHORDS], piece.grid)
        sums = lead_sheet_sums(sheet, bars)
    asked = (0, 0) if key is None else (int(piece.key == key), 1)
    return {**sums, "key_as_asked": asked}


def measure_score(
    score: Score, name: str, *, key: int | None = None, bars: int = 0
) -> MeasuredPiece:
    """Measure a MIDI score: a chorale if it has four parts of one voice each, else a lead sheet.

    Without `key`, the key asked for is that of the score's one key signature, if it has one.

    Raises
    ------
    DataError
        If it is neither.
    """
    if key is None:
        found = {key_of_signature(one.fifths, minor=one.minor) for one in score.key_signatures}
        key = found.pop() if len(found) == 1 else None
    layout = "chorale" if is_chorale(parts_of(score)) else "lead-sheet"
    piece = read_piece(score, layout)
    return MeasuredPiece(name, layout, measure_piece(layout, piece, key=key, bars=bars))


def measure_files(
    paths: Iterable[Path], ledger: Ledger, *, key: int | None = None, bars: int = 0
) -> Iterator[MeasuredPiece]:
    """Measure MIDI files; list each in `ledger`, as used or refused."""
    for path in paths:
        try:
            piece = measure_score(Score.read(path), str(path), key=key, bars=bars)
        except DataError as error:
            ledger.refuse(str(path), str(error).removeprefix(f"{path}: "))
            continue
        ledger.use(str(path))
        yield piece


def measure_source(
    source: Path, ledger: Ledger, *, split: str, bars: int = 0
) -> Iterator[MeasuredPiece]:
    """Measure one part of a data set: chorales in JSON, or MIDI with or without a manifest.

    Raises
    ------
    DataError
        If `source` is neither, or is MIDI without a piece of this part.
    """
    wanted = ("", canonical_split(split))
    if ChoraleImporter().recognises(source):
        for name, steps in _chorales(source, wanted, ledger):
            yield MeasuredPiece(name, "chorale", measure_piece("chorale", chorale_piece(steps)))
        return
    files = [file for file in midi_files(source, Ledger()) if file.split in wanted]
    if not files:
        raise DataError(f"{source}: no pieces of split {split!r}, expected some")
    yield from measure_files([file.path for file in files], ledger, bars=bars)

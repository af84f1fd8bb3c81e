"""A small picture of a piece: its first notes."""

from collections.abc import Iterable, Sequence

from seqstudio.contracts.notes import Note

SKETCHED = 120  # notes
Picture = tuple[tuple[float, float, float], ...]  # notes: start, length and height, 0 to 1


def picture_of(tracks: Iterable[Sequence[Note]]) -> Picture:
    """Return the first notes of the tracks of a piece, as parts of a picture."""
    notes = sorted(
        (note.onset_ticks, note.length_ticks, note.pitch)
        for track in tracks
        for note in track[:SKETCHED]
    )[:SKETCHED]
    if not notes:
        return ()
    stop = max(start + length for start, length, _ in notes)
    low, high = min(note[2] for note in notes), max(note[2] for note in notes)
    return tuple(
        (start / stop, length / stop, (pitch - low + 1) / (high - low + 2))
        for start, length, pitch in notes
    )

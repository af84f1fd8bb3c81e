"""Changes to the sorted notes of one track."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from seqstudio.contracts.notes import Note
from seqstudio.errors import SessionError

FEW = 16  # where a track has this many times as many notes, a search for each is faster
KEY = attrgetter("onset_ticks", "pitch", "length_ticks", "velocity", "channel")


def ordered(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Sort notes."""
    return tuple(sorted(notes, key=KEY))


def changed(
    notes: tuple[Note, ...], removed: Sequence[Note], added: Sequence[Note]
) -> tuple[Note, ...]:
    """Remove some notes, each once, and add others.

    Parameters
    ----------
    notes : sorted
    removed, added : in any order

    Returns
    -------
    sorted, so that the same notes give the same tuple whatever their history

    Raises
    ------
    SessionError
        If one that is to be removed is not there.
    """
    if (len(removed) + len(added)) * FEW > len(notes):
        return ordered([*_without(notes, removed), *added])
    kept: list[Note] = []
    start = 0
    for note in ordered(removed):
        at = bisect_left(notes, note, start)
        if at == len(notes) or notes[at] != note:
            raise _missing(note.onset_ticks, note.pitch)
        kept += notes[start:at]
        start = at + 1
    kept += notes[start:]
    whole: list[Note] = []
    start = 0
    for note in ordered(added):
        at = bisect_left(kept, note, start)
        whole += [*kept[start:at], note]
        start = at
    return (*whole, *kept[start:])


def moved(notes: Sequence[Note], ticks: int, semitones: int) -> tuple[Note, ...]:
    """Move notes in time and pitch.

    Raises
    ------
    DataError
        If one would leave the keyboard, or begin before the start.
    """
    return tuple(
        Note(onset + ticks, pitch + semitones, length, velocity, channel)
        for onset, pitch, length, velocity, channel in map(KEY, notes)
    )


def _without(notes: tuple[Note, ...], removed: Sequence[Note]) -> list[Note]:
    if not removed:
        return list(notes)
    left = Counter(map(KEY, removed))
    kept = []
    for key, note in zip(map(KEY, notes), notes, strict=True):
        if left.get(key):
            left[key] -= 1
        else:
            kept.append(note)
    for onset_ticks, pitch, *_ in left.elements():
        raise _missing(onset_ticks, pitch)
    return kept


def _missing(onset_ticks: int, pitch: int) -> SessionError:
    where = f"onset {onset_ticks}, pitch {pitch}"
    return SessionError(f"no such note at {where} in this track, expected one that is there")

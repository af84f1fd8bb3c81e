"""The notes of a track as one array, so that 50,000 of them can be edited at once."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import starmap
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

from seqstudio.contracts.notes import Note
from seqstudio.errors import SessionError

if TYPE_CHECKING:  # numpy loads with the first notes: a window without any shows sooner
    import numpy as np
    from numpy.typing import NDArray

    Table: TypeAlias = NDArray[np.int64]

FIELDS = ("onset_ticks", "pitch", "length_ticks", "velocity", "channel")


class Notes(Sequence[Note]):
    """An immutable array of notes, equal to any sequence of the same notes.

    Parameters
    ----------
    table : int64 (5, N), a row for each of `FIELDS`

    Raises
    ------
    DataError
        If a column is not a valid note.
    """

    __hash__ = None  # type: ignore[assignment]  # equal to tuples, which have another hash

    def __init__(self, table: "Table") -> None:
        table.flags.writeable = False
        self.table: Final = table
        self.onsets: Final[Table] = table[0]  # ticks
        self.pitches: Final[Table] = table[1]
        self.lengths: Final[Table] = table[2]  # ticks
        self.velocities: Final[Table] = table[3]
        self.channels: Final[Table] = table[4]
        error = (self.onsets < 0) | (self.lengths < 1) | (self.velocities < 1)
        for row, largest in (self.pitches, 127), (self.velocities, 127), (self.channels, 15):
            error |= (row < 0) | (row > largest)
        if error.any():
            Note(*table[:, error.argmax()].tolist())  # raises an error that says what is invalid

    @classmethod
    def of(cls, notes: Iterable[Note]) -> "Notes":
        """Return notes as an array, in the same order."""
        import numpy as np

        if isinstance(notes, Notes):
            return notes
        rows = [*map(attrgetter(*FIELDS), notes)]
        return cls(np.array(rows, np.int64).reshape(-1, len(FIELDS)).T.copy())

    @classmethod
    def joined(cls, parts: Sequence["Notes"]) -> "Notes":
        """Return the notes of several tracks in one array, ordered."""
        import numpy as np

        tables = [part.table for part in (cls.of(()), *parts)]
        return cls(np.concatenate(tables, axis=1)).ordered()

    def __len__(self) -> int:
        return int(self.table.shape[1])

    @overload
    def __getitem__(self, at: int) -> Note: ...
    @overload
    def __getitem__(self, at: slice) -> "Notes": ...
    def __getitem__(self, at: int | slice) -> "Note | Notes":
        if isinstance(at, slice):
            return self.select(at)
        return Note(*self.table[:, at].tolist())

    def __iter__(self) -> Iterator[Note]:
        return starmap(Note, zip(*self.table.tolist(), strict=True))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Notes):
            same = self is other or self.table.shape == other.table.shape
            return same and bool((self.table == other.table).all())
        return tuple(self) == other

    def __repr__(self) -> str:
        return f"Notes.of({tuple(self)!r})"

    @cached_property
    def sort_keys(self) -> Any:
        """Each note as 16 bytes that sort as notes do, so that numpy compares them as one value."""
        import numpy as np

        first = self.onsets << 7 | self.pitches
        last = self.lengths << 11 | self.velocities << 4 | self.channels
        return np.stack((first, last), axis=1).astype(">u8").view("S16")[:, 0]

    def select(self, which: Any) -> "Notes":
        """Return some of the notes, selected by a slice, an array of indices, or a mask."""
        return Notes(self.table[:, which])

    def with_field(self, field: str, values: Any) -> "Notes":
        """Return the notes with other values of one field: a number, or an array of shape (N,)."""
        table = self.table.copy()
        table[FIELDS.index(field)] = values
        return Notes(table)

    def moved(self, ticks: int, semitones: int) -> "Notes":
        """Return the notes moved in time and pitch.

        Raises
        ------
        DataError
            If a note would leave the keyboard or begin before the start.
        """
        table = self.table.copy()
        table[0] += ticks
        table[1] += semitones
        return Notes(table)

    def ordered(self) -> "Notes":
        """Return the notes sorted by onset, then by pitch, and so on."""
        if (self.sort_keys[1:] >= self.sort_keys[:-1]).all():
            return self
        return self.select(self.sort_keys.argsort(kind="stable"))


def find_notes(notes: Notes, wanted: Notes) -> "Table":
    """Find notes in a track; equal notes get different indices.

    Parameters
    ----------
    notes, wanted : both ordered

    Returns
    -------
    int64 (M,), the index of each wanted note in `notes`, -1 if it is not there
    """
    import numpy as np

    indices, sought = np.arange(len(wanted)), wanted.sort_keys
    is_repeat = np.append(False, sought[1:] == sought[:-1])[: len(sought)]
    firsts = np.maximum.accumulate(np.where(is_repeat, 0, indices))
    found = notes.sort_keys.searchsorted(sought) + (indices - firsts)
    exists = found < len(notes)
    exists[exists] = notes.sort_keys[found[exists]] == sought[exists]
    return np.where(exists, found, -1)


def replace_notes(notes: Notes, removed: Notes, added: Notes) -> Notes:
    """Return notes without some, each removed once, and with others added.

    Parameters
    ----------
    notes : ordered
    removed, added : in any order

    Returns
    -------
    ordered, so that equal notes give equal tracks whatever their history

    Raises
    ------
    SessionError
        If a note to be removed is not there.
    """
    import numpy as np

    old, new = removed.ordered(), added.ordered()
    indices = find_notes(notes, old)
    if (indices < 0).any():
        missing = old[int(indices.argmin())]
        where = f"onset {missing.onset_ticks}, pitch {missing.pitch}"
        raise SessionError(f"no such note at {where} in this track, expected one that is there")
    kept = Notes(np.delete(notes.table, indices, axis=1))
    before = kept.sort_keys.searchsorted(new.sort_keys)
    return Notes(np.insert(kept.table, before, new.table, axis=1))

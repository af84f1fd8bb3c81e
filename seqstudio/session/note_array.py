"""The notes of a track as one array: 50,000 of them change, are found and are written at once."""

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
    """Notes as numbers. Equal to any sequence of the same notes; none can be changed in place.

    Parameters
    ----------
    table : int64 (5, N), a row for each of `FIELDS`, which are there by themselves too

    Raises
    ------
    DataError
        If one of them is no note.
    """

    __hash__ = None  # type: ignore[assignment]  # equal to tuples, whose hash is another

    def __init__(self, table: "Table") -> None:
        table.flags.writeable = False
        self.table: Final = table
        self.onsets: Final[Table] = table[0]  # ticks
        self.pitches: Final[Table] = table[1]
        self.lengths: Final[Table] = table[2]  # ticks
        self.velocities: Final[Table] = table[3]
        self.channels: Final[Table] = table[4]
        bad = (self.onsets < 0) | (self.lengths < 1) | (self.velocities < 1)
        for row, largest in (self.pitches, 127), (self.velocities, 127), (self.channels, 15):
            bad |= (row < 0) | (row > largest)
        if bad.any():
            Note(*table[:, bad.argmax()].tolist())  # says what is wrong with it

    @classmethod
    def of(cls, notes: Iterable[Note]) -> "Notes":
        """Put notes in one array, in the order in which they come."""
        import numpy as np

        if isinstance(notes, Notes):
            return notes
        rows = [*map(attrgetter(*FIELDS), notes)]
        return cls(np.array(rows, np.int64).reshape(-1, len(FIELDS)).T.copy())

    @classmethod
    def joined(cls, parts: Sequence["Notes"]) -> "Notes":
        """Put those of several tracks in one, ordered."""
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
            return self.taken(at)
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
    def keys(self) -> Any:
        """Each note as 16 bytes that sort as notes do: numpy compares them as one."""
        import numpy as np

        first = self.onsets << 7 | self.pitches
        last = self.lengths << 11 | self.velocities << 4 | self.channels
        return np.stack((first, last), axis=1).astype(">u8").view("S16")[:, 0]

    def taken(self, which: Any) -> "Notes":
        """Give some of them: by a slice, an array of numbers, or a mask."""
        return Notes(self.table[:, which])

    def with_row(self, field: str, values: Any) -> "Notes":
        """Give all of them other values of one field: a number, or an array of shape (N,)."""
        table = self.table.copy()
        table[FIELDS.index(field)] = values
        return Notes(table)

    def moved(self, ticks: int, semitones: int) -> "Notes":
        """Move all of them in time and pitch.

        Raises
        ------
        DataError
            If one would leave the keyboard, or begin before the start.
        """
        table = self.table.copy()
        table[0] += ticks
        table[1] += semitones
        return Notes(table)

    def ordered(self) -> "Notes":
        """Sort them by onset, then by pitch, and so on."""
        if (self.keys[1:] >= self.keys[:-1]).all():
            return self
        return self.taken(self.keys.argsort(kind="stable"))


def places(notes: Notes, wanted: Notes) -> "Table":
    """Find notes in a track; of several that are the same, each has a place of its own.

    Parameters
    ----------
    notes, wanted : both ordered

    Returns
    -------
    int64 (M,), the number of each wanted note among `notes`, -1 where it is not there
    """
    import numpy as np

    numbers, sought = np.arange(len(wanted)), wanted.keys
    again = np.append(False, sought[1:] == sought[:-1])[: len(sought)]
    firsts = np.maximum.accumulate(np.where(again, 0, numbers))
    found = notes.keys.searchsorted(sought) + (numbers - firsts)
    there = found < len(notes)
    there[there] = notes.keys[found[there]] == sought[there]
    return np.where(there, found, -1)


def changed(notes: Notes, removed: Notes, added: Notes) -> Notes:
    """Remove some notes, each once, and add others.

    Parameters
    ----------
    notes : ordered
    removed, added : in any order

    Returns
    -------
    ordered, so that the same notes give the same track whatever their history

    Raises
    ------
    SessionError
        If one that is to be removed is not there.
    """
    import numpy as np

    gone, new = removed.ordered(), added.ordered()
    at = places(notes, gone)
    if (at < 0).any():
        missing = gone[int(at.argmin())]
        where = f"onset {missing.onset_ticks}, pitch {missing.pitch}"
        raise SessionError(f"no such note at {where} in this track, expected one that is there")
    kept = Notes(np.delete(notes.table, at, axis=1))
    before = kept.keys.searchsorted(new.keys)
    return Notes(np.insert(kept.table, before, new.table, axis=1))

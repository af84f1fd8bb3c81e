"""What kind of music a data set is, and which task and preset learn it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from seqstudio.api import DataError, SuitedPreset
from seqstudio.api.media import Score
from seqstudio_music.kit import PIECE_OF
from seqstudio_music.parts import Part, parts_of
from seqstudio_music.roles import describe_parts, is_chorale, melody_and_chords

E = TypeVar("E")

MOST_LOOKED_AT = 100  # pieces of a data set, spread over it


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of music, with the task and the preset that learn it."""

    task: str
    preset: str  # "" is the task's first
    what: str  # what such a piece has

    @property
    def command(self) -> str:
        """The command that trains on it."""
        preset = f" --preset {self.preset}" if self.preset else ""
        return f"seqstudio train {self.task} DATA{preset}"


CHORALE = Kind("music.voices", "chorale", "four voices")
LEAD_SHEET = Kind("music.voices", "folk", "a melody, alone or with chords")
DRUMS = Kind("music.drums", "groove", "drums on channel 10")
OTHER = Kind("music.rolls", "", "other parts, such as a piano's")
KINDS = (CHORALE, LEAD_SHEET, DRUMS, OTHER)


@dataclass(frozen=True, slots=True)
class Look:
    """What a piece was seen to be; `found` says it in words, for one that is not as expected."""

    name: str
    kinds: tuple[Kind, ...]
    found: str


def spread(examples: Sequence[E]) -> Sequence[E]:
    """Return the examples that are looked at: all, or some from all over a large data set.

    >>> spread(range(250))[:4]
    range(0, 12, 3)
    """
    return examples[:: -(-len(examples) // MOST_LOOKED_AT) or 1]


def look_at_file(name: str, path: Path) -> Look:
    """Return the kinds of a file; it has none if it cannot be read."""
    try:
        return look_at(name, Score.read(path))
    except DataError as error:
        return Look(name, (), str(error))


def look_at(name: str, score: Score) -> Look:
    """Return the kinds of a piece: that of its parts, and drums if it has some."""
    parts = parts_of(score)
    drums = any(n.pitch in PIECE_OF for part in parts_of(score, drums=True) for n in part.notes)
    found = f"{describe_parts(parts)}, {'with' if drums else 'without'} drums"
    return Look(name, (*_kind_of_parts(parts), *((DRUMS,) if drums else ())), found)


def _kind_of_parts(parts: Sequence[Part]) -> Iterator[Kind]:
    if is_chorale(parts):
        yield CHORALE
    elif melody_and_chords(parts):
        yield LEAD_SHEET
    elif parts:
        yield OTHER


def suited_preset(task: str, looks: Iterable[Look]) -> SuitedPreset:
    """Return the preset of a task that suits most pieces.

    Raises
    ------
    DataError
        If the task can learn none of them; the text says which one can.
    """
    pieces = list(looks)
    counts = Counter(kind for piece in pieces for kind in piece.kinds)
    own = [kind for kind in KINDS if kind.task == task]
    best = max(own, key=lambda kind: counts[kind])
    if counts[best]:
        reason = f"{counts[best]} of {len(pieces)} pieces looked at have {best.what}"
        return SuitedPreset(best.preset, reason)
    wanted = " or ".join(kind.what for kind in own)
    first = ", ".join(f"{piece.name}: {piece.found}" for piece in pieces[:1])
    raise DataError(
        f"0 of {len(pieces)} pieces looked at have {wanted}, expected some "
        f"(first {first}){advice(pieces)}"
    )


def advice(pieces: Iterable[Look]) -> str:
    """Return what most pieces have and what learns it, after a semicolon; "" for no piece."""
    counts = Counter(kind for piece in pieces for kind in piece.kinds)
    return "".join(
        f"; {count} have {kind.what}: {kind.command}" for kind, count in counts.most_common(1)
    )

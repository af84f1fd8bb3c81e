"""What a model says of each note of a take, as an operation `explain` writes it in its table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import DataError
from seqstudio.gui.operations.available import AvailableOperation, available_operations
from seqstudio.gui.operations.bar_selection import BarSelection, selection_values
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.session.document import Take

REST, HOLD = "rest", "hold"


@dataclass(frozen=True, slots=True)
class OtherNote:
    """What else may have been in the place of a note."""

    name: str  # of a pitch or a chord, or `REST` or `HOLD`
    probability: float
    pitches: tuple[int, ...]  # MIDI; none for a rest, and where the note before is held


@dataclass(frozen=True, slots=True)
class LeanedOn:
    """A note of the past that makes another as likely as it is."""

    track: int  # from 0
    tick: int
    name: str  # of the note and its place, in words
    effect: str  # what would be without it, in words


@dataclass(frozen=True, slots=True)
class ExplainedNote:
    """A note, or a chord, and what the model says of it."""

    track: int  # from 0
    tick: int
    name: str
    voice: str
    probability: float
    rank: int  # 1: nothing else was more likely
    others: tuple[OtherNote, ...]  # the most likely first
    leans: tuple[LeanedOn, ...]  # the most effective first


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model says of the notes of a take as they were when it was asked."""

    take: Take
    model: str  # as `JobSpec.model` took it
    by: str  # the model's name, for the user
    notes: tuple[ExplainedNote, ...]

    def at(self, track: int, tick: int, reach: float) -> ExplainedNote | None:
        """Return the note of a track that begins nearest to a tick, within `reach` ticks."""
        near = [one for one in self.notes if one.track == track and abs(one.tick - tick) <= reach]
        return min(near, key=lambda one: abs(one.tick - tick), default=None)


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of the table that are used here."""

    voice: str
    pitch: str
    probability: float
    rank: int
    alternatives: str
    alternatives_midi: str
    leans_on: str
    leans_on_at: str
    track: int
    tick: int


def same_music(one: Take, other: Take) -> bool:
    """Whether two takes, or two states of one, have the same notes in the same file."""
    return one.midi == other.midi and one.tracks == other.tracks


def explaining_operation(catalogue: Catalogue) -> AvailableOperation | None:
    """Return the operation `explain` that reads a piece and writes a table `notes`; or None."""
    return next(
        (
            one
            for one in available_operations(catalogue, "midi")
            if one.entry.name == "explain" and notes_port(one.entry)
        ),
        None,
    )


def notes_port(entry: OperationEntry) -> Port | None:
    """Return the output of an operation that is the table of explained notes."""
    found = (port for port in entry.outputs if port.name == "notes" and port.kind == "table")
    return next((port for port in found if "json" in port.formats), None)


def rewriting_operation(catalogue: Catalogue, plugin: str) -> AvailableOperation | None:
    """Return a plugin's first operation that writes bars anew around locked notes; or None."""
    some = BarSelection(1, 1, ("1:1/1",))
    return next(
        (
            one
            for one in available_operations(catalogue, "midi")
            if one.plugin == plugin
            and {"bars", "lock"} <= selection_values(one.entry, some).keys()
            and any(port.kind == "midi" for port in one.entry.outputs)
        ),
        None,
    )


def read_notes(path: Path) -> tuple[ExplainedNote, ...]:
    """Read the table of an operation `explain`. Call it on a thread.

    Raises
    ------
    DataError
        If it cannot be read, or is no such table.
    """
    with os_errors_as(DataError, path):
        text = path.read_text(encoding="utf-8")
    try:
        return tuple(_note(row, f"{path.name}, row {n}") for n, row in _rows(text))
    except ValueError as error:  # of json, or of a number
        raise DataError(f"{path.name}: {error}, expected explained notes") from error


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("not an array of objects")
    names = [field.name for field in fields(_Row)]
    for number, row in enumerate(rows, start=1):
        yield number, {name: row[name] for name in names if name in row}


def _note(row: Mapping[str, Any], where: str) -> ExplainedNote:
    found = from_plain(_Row, row, where, error=DataError)
    others = zip(_parts(found.alternatives), _parts(found.alternatives_midi), strict=True)
    leans = zip(_parts(found.leans_on), _parts(found.leans_on_at), strict=True)
    return ExplainedNote(
        track=found.track - 1,
        tick=found.tick,
        name=found.pitch,
        voice=found.voice,
        probability=found.probability,
        rank=found.rank,
        others=tuple(_other(named, pitches) for named, pitches in others),
        leans=tuple(_leaned_on(text, at) for text, at in leans),
    )


def _other(named: str, pitches: str) -> OtherNote:
    name, _, probability = named.rpartition(" ")
    numbers = () if pitches in (REST, HOLD) else tuple(map(int, pitches.split()))
    return OtherNote(name, float(probability), numbers)


def _leaned_on(text: str, at: str) -> LeanedOn:
    name, _, effect = text.partition(": ")
    track, tick = map(int, at.split())
    return LeanedOn(track - 1, tick, name, effect)


def _parts(text: str) -> list[str]:
    return text.split("; ") if text else []

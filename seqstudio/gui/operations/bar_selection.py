"""Bars chosen on the ruler as options of an operation, whichever plugin it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.contracts.options import Option
from seqstudio.session.document import Take


@dataclass(frozen=True, slots=True)
class BarSelection:
    """Bars of a take, and the notes in them that stay."""

    first: int  # from 1
    last: int
    locks: tuple[str, ...] = ()  # BAR:BEAT/TRACK of each, tracks from 1

    @property
    def text(self) -> str:
        """The bars in words."""
        one = f"bar {self.first}"
        return one if self.first == self.last else f"bars {self.first} to {self.last}"


def selection_values(entry: OperationEntry, bars: BarSelection) -> Mapping[str, Any]:
    """Return the values of the options that say which bars; none where the operation takes none.

    Known are `bars` as text ("5-8"), `first_bar` with `bars` as a number, `bars` as a number alone,
    of an operation that adds bars, and `lock` for notes that stay.
    """
    known, count = entry.options, bars.last - bars.first + 1
    values: dict[str, Any] = {}
    if _is(known.get("bars"), "str"):
        values["bars"] = f"{bars.first}-{bars.last}"
    elif _is(known.get("bars"), "int") and (entry.inputs or "first_bar" in known):
        values["bars"] = count
    if values and _is(known.get("first_bar"), "int"):
        values["first_bar"] = bars.first
    if values and bars.locks and _is(known.get("lock"), "str"):
        values["lock"] = list(bars.locks)
    return values


def adds_bars(entry: OperationEntry) -> bool:
    """Whether an operation adds bars to a piece: it then reads the piece up to the chosen bars."""
    alone = "first_bar" not in entry.options and _is(entry.options.get("bars"), "int")
    return alone and any(port.kind == "midi" for port in entry.inputs)


def before(take: Take, bars: BarSelection) -> Take:
    """Return a take up to the chosen bars, where its notes end. Reads MIDI: call it on a thread."""
    score = take.score
    stop = score.tempo_map.bar_start(bars.first)
    tracks = []
    for notes in take.tracks:
        kept = notes.select(notes.onsets < stop)
        tracks.append(kept.with_field("length_ticks", kept.lengths.clip(max=stop - kept.onsets)))
    return replace(take, tracks=tuple(tracks), locked=())


def _is(option: Option | None, kind: str) -> bool:
    return option is not None and option.type == kind

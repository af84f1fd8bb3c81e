"""Written music, as MusicXML and ABC hold it: measures with repeats, laid out on a line of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError
from seqstudio.media.key_signature import KeySignature
from seqstudio.media.midi_events import DRUM_CHANNEL
from seqstudio.media.tempo_map import Meter, Tempo

TICKS_PER_BEAT = 480
MOST_MEASURES = 10_000  # with repeats
CHORD_VELOCITY = 60
CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


class WrittenNote(NamedTuple):
    """A note of a measure; onset and length in quarter notes."""

    onset: Fraction
    length: Fraction
    pitch: int
    tied: bool = False  # it continues the note of this pitch that ends at its onset


class WrittenChord(NamedTuple):
    """A chord symbol of a measure: the pitches that stand for it, none for "no chord"."""

    onset: Fraction
    pitches: tuple[int, ...]


MOST_BEATS, UNITS = 255, (1, 2, 4, 8, 16, 32, 64)  # of a meter, as MIDI can have it
SLOWEST_BPM, FASTEST_BPM = 4, 1000


@dataclass(slots=True)
class Measure:
    """One measure of a part, and what is written over it."""

    notes: list[WrittenNote] = field(default_factory=list)
    chords: list[WrittenChord] = field(default_factory=list)
    length: Fraction = Fraction(0)  # of what is in it, in quarter notes
    meter: tuple[int, int] | None = None  # from here on
    key: tuple[int, bool] | None = None  # from here on: sharps or minus flats, and minor
    tempo_bpm: float | None = None  # from here on
    forward: bool = False  # a repeated section begins here
    backward: int = 0  # a repeated section ends here, and is played so often
    endings: frozenset[int] = frozenset()  # the passes that play this measure; none: all

    def set_meter(self, beats: int, unit: int) -> bool:
        """Take a meter, unless no piece can have it; return whether it was taken."""
        if possible := 1 <= beats <= MOST_BEATS and unit in UNITS:
            self.meter = (beats, unit)
        return possible

    def set_tempo(self, bpm: float) -> None:
        """Take a tempo, unless it is absurd."""
        if SLOWEST_BPM <= bpm <= FASTEST_BPM:
            self.tempo_bpm = bpm


@dataclass(slots=True)
class WrittenPart:
    """One part: an instrument or a voice."""

    name: str = ""
    program: int = 0
    drums: bool = False
    measures: list[Measure] = field(default_factory=list)


class NotatedPart(NamedTuple):
    """A part on the line of time."""

    name: str
    program: int
    channel: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Notation:
    """A whole score on the line of time, in ticks."""

    parts: tuple[NotatedPart, ...]
    meters: tuple[Meter, ...]
    tempos: tuple[Tempo, ...]
    keys: tuple[KeySignature, ...]
    remarks: tuple[str, ...] = ()  # what was left out, one line each


def lay_out(parts: Sequence[WrittenPart], remarks: Sequence[str] = ()) -> Notation:
    """Play the repeats, and place everything on the line of time.

    A first measure that is shorter than its meter is an upbeat: rests fill it.

    Raises
    ------
    DataError
        If there is no note, or repeats make the score too long.
    """
    count = max((len(part.measures) for part in parts), default=0)
    for part in parts:
        part.measures += [Measure() for _ in range(count - len(part.measures))]
    if not any(measure.notes for part in parts for measure in part.measures):
        raise DataError("0 notes, expected at least 1")
    order = played_order(parts[0].measures)
    timeline = _Timeline.of(parts, order)
    laid = [
        NotatedPart(part.name, part.program, channel, timeline.notes(part, channel))
        for part, channel in zip(parts, _channels(parts), strict=True)
    ]
    laid = [part for part in laid if part.notes]
    if chords := timeline.chords(parts, channel := _free_channel(laid)):
        laid.append(NotatedPart("Chords", 0, channel, chords))
    return Notation(
        tuple(laid), timeline.meters(), timeline.tempos(), timeline.keys(), tuple(remarks)
    )


def played_order(measures: Sequence[Measure]) -> list[int]:
    """Return the indices of measures as they are played, with repeats and endings.

    Raises
    ------
    DataError
        If that is too many measures.
    """
    order: list[int] = []
    at = start = 0
    played = 1  # which pass of the section
    while at < len(measures):
        measure = measures[at]
        ended = played > 1 and order[-1] == at - 1 and measures[at - 1].endings
        if (measure.forward and at != start) or (ended and not measure.endings):
            start, played = at, 1
        if not measure.endings or played in measure.endings:
            order.append(at)
            if len(order) > MOST_MEASURES:
                raise DataError(f"more than {MOST_MEASURES} measures with repeats, expected fewer")
            if measure.backward and _goes_back(measures, start, played, measure):
                at, played = start, played + 1
                continue
            if measure.backward and not (at + 1 < len(measures) and measures[at + 1].endings):
                start, played = at + 1, 1
        at += 1
    return order


def _goes_back(measures: Sequence[Measure], start: int, played: int, measure: Measure) -> bool:
    """Return whether a section is played once more, after `measure`."""
    if not measure.endings:
        return played < measure.backward
    for other in measures[start + 1 :]:
        if other.forward:
            return False
        if played + 1 in other.endings:
            return True
    return False


@dataclass(slots=True)
class _Timeline:
    """The played measures of all parts, with their onsets in quarter notes."""

    order: list[int]
    onsets: list[Fraction]
    first: list[Measure]  # of the first part, as played: it has meters, keys and tempos
    end: Fraction

    @classmethod
    def of(cls, parts: Sequence[WrittenPart], order: list[int]) -> "_Timeline":
        onsets: list[Fraction] = []
        now, bar = Fraction(0), Fraction(4)
        for position, index in enumerate(order):
            played = [part.measures[index] for part in parts]
            meter = next((one.meter for one in played if one.meter), None)
            bar = Fraction(4 * meter[0], meter[1]) if meter else bar
            length = max(one.length for one in played) or bar
            if position == 0 and length < bar:
                now = bar - length
            onsets.append(now)
            now += length
        return cls(order, onsets, [parts[0].measures[index] for index in order], now)

    def notes(self, part: WrittenPart, channel: int) -> tuple[Note, ...]:
        """Return the notes of a part; those that are tied become one."""
        found: list[tuple[Fraction, Fraction, int]] = []
        open_at: dict[tuple[int, Fraction], int] = {}  # (pitch, end) -> index in `found`
        for start, index in zip(self.onsets, self.order, strict=True):
            for onset, length, pitch, tied in part.measures[index].notes:
                at = start + onset
                before = open_at.pop((pitch, at), None) if tied else None
                if before is None:
                    before = len(found)
                    found.append((at, at + length, pitch))
                else:
                    found[before] = (found[before][0], at + length, pitch)
                open_at[pitch, at + length] = before
        spans = ((_ticks(onset), _ticks(end), pitch) for onset, end, pitch in found)
        notes = (Note(on, pitch, max(end - on, 1), channel=channel) for on, end, pitch in spans)
        return tuple(sorted(notes))

    def chords(self, parts: Sequence[WrittenPart], channel: int) -> tuple[Note, ...]:
        """Return the notes of all chord symbols; each sounds until the next one."""
        symbols = sorted(
            (start + chord.onset, chord.pitches)
            for part in parts
            for start, index in zip(self.onsets, self.order, strict=True)
            for chord in part.measures[index].chords
        )
        ends = [*(onset for onset, _ in symbols), self.end][1:]
        return tuple(
            Note(_ticks(onset), pitch, _ticks(end) - _ticks(onset), CHORD_VELOCITY, channel)
            for (onset, pitches), end in zip(symbols, ends, strict=True)
            for pitch in pitches
            if end > onset
        )

    def meters(self) -> tuple[Meter, ...]:
        """Return the changes of meter, the first at tick 0."""
        found = {0: Meter.of(4, 4)}
        for tick, one in self._changes():
            if one.meter:
                found[tick] = replace(Meter.of(*one.meter), tick=tick)
        return _without_repeats(found)

    def tempos(self) -> tuple[Tempo, ...]:
        """Return the changes of tempo, the first at tick 0."""
        found = {0: Tempo.of(120.0)}
        for tick, one in self._changes():
            if one.tempo_bpm:
                found[tick] = replace(Tempo.of(one.tempo_bpm), tick=tick)
        return tuple(found.values())

    def keys(self) -> tuple[KeySignature, ...]:
        """Return the changes of key; none if none is written."""
        found: dict[int, KeySignature] = {}
        for tick, one in self._changes():
            if one.key:
                found[tick] = KeySignature(tick, *one.key)
        return tuple(found.values())

    def _changes(self) -> Iterator[tuple[int, Measure]]:
        """Yield measures with the tick from which their changes hold: 0 for those of an upbeat."""
        for start, one in zip(self.onsets, self.first, strict=True):
            yield (0 if start == self.onsets[0] else _ticks(start)), one


def _without_repeats(meters: dict[int, Meter]) -> tuple[Meter, ...]:
    """Leave out meters that are in force already: a change would start a new bar."""
    kept: list[Meter] = []
    for meter in meters.values():
        if not kept or (kept[-1].beats, kept[-1].unit) != (meter.beats, meter.unit):
            kept.append(meter)
    return tuple(kept)


def _channels(parts: Sequence[WrittenPart]) -> list[int]:
    """Return a channel for each part; with more parts than channels, some share one."""
    melodic = iter(CHANNELS * (len(parts) // len(CHANNELS) + 1))
    return [DRUM_CHANNEL if part.drums else next(melodic) for part in parts]


def _free_channel(parts: Sequence[NotatedPart]) -> int:
    used = {part.channel for part in parts}
    return next((channel for channel in CHANNELS if channel not in used), CHANNELS[-1])


def _ticks(quarters: Fraction) -> int:
    return round(quarters * TICKS_PER_BEAT)

"""Tempos and meters of a score; conversion between ticks, seconds and bars."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from seqstudio.errors import DataError
from seqstudio.media.midi_events import METER, TEMPO, Event

MAX_BARS = 100_000
MAX_POWER = 7  # of two, in the unit of a meter: 128th notes


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo from `tick` on."""

    tick: int
    beat_us: int  # microseconds per quarter note

    @classmethod
    def of(cls, bpm: float) -> "Tempo":
        """Create a tempo at tick 0 from quarter notes per minute.

        Raises
        ------
        DataError
            If a MIDI file cannot represent it.
        """
        if not 3.6 <= bpm <= 60e6:
            raise DataError(f"tempo_bpm={bpm}, expected 3.6 or more")
        return cls(0, round(60e6 / bpm))

    @property
    def bpm(self) -> float:
        """Quarter notes per minute."""
        return 60e6 / self.beat_us

    def to_data(self) -> bytes:
        """Return the payload of a tempo event."""
        return self.beat_us.to_bytes(3)


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter from `tick` on: 6/8 has `beats` 6 and `unit` 8."""

    tick: int
    beats: int
    unit: int

    @classmethod
    def of(cls, beats: int, unit: int) -> "Meter":
        """Create a meter at tick 0.

        Raises
        ------
        DataError
            If a MIDI file cannot represent it.
        """
        if not 1 <= beats <= 255 or unit not in (1, 2, 4, 8, 16, 32, 64):
            raise DataError(f"meter={beats}/{unit}, expected beats 1 to 255 over a power of 2")
        return cls(0, beats, unit)

    def to_data(self) -> bytes:
        """Return the payload of a meter event: a click per beat, 8 thirty-seconds per quarter."""
        clocks = max(1, 96 // self.unit)
        return bytes([self.beats, self.unit.bit_length() - 1, clocks, 8])

    def bar_ticks(self, ticks_per_beat: int) -> int:
        """Return the length of a bar; at least 1, even if ticks are too coarse for the unit."""
        return max(1, self.beats * 4 * ticks_per_beat // self.unit)


@dataclass(frozen=True)
class TempoMap:
    """All tempos and meters of a score, by tick, the first of each at tick 0."""

    tempos: tuple[Tempo, ...]
    meters: tuple[Meter, ...]
    ticks_per_beat: int
    ignored: tuple[str, ...] = ()  # meters and tempos that no player can follow, one line each

    @classmethod
    def of(cls, events: Iterable[Event], ticks_per_beat: int) -> "TempoMap":
        """Collect tempos and meters from events in tick order; the last event at a tick wins.

        Events with an absurd payload (such as a tempo of 0) are ignored, as in players.
        """
        tempos = {0: Tempo(0, 500_000)}
        meters = {0: Meter(0, 4, 4)}
        ignored = []
        for event in events:
            if is_absurd(event):
                what = "tempo" if event.meta == TEMPO else "meter"
                ignored.append(f"absurd {what} at tick {event.tick} ignored")
            elif event.meta == TEMPO:
                tempos[event.tick] = Tempo(event.tick, int.from_bytes(event.data[:3]))
            elif event.meta == METER:
                meters[event.tick] = Meter(event.tick, event.data[0], 1 << event.data[1])
        return cls(tuple(tempos.values()), tuple(meters.values()), ticks_per_beat, tuple(ignored))

    @cached_property
    def _tempo_ticks(self) -> list[int]:
        return [tempo.tick for tempo in self.tempos]

    @cached_property
    def _tempo_seconds(self) -> list[float]:
        """Start of each tempo, in seconds."""
        starts = [0.0]
        for tempo, after in zip(self.tempos, self.tempos[1:], strict=False):
            beats = (after.tick - tempo.tick) / self.ticks_per_beat
            starts.append(starts[-1] + beats * tempo.beat_us * 1e-6)
        return starts

    def seconds(self, tick: float) -> float:
        """Return the time of a tick, in seconds from the start."""
        at = bisect_right(self._tempo_ticks, tick) - 1
        tempo = self.tempos[max(at, 0)]
        beats = (tick - tempo.tick) / self.ticks_per_beat
        return self._tempo_seconds[max(at, 0)] + beats * tempo.beat_us * 1e-6

    def ticks(self, seconds: float) -> int:
        """Return the tick nearest to a time in seconds; 0 for times before the start."""
        at = max(bisect_right(self._tempo_seconds, seconds) - 1, 0)
        beats = (seconds - self._tempo_seconds[at]) * 1e6 / self.tempos[at].beat_us
        return max(0, self.tempos[at].tick + round(beats * self.ticks_per_beat))

    def tempo_at(self, tick: float) -> Tempo:
        """Return the tempo that holds at a tick."""
        return self.tempos[max(bisect_right(self._tempo_ticks, tick) - 1, 0)]

    def meter_at(self, tick: float) -> Meter:
        """Return the meter that holds at a tick."""
        return [meter for meter in self.meters if meter.tick <= max(tick, 0)][-1]

    def bar_start(self, bar: int) -> int:
        """Return the tick at which a bar begins; bars count from 1, and go on after the notes."""
        first, meter = 1, self.meters[0]
        for after in self.meters[1:]:
            length = meter.bar_ticks(self.ticks_per_beat)
            next_bar = first - (meter.tick - after.tick) // length
            if bar < next_bar:
                break
            first, meter = next_bar, after
        return meter.tick + (bar - first) * meter.bar_ticks(self.ticks_per_beat)

    def bars(self, end_tick: int) -> tuple[int, ...]:
        """Return the start ticks of the bars up to `end_tick`, then the end of the last bar.

        A change of meter starts a new bar.

        Raises
        ------
        DataError
            If there are more than `MAX_BARS`.
        """
        shortest = min(meter.bar_ticks(self.ticks_per_beat) for meter in self.meters)
        if end_tick > MAX_BARS * shortest:
            raise DataError(f"the score ends at tick {end_tick}, expected at most {MAX_BARS} bars")
        starts: list[int] = []
        for meter, after in zip(self.meters, [*self.meters[1:], None], strict=True):
            if meter.tick >= end_tick and starts:
                break
            stop = end_tick if after is None else min(after.tick, end_tick)
            length = meter.bar_ticks(self.ticks_per_beat)
            starts.extend(range(meter.tick, max(stop, 1), length))
            end = starts[-1] + length
            if after is not None and after.tick < end:
                end = after.tick
        return (*starts, end)


def is_absurd(event: Event) -> bool:
    """Return whether a tempo or meter event has a value that no player can follow."""
    if event.meta == TEMPO:
        return not int.from_bytes(event.data[:3])
    if event.meta == METER:
        return len(event.data) < 2 or not event.data[0] or event.data[1] > MAX_POWER
    return False

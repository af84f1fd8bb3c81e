"""The notes of a score as synthesiser voices: in seconds, with the controllers of their channel."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqstudio.media.midi import Score
from seqstudio.media.midi_events import BEND, CONTROL, DRUM_CHANNEL, PROGRAM, Event

VOLUME, PAN, EXPRESSION, PEDAL = 7, 10, 11, 64
DATA_ENTRY, RPN_LOW, RPN_HIGH = 6, 100, 101
RAMP_S = 0.005  # a controller change takes this long, so that it does not click


@dataclass(slots=True)
class Automation:
    """A controller over time: each value holds until the next."""

    default: float
    times_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, time_s: float, value: float) -> None:
        """Set the value from `time_s` on; times must not decrease."""
        self.times_s.append(time_s)
        self.values.append(value)

    def at(self, time_s: float) -> float:
        """Return the value at a time."""
        index = bisect_right(self.times_s, time_s)
        return self.values[index - 1] if index else self.default

    def changes(self, start_s: float, end_s: float) -> bool:
        """Return whether the value is set between two times."""
        return bisect_right(self.times_s, start_s) < bisect_left(self.times_s, end_s)

    def curve(self, at_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the values at ascending times, with each step smoothed into a ramp."""
        first = bisect_right(self.times_s, float(at_s[0]))
        last = bisect_left(self.times_s, float(at_s[-1]))
        points, levels = [float(at_s[0])], [self.at(float(at_s[0]))]
        for index in range(first, last):
            points += [max(points[-1], self.times_s[index]), self.times_s[index] + RAMP_S]
            levels += [levels[-1], self.values[index]]
        return np.interp(at_s, np.maximum.accumulate(points), levels)


@dataclass(slots=True)
class Controllers:
    """The controllers of one channel in one track."""

    program: Automation = field(default_factory=lambda: Automation(0))
    volume: Automation = field(default_factory=lambda: Automation(100))
    expression: Automation = field(default_factory=lambda: Automation(127))
    pan: Automation = field(default_factory=lambda: Automation(-1))  # -1: not set
    pedal: Automation = field(default_factory=lambda: Automation(0))
    bend: Automation = field(default_factory=lambda: Automation(0))  # semitones
    _bend_range: float = 2.0
    _parameter: tuple[int, int] = (127, 127)

    def apply(self, event: Event, time_s: float) -> None:
        """Apply one channel message; messages must come in order of time."""
        if event.kind == PROGRAM:
            self.program.add(time_s, event.data[0])
        elif event.kind == BEND:
            value = event.data[0] + (event.data[1] << 7)
            self.bend.add(time_s, (value - 8192) / 8192 * self._bend_range)
        elif event.kind == CONTROL:
            self._control_change(event.data[0], event.data[1], time_s)

    def _control_change(self, number: int, value: int, time_s: float) -> None:
        automations = {
            VOLUME: self.volume,
            EXPRESSION: self.expression,
            PAN: self.pan,
            PEDAL: self.pedal,
        }
        if number in automations:
            automations[number].add(time_s, value)
        elif number == RPN_HIGH:
            self._parameter = value, self._parameter[1]
        elif number == RPN_LOW:
            self._parameter = self._parameter[0], value
        elif number == DATA_ENTRY and self._parameter == (0, 0):
            self._bend_range = float(value)

    def release_s(self, end_s: float) -> float:
        """Return when a note that ends at `end_s` is released, which the pedal can delay."""
        if self.pedal.at(end_s) < 64:
            return end_s
        for time_s, value in zip(self.pedal.times_s, self.pedal.values, strict=True):
            if time_s > end_s and value < 64:
                return time_s
        return end_s


class Voice(NamedTuple):
    """A note ready for the synthesiser."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    program: int
    drums: bool
    pan: float  # -1 left to 1 right
    controllers: Controllers


def score_voices(score: Score) -> list[Voice]:
    """Return all notes of a score as voices, track by track.

    The notes of a track follow its own controllers and those of tracks without notes on that
    channel: many files use channel 1 in every track, with a different program each.
    """
    channels = [{note.channel for note in track.notes} for track in score.tracks]
    with_notes = [index for index, used in enumerate(channels) if used]
    voices = []
    for index in with_notes:
        track = score.tracks[index]
        controllers = _controllers(score, index, channels)
        default_pan = _default_pan(with_notes.index(index), len(with_notes))
        for note in track.notes:
            own = controllers[note.channel]
            start_s = score.seconds(note.onset_ticks)
            end_s = own.release_s(score.seconds(note.onset_ticks + note.length_ticks))
            program = int(own.program.at(start_s))
            value = own.pan.at(start_s)
            pan = default_pan if value < 0 else max(-1.0, (value - 64) / 63)
            voices.append(
                Voice(
                    start_s, end_s, note.pitch, note.velocity,
                    program, note.channel == DRUM_CHANNEL, pan, own,
                )
            )  # fmt: skip
    return voices


def _controllers(score: Score, index: int, channels: list[set[int]]) -> dict[int, Controllers]:
    events = [
        event
        for other, track in enumerate(score.tracks)
        for event in track.events
        if event.kind in (PROGRAM, CONTROL, BEND)
        and (other == index or event.channel not in channels[other])
    ]
    controllers: dict[int, Controllers] = defaultdict(Controllers)
    for event in sorted(events, key=lambda one: one.tick):
        controllers[event.channel].apply(event, score.seconds(event.tick))
    return controllers


def _default_pan(number: int, count: int) -> float:
    """Spread tracks without a pan setting evenly from left to right."""
    return 0.0 if count == 1 else -0.4 + 0.8 * number / (count - 1)

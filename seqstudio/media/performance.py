"""How a score is performed: each note in seconds, with its channel's controllers."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqstudio.media.midi import Score
from seqstudio.media.smf import BEND, CONTROL, PROGRAM, Event

VOLUME, PAN, EXPRESSION, PEDAL = 7, 10, 11, 64
DATA_ENTRY, RPN_LOW, RPN_HIGH = 6, 100, 101
GLIDE_S = 0.005  # a controller moves over this time, so that a step does not click


@dataclass(slots=True)
class Lane:
    """A controller over time: it keeps each value until the next."""

    default: float
    times_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, time_s: float, value: float) -> None:
        """Set the value from `time_s` on; times never fall."""
        self.times_s.append(time_s)
        self.values.append(value)

    def at(self, time_s: float) -> float:
        """Give the value at a time."""
        index = bisect_right(self.times_s, time_s)
        return self.values[index - 1] if index else self.default

    def moves(self, start_s: float, end_s: float) -> bool:
        """Say whether the value is set between two times."""
        return bisect_right(self.times_s, start_s) < bisect_left(self.times_s, end_s)

    def curve(self, at_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give the values at rising times, with each step smoothed."""
        first = bisect_right(self.times_s, float(at_s[0]))
        last = bisect_left(self.times_s, float(at_s[-1]))
        points, levels = [float(at_s[0])], [self.at(float(at_s[0]))]
        for index in range(first, last):
            points += [max(points[-1], self.times_s[index]), self.times_s[index] + GLIDE_S]
            levels += [levels[-1], self.values[index]]
        return np.interp(at_s, np.maximum.accumulate(points), levels)


@dataclass(slots=True)
class Controls:
    """The controllers of one channel in one track."""

    program: Lane = field(default_factory=lambda: Lane(0))
    volume: Lane = field(default_factory=lambda: Lane(100))
    expression: Lane = field(default_factory=lambda: Lane(127))
    pan: Lane = field(default_factory=lambda: Lane(-1))  # -1: not chosen
    pedal: Lane = field(default_factory=lambda: Lane(0))
    bend: Lane = field(default_factory=lambda: Lane(0))  # semitones
    _range: float = 2.0
    _parameter: tuple[int, int] = (127, 127)

    def hear(self, event: Event, time_s: float) -> None:
        """Take in one channel message; events come in order of time."""
        if event.kind == PROGRAM:
            self.program.add(time_s, event.data[0])
        elif event.kind == BEND:
            value = event.data[0] + (event.data[1] << 7)
            self.bend.add(time_s, (value - 8192) / 8192 * self._range)
        elif event.kind == CONTROL:
            self._control(event.data[0], event.data[1], time_s)

    def _control(self, number: int, value: int, time_s: float) -> None:
        lanes = {
            VOLUME: self.volume,
            EXPRESSION: self.expression,
            PAN: self.pan,
            PEDAL: self.pedal,
        }
        if number in lanes:
            lanes[number].add(time_s, value)
        elif number == RPN_HIGH:
            self._parameter = value, self._parameter[1]
        elif number == RPN_LOW:
            self._parameter = self._parameter[0], value
        elif number == DATA_ENTRY and self._parameter == (0, 0):
            self._range = float(value)

    def released_s(self, end_s: float) -> float:
        """Say when a note that ends at `end_s` is let go: the pedal holds it."""
        if self.pedal.at(end_s) < 64:
            return end_s
        for time_s, value in zip(self.pedal.times_s, self.pedal.values, strict=True):
            if time_s > end_s and value < 64:
                return time_s
        return end_s


class Voice(NamedTuple):
    """A note as it will sound."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    program: int
    drums: bool
    pan: float  # -1 left to 1 right
    controls: Controls


def perform(score: Score) -> list[Voice]:
    """Give all notes of a score in seconds, in order of tracks.

    A track's own controllers shape its notes, together with those of tracks that hold no note on
    that channel: files often give every track channel 1 and its own program.
    """
    used = [{note.channel for note in track.notes} for track in score.tracks]
    places = [index for index, channels in enumerate(used) if channels]
    voices = []
    for index in places:
        track = score.tracks[index]
        controls = _controls(score, index, used)
        spread = _spread(places.index(index), len(places))
        for note in track.notes:
            own = controls[note.channel]
            start_s = score.seconds(note.onset_ticks)
            end_s = own.released_s(score.seconds(note.onset_ticks + note.length_ticks))
            program = int(own.program.at(start_s))
            pan = own.pan.at(start_s)
            place = spread if pan < 0 else max(-1.0, (pan - 64) / 63)
            voices.append(
                Voice(
                    start_s, end_s, note.pitch, note.velocity,
                    program, note.channel == 9, place, own,
                )
            )  # fmt: skip
    return voices


def _controls(score: Score, index: int, used: list[set[int]]) -> dict[int, Controls]:
    events = [
        event
        for other, track in enumerate(score.tracks)
        for event in track.events
        if event.kind in (PROGRAM, CONTROL, BEND)
        and (other == index or event.channel not in used[other])
    ]
    controls: dict[int, Controls] = defaultdict(Controls)
    for event in sorted(events, key=lambda one: one.tick):
        controls[event.channel].hear(event, score.seconds(event.tick))
    return controls


def _spread(place: int, count: int) -> float:
    """Seat the tracks that choose no pan side by side, from left to right."""
    return 0.0 if count == 1 else -0.4 + 0.8 * place / (count - 1)

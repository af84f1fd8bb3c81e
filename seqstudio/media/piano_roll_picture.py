"""Draw a piano roll of a score: bars, pitch names and one colour per track."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import NamedTuple

from seqstudio.contracts.notes import Note
from seqstudio.media.canvas import COLOURS, GREY, GRID, INK, PALE_GREY, Canvas, blend, text_width
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import DRUM_CHANNEL

WIDTH, MARGIN, NAMES_WIDTH = 1400, 24, 46  # points: the picture, its border, the pitch names
BAR_WIDTH, MIN_BAR_WIDTH, ROWS = 64, 26, 8  # bars are narrower if they need more than `ROWS` rows
MAX_ROWS = 24  # longer scores get even narrower bars
PITCH_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
BLACK_KEYS = (1, 3, 6, 8, 10)
DRUM_NAMES = {
    35: "kick 2", 36: "kick", 37: "stick", 38: "snare", 39: "clap", 40: "snare 2",
    41: "tom 1", 42: "hat", 43: "tom 2", 44: "pedal", 45: "tom 3", 46: "open hat",
    47: "tom 4", 48: "tom 5", 49: "crash", 50: "tom 6", 51: "ride", 52: "china",
    53: "bell", 54: "tamb.", 55: "splash", 56: "cowbell", 57: "crash 2", 59: "ride 2",
}  # fmt: skip


class ColouredTrack(NamedTuple):
    """A track with its colour and its label in the legend."""

    label: str
    colour: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Positions on a piano roll of several rows; all sizes in points."""

    bars: tuple[int, ...]  # start ticks, then the end of the last bar
    bars_per_row: int
    low: int  # lowest and highest pitch, inclusive
    high: int
    pitch_height: float
    top: float  # of the first row
    drums: bool  # label drums instead of pitches

    @property
    def row_height(self) -> float:
        """Height of a row, including the space below it."""
        return (self.high - self.low + 1) * self.pitch_height + 34

    @property
    def rows(self) -> int:
        """Number of rows."""
        return ceil((len(self.bars) - 1) / self.bars_per_row)

    def row(self, number: int) -> tuple[int, int]:
        """Return the first and last tick of a row; all rows have the same number of bars."""
        first = number * self.bars_per_row
        last = min(first + self.bars_per_row, len(self.bars) - 1)
        missing = (first + self.bars_per_row - last) * (self.bars[-1] - self.bars[-2])
        return self.bars[first], self.bars[last] + missing

    def y(self, number: int, pitch: int) -> float:
        """Return the upper edge of a pitch in a row."""
        return self.top + number * self.row_height + (self.high - pitch) * self.pitch_height

    def x(self, number: int, tick: float) -> float:
        """Return the x coordinate of a tick in a row."""
        start, end = self.row(number)
        left, right = MARGIN + NAMES_WIDTH, WIDTH - MARGIN
        return left + (right - left) * (tick - start) / (end - start)


def draw_piano_roll(score: Score, path: Path, *, title: str = "") -> None:
    """Draw all notes of a score as PNG: time to the right in bars, pitch upwards.

    Parameters
    ----------
    score : long scores are broken into rows
    path : a new file
    title : text above the roll
    """
    tracks = _coloured_tracks(score)
    layout = _layout(score)
    height = round(layout.top + layout.rows * layout.row_height - 34 + 30)
    canvas = Canvas(WIDTH, height)
    _draw_header(canvas, score, tracks, title)
    for number in range(layout.rows):
        _draw_pitch_rows(canvas, layout, number)
        _draw_bars(canvas, layout, number, score)
        for track in tracks:
            _draw_notes(canvas, layout, number, track)
    canvas.save(path)


def _coloured_tracks(score: Score) -> list[ColouredTrack]:
    tracks = [track for track in score.tracks if track.notes]
    return [
        ColouredTrack(
            track.name or ("drums" if track.is_drums else f"track {number}"),
            COLOURS[(number - 1) % len(COLOURS)],
            track.notes,
        )
        for number, track in enumerate(tracks, start=1)
    ]


def _layout(score: Score) -> Layout:
    bars = score.bars
    pitches = [note.pitch for note in score.notes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    width, count = WIDTH - 2 * MARGIN - NAMES_WIDTH, len(bars) - 1
    rows = min(ceil(count / (width // BAR_WIDTH)), ROWS)
    rows = min(max(rows, ceil(count / (width // MIN_BAR_WIDTH))), MAX_ROWS)
    drums = bool(score.notes) and all(note.channel == DRUM_CHANNEL for note in score.notes)
    return Layout(
        bars=bars,
        bars_per_row=ceil(count / rows),
        low=low,
        high=high,
        pitch_height=11.0 if rows == 1 else 9.0 if drums else 7.0,
        top=MARGIN + 64.0,
        drums=drums,
    )


def _draw_header(canvas: Canvas, score: Score, tracks: list[ColouredTrack], title: str) -> None:
    tempo, meter = score.tempos[0], score.meters[0]
    seconds = score.seconds(score.end_tick)
    facts = (
        f"{len(score.notes)} notes, {len(score.bars) - 1} bars, {meter.beats}/{meter.unit}, "
        f"{tempo.bpm:.0f} bpm, {int(seconds // 60)}:{seconds % 60:04.1f}"
    )
    if title:
        canvas.text((MARGIN, MARGIN - 6), title, 16)
    canvas.text((WIDTH - MARGIN, MARGIN - 3), facts, 12, fill=GREY, anchor="ra")
    x = float(MARGIN + NAMES_WIDTH)
    for track in tracks:
        width = 16 + text_width(track.label, 12)
        if x + width > WIDTH - MARGIN:
            canvas.text((x, MARGIN + 22), "...", 12)
            break
        canvas.box((x, MARGIN + 25), (x + 10, MARGIN + 35), track.colour, radius=2)
        canvas.text((x + 15, MARGIN + 22), track.label, 12)
        x += width + 20


def _draw_pitch_rows(canvas: Canvas, layout: Layout, number: int) -> None:
    left, right, size = MARGIN + NAMES_WIDTH, WIDTH - MARGIN, 10.0
    for pitch in range(layout.low, layout.high + 1):
        y = layout.y(number, pitch)
        if pitch % 12 in BLACK_KEYS:
            canvas.box((left, y), (right, y + layout.pitch_height), PALE_GREY)
        if pitch % 12 == 0:
            canvas.line(
                [(left, y + layout.pitch_height), (right, y + layout.pitch_height)], GRID, 1
            )
        name = f"{PITCH_NAMES[pitch % 12]}{pitch // 12 - 1}"
        if layout.drums:
            name, size = DRUM_NAMES.get(pitch, name), min(10.0, layout.pitch_height)
        elif pitch % 12 not in ((0, 4, 7) if layout.pitch_height > 9 else (0,)):
            continue
        canvas.text((left - 8, y + layout.pitch_height / 2), name, size, fill=GREY, anchor="rm")


def _draw_bars(canvas: Canvas, layout: Layout, number: int, score: Score) -> None:
    top = layout.y(number, layout.high)
    bottom = layout.y(number, layout.low) + layout.pitch_height
    first = number * layout.bars_per_row
    last = min(first + layout.bars_per_row, len(layout.bars) - 1)
    for bar in range(first, last):
        start, end = layout.bars[bar], layout.bars[bar + 1]
        meter = [meter for meter in score.meters if meter.tick <= start][-1]
        width = layout.x(number, end) - layout.x(number, start)
        if width / meter.beats > 9:
            for beat in range(1, meter.beats):
                x = layout.x(number, start + (end - start) * beat / meter.beats)
                canvas.line([(x, top), (x, bottom)], PALE_GREY, 1)
        x = layout.x(number, start)
        canvas.line([(x, top), (x, bottom)], GRID, 1.5)
        if (bar - first) % max(1, ceil(24 / width)) == 0:
            canvas.text((x + 3, top - 14), str(bar + 1), 10, fill=GREY)
    edge = layout.x(number, layout.bars[last])
    canvas.line([(edge, top), (edge, bottom)], INK if last == len(layout.bars) - 1 else GRID, 1.5)


def _draw_notes(canvas: Canvas, layout: Layout, number: int, track: ColouredTrack) -> None:
    start, end = layout.row(number)
    edge = blend(INK, 0.6, track.colour)
    for note in track.notes:
        note_end = note.onset_ticks + note.length_ticks
        if note_end <= start or note.onset_ticks >= end:
            continue
        left = layout.x(number, max(start, note.onset_ticks))
        right = max(left + 2.5, layout.x(number, min(end, note_end)) - 0.5)
        y = layout.y(number, note.pitch)
        fill = blend(track.colour, 0.35 + 0.65 * note.velocity / 127)
        radius = min(2.5, layout.pitch_height / 4, (right - left) / 2)
        canvas.box(
            (left, y + 0.5),
            (right, y + layout.pitch_height - 0.5),
            fill,
            outline=edge,
            radius=radius,
        )

"""Draw a transcript aligned with its waveform: each word at its time, coloured by confidence."""

from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqstudio.contracts.transcript import Transcript, Word
from seqstudio.media.audio import Audio, mono
from seqstudio.media.canvas import COLOURS, GREY, GRID, INK, PALE_GREY, Canvas, blend, text_width

WIDTH, MARGIN, TOP = 1400, 24, 70
WAVE_HEIGHT, WORDS_HEIGHT, GAP = 90, 58, 34  # the waveform, two lines of words, space below
ROW_S, MAX_ROWS = 8.0, 60
HIGH_CONFIDENCE, LOW_CONFIDENCE = "#2c9c69", "#d9592c"


class Row(NamedTuple):
    """A time span of the recording and its vertical position in the picture."""

    start_s: float
    end_s: float
    top: float

    def x(self, time_s: float) -> float:
        """Return the x coordinate of a time."""
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return MARGIN + (WIDTH - 2 * MARGIN) * min(max(share, 0.0), 1.0)


def draw_alignment(audio: Audio, transcript: Transcript, path: Path, *, title: str = "") -> None:
    """Draw a recording with its aligned transcript, as PNG.

    Parameters
    ----------
    audio : any sample rate and channels; long recordings are broken into rows
    transcript : words with times; a segment without words is drawn as one word
    path : a new file
    title : text above; the name of the recording if empty
    """
    rows = list(_rows(audio.duration_s))
    canvas = Canvas(WIDTH, round(rows[-1].top + WAVE_HEIGHT + WORDS_HEIGHT + GAP))
    _draw_header(canvas, transcript, audio, title or Path(transcript.audio).name)
    samples = mono(audio).samples[:, 0]
    peak = max(float(np.abs(samples).max(initial=0.0)), 1e-3)
    words = _words(transcript)
    for row in rows:
        _draw_time_grid(canvas, row)
        inside = [word for word in words if row.start_s <= word.start_s < row.end_s]
        _draw_word_spans(canvas, row, [word for word in words if word.end_s > row.start_s])
        _draw_waveform(canvas, row, samples / peak, audio.rate_hz)
        _draw_words(canvas, row, inside)
    canvas.save(path)


def _rows(duration_s: float) -> Iterator[Row]:
    """Divide a recording into rows of equal duration."""
    count = min(MAX_ROWS, max(1, ceil(duration_s / ROW_S)))
    row_s = max(duration_s, 0.5) if count == 1 else duration_s / count
    for number in range(count):
        top = TOP + number * (WAVE_HEIGHT + WORDS_HEIGHT + GAP)
        yield Row(number * row_s, (number + 1) * row_s, top)


def _words(transcript: Transcript) -> list[Word]:
    words: list[Word] = []
    for segment in transcript.segments:
        whole_segment = Word(
            word=segment.text,
            start_s=segment.start_s,
            end_s=segment.end_s,
            confidence=segment.confidence,
        )
        words += segment.words or (whole_segment,)
    return words


def _colour(confidence: float | None) -> str:
    if confidence is None:
        return COLOURS[0]
    return blend(HIGH_CONFIDENCE, min(max((confidence - 0.4) / 0.6, 0.0), 1.0), LOW_CONFIDENCE)


def _draw_header(canvas: Canvas, transcript: Transcript, audio: Audio, title: str) -> None:
    canvas.text((MARGIN, MARGIN - 6), title, 16)
    rate = f"{audio.duration_s:.2f} s at {audio.rate_hz} Hz"
    canvas.text((WIDTH - MARGIN, MARGIN - 3), rate, 12, fill=GREY, anchor="ra")
    words = _words(transcript)
    if any(word.confidence is not None for word in words):
        x = WIDTH - MARGIN - 250.0
        canvas.text((x - 8, MARGIN + 24), "confidence  40 %", 11, fill=GREY, anchor="rm")
        for step in range(50):
            colour = _colour(0.4 + 0.6 * step / 49)
            canvas.box((x + 4 * step, MARGIN + 19), (x + 4 * step + 4, MARGIN + 29), colour)
        canvas.text((x + 208, MARGIN + 24), "100 %", 11, fill=GREY, anchor="lm")


def _draw_time_grid(canvas: Canvas, row: Row) -> None:
    bottom = row.top + WAVE_HEIGHT + WORDS_HEIGHT
    length_s = row.end_s - row.start_s
    step_s = next((s for s in (0.1, 0.5, 1.0, 5.0, 10.0, 30.0) if length_s / s <= 16), 60.0)
    for number in range(ceil(row.start_s / step_s), int(row.end_s / step_s) + 1):
        x = row.x(number * step_s)
        canvas.line([(x, row.top), (x, row.top + WAVE_HEIGHT)], PALE_GREY, 1)
        text = f"{number * step_s:g} s"
        anchor = "rs" if x > WIDTH - MARGIN - 20 else "ls" if x < MARGIN + 20 else "ms"
        canvas.text((x, row.top - 4), text, 10, fill=GREY, anchor=anchor)
    canvas.line([(MARGIN, bottom + 6), (WIDTH - MARGIN, bottom + 6)], GRID, 1)


def _draw_word_spans(canvas: Canvas, row: Row, words: list[Word]) -> None:
    for word in words:
        if word.start_s >= row.end_s:
            continue
        left, right = row.x(word.start_s), row.x(word.end_s)
        background = blend(_colour(word.confidence), 0.16)
        canvas.box(
            (left, row.top), (max(right, left + 1), row.top + WAVE_HEIGHT), background, radius=2
        )


def _draw_waveform(canvas: Canvas, row: Row, samples: np.ndarray, rate_hz: int) -> None:
    """Draw the lowest and highest sample of each half point of width."""
    middle, half = row.top + WAVE_HEIGHT / 2, WAVE_HEIGHT / 2 - 4
    width = WIDTH - 2 * MARGIN
    edges = np.linspace(row.start_s, row.end_s, 2 * width + 1) * rate_hz
    for column, (first, last) in enumerate(pairwise(edges)):
        part = samples[int(first) : max(int(last), int(first) + 1)]
        if not len(part):
            break
        x = MARGIN + column / 2
        high, low = float(part.max()), float(part.min())
        canvas.line([(x, middle - half * high), (x, middle - half * low + 0.5)], "#52606d", 0.5)


def _draw_words(canvas: Canvas, row: Row, words: list[Word]) -> None:
    """Draw each word under its span, on the first of two lines with room for it."""
    ends = [0.0, 0.0]
    for word in words:
        left, right = row.x(word.start_s), row.x(word.end_s)
        colour = _colour(word.confidence)
        canvas.line(
            [(left, row.top + WAVE_HEIGHT + 3), (right, row.top + WAVE_HEIGHT + 3)], colour, 2
        )
        text = word.word
        width = text_width(text, 13)
        start = min(max((left + right - width) / 2, MARGIN), WIDTH - MARGIN - width)
        line = 0 if start > ends[0] else 1 if start > ends[1] else int(ends[1] < ends[0])
        start = max(start, ends[line])
        ends[line] = start + width + 7
        y = row.top + WAVE_HEIGHT + 8 + line * 25
        canvas.text((start, y), text, 13, fill=INK)
        if word.confidence is not None:
            percent = f"{100 * word.confidence:.0f}"
            canvas.text((start + width / 2, y + 15), percent, 8, fill=colour, anchor="ma")

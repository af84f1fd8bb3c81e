"""Pictures of speech: the waveform with each word at its time, coloured by confidence."""

from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqstudio.contracts.transcript import Transcript, Word
from seqstudio.media.audio import Audio, mono
from seqstudio.media.canvas import COLOURS, FADED, FAINT, GRID, INK, Canvas, mixed, text_width

WIDTH, MARGIN, TOP = 1400, 24, 70
WAVE, WORDS, GAP = 90, 58, 34  # heights: the waveform, two lines of words, the times below
ROW_S, MOST_ROWS = 8.0, 60
SURE, UNSURE = "#2c9c69", "#d9592c"


class Row(NamedTuple):
    """A stretch of the recording, and where it stands on the picture."""

    start_s: float
    end_s: float
    top: float

    def x(self, time_s: float) -> float:
        """Give the place of a time."""
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return MARGIN + (WIDTH - 2 * MARGIN) * min(max(share, 0.0), 1.0)


def draw_alignment(audio: Audio, transcript: Transcript, path: Path, *, title: str = "") -> None:
    """Draw a recording and what was heard where, as PNG.

    Parameters
    ----------
    audio : any rate and channels; long recordings are broken into rows
    transcript : words with times; a segment without words stands for one
    path : a new file
    title : stands above; the recording's name if empty
    """
    rows = list(_rows(audio.duration_s))
    canvas = Canvas(WIDTH, round(rows[-1].top + WAVE + WORDS + GAP))
    _draw_head(canvas, transcript, audio, title or Path(transcript.audio).name)
    samples = mono(audio).samples[:, 0]
    peak = max(float(np.abs(samples).max(initial=0.0)), 1e-3)
    words = _words(transcript)
    for row in rows:
        _draw_clock(canvas, row)
        inside = [word for word in words if row.start_s <= word.start_s < row.end_s]
        _draw_spans(canvas, row, [word for word in words if word.end_s > row.start_s])
        _draw_wave(canvas, row, samples / peak, audio.rate_hz)
        _draw_words(canvas, row, inside)
    canvas.save(path)


def _rows(duration_s: float) -> Iterator[Row]:
    """Cut a recording into rows of equal length."""
    count = min(MOST_ROWS, max(1, ceil(duration_s / ROW_S)))
    wide_s = max(duration_s, 0.5) if count == 1 else duration_s / count
    for number in range(count):
        top = TOP + number * (WAVE + WORDS + GAP)
        yield Row(number * wide_s, (number + 1) * wide_s, top)


def _words(transcript: Transcript) -> list[Word]:
    words: list[Word] = []
    for segment in transcript.segments:
        whole = Word(
            word=segment.text,
            start_s=segment.start_s,
            end_s=segment.end_s,
            confidence=segment.confidence,
        )
        words += segment.words or (whole,)
    return words


def _colour(confidence: float | None) -> str:
    if confidence is None:
        return COLOURS[0]
    return mixed(SURE, min(max((confidence - 0.4) / 0.6, 0.0), 1.0), UNSURE)


def _draw_head(canvas: Canvas, transcript: Transcript, audio: Audio, title: str) -> None:
    canvas.text((MARGIN, MARGIN - 6), title, 16)
    rate = f"{audio.duration_s:.2f} s at {audio.rate_hz} Hz"
    canvas.text((WIDTH - MARGIN, MARGIN - 3), rate, 12, fill=FADED, anchor="ra")
    words = _words(transcript)
    if any(word.confidence is not None for word in words):
        x = WIDTH - MARGIN - 250.0
        canvas.text((x - 8, MARGIN + 24), "confidence  40 %", 11, fill=FADED, anchor="rm")
        for step in range(50):
            colour = _colour(0.4 + 0.6 * step / 49)
            canvas.box((x + 4 * step, MARGIN + 19), (x + 4 * step + 4, MARGIN + 29), colour)
        canvas.text((x + 208, MARGIN + 24), "100 %", 11, fill=FADED, anchor="lm")


def _draw_clock(canvas: Canvas, row: Row) -> None:
    bottom = row.top + WAVE + WORDS
    length_s = row.end_s - row.start_s
    step_s = next((s for s in (0.1, 0.5, 1.0, 5.0, 10.0, 30.0) if length_s / s <= 16), 60.0)
    for number in range(ceil(row.start_s / step_s), int(row.end_s / step_s) + 1):
        x = row.x(number * step_s)
        canvas.line([(x, row.top), (x, row.top + WAVE)], FAINT, 1)
        text = f"{number * step_s:g} s"
        anchor = "rs" if x > WIDTH - MARGIN - 20 else "ls" if x < MARGIN + 20 else "ms"
        canvas.text((x, row.top - 4), text, 10, fill=FADED, anchor=anchor)
    canvas.line([(MARGIN, bottom + 6), (WIDTH - MARGIN, bottom + 6)], GRID, 1)


def _draw_spans(canvas: Canvas, row: Row, words: list[Word]) -> None:
    for word in words:
        if word.start_s >= row.end_s:
            continue
        left, right = row.x(word.start_s), row.x(word.end_s)
        pale = mixed(_colour(word.confidence), 0.16)
        canvas.box((left, row.top), (max(right, left + 1), row.top + WAVE), pale, radius=2)


def _draw_wave(canvas: Canvas, row: Row, samples: np.ndarray, rate_hz: int) -> None:
    """Draw the least and greatest sample of each point of width."""
    middle, half = row.top + WAVE / 2, WAVE / 2 - 4
    wide = WIDTH - 2 * MARGIN
    edges = np.linspace(row.start_s, row.end_s, 2 * wide + 1) * rate_hz
    for column, (first, last) in enumerate(pairwise(edges)):
        part = samples[int(first) : max(int(last), int(first) + 1)]
        if not len(part):
            break
        x = MARGIN + column / 2
        high, low = float(part.max()), float(part.min())
        canvas.line([(x, middle - half * high), (x, middle - half * low + 0.5)], "#52606d", 0.5)


def _draw_words(canvas: Canvas, row: Row, words: list[Word]) -> None:
    """Write each word under its span, on the first of two lines that has room."""
    ends = [0.0, 0.0]
    for word in words:
        left, right = row.x(word.start_s), row.x(word.end_s)
        colour = _colour(word.confidence)
        canvas.line([(left, row.top + WAVE + 3), (right, row.top + WAVE + 3)], colour, 2)
        text = word.word
        wide = text_width(text, 13)
        start = min(max((left + right - wide) / 2, MARGIN), WIDTH - MARGIN - wide)
        line = 0 if start > ends[0] else 1 if start > ends[1] else int(ends[1] < ends[0])
        start = max(start, ends[line])
        ends[line] = start + wide + 7
        y = row.top + WAVE + 8 + line * 25
        canvas.text((start, y), text, 13, fill=INK)
        if word.confidence is not None:
            percent = f"{100 * word.confidence:.0f}"
            canvas.text((start + wide / 2, y + 15), percent, 8, fill=colour, anchor="ma")

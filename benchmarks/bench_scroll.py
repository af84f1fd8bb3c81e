"""Measure frame times while an hour-long recording and its transcript are scrolled and zoomed.

Limit: 33 ms, which is 30 frames per second. Each frame is painted completely, offscreen, at 1280 by
400 pixels: scrolling at three zoom levels, then zooming in and out.
Run `python benchmarks/bench_scroll.py`; `bench_scroll_notes.py` does the same for notes.
"""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import soundfile
from frame_times import frame_times, print_row
from PySide6 import __version__ as qt_version
from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.transcript import TranscriptModel
from seqstudio.gui.recording.transcript_view import TranscriptView
from seqstudio.gui.recording.waveform import WaveformModel
from seqstudio.gui.recording.waveform_view import WaveformView
from seqstudio.gui.recording.word_index import WordIndex
from seqstudio.gui.workspace.background import Background

HOUR_S = 3600
RATE = 44100
WORDS = 10_000
SIZE = QSize(1280, 400)


def write_hour(path: Path, channels: int) -> None:
    """Write an hour of noise bursts, with the level and rhythm of speech."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, channels) as file:
        for _ in range(HOUR_S // 10):
            burst = rng.standard_normal((RATE * 10, channels)).astype(np.float32) * 0.1
            file.write(burst * (rng.random((RATE * 10 // 4410, 1)) > 0.3).repeat(4410, axis=0))


def transcript() -> Transcript:
    """Return an hour of words, fifteen per segment."""
    rng = np.random.default_rng(0)
    letters = np.array(list("ETAOINSHRDLU"))
    starts = np.arange(WORDS) * HOUR_S / WORDS
    words = [
        Word(
            word="".join(rng.choice(letters, int(rng.integers(1, 9)))),
            start_s=float(start),
            end_s=float(start) + 0.3,
            confidence=float(rng.random()),
        )
        for start in starts
    ]
    segments = []
    for first in range(0, WORDS, 15):
        part = tuple(words[first : first + 15])
        text = " ".join(word.word for word in part)
        segments.append(
            Segment(start_s=part[0].start_s, end_s=part[-1].end_s, text=text, words=part)
        )
    return Transcript(audio="hour.flac", duration_s=HOUR_S, text="", segments=tuple(segments))


def painter(view: QWidget) -> Callable[[], None]:
    """Return a function that processes pending events and paints a view."""
    image = QImage(view.size(), QImage.Format.Format_ARGB32_Premultiplied)
    loop = QEventLoop()

    def draw() -> None:
        loop.processEvents()
        view.render(image)

    return draw


def waveform_steps(wave: WaveformModel) -> Iterator[Callable[[], object]]:
    """Scroll at three zoom levels, then zoom in to a second and out again."""
    for span_s in (HOUR_S / 2, 60.0, 8.0):
        wave.fit()
        wave.zoom(HOUR_S / span_s, 0)
        for _ in range(100):
            yield partial(wave.scroll, 37)
            wave.set_playhead(wave.axis.start + span_s / 2, follow=False)
    wave.fit()
    for factor in [1.1] * 80 + [1 / 1.1] * 80:
        yield partial(wave.zoom, factor, 640)


def transcript_steps(view: TranscriptView) -> Iterator[Callable[[], object]]:
    """Scroll by lines, by pages and to distant positions; highlight one word after another."""
    bar = view.verticalScrollBar()
    for step in (17, 400, 3001):
        for _ in range(100):
            yield partial(bar.setValue, (bar.value() + step) % max(bar.maximum(), 1))
    for number in range(100):
        view.model.highlight(number * 1.7)
        yield partial(view.follow, number * 1.7)


def show(wave: WaveformModel, path: Path) -> float:
    """Load a file as the app does; return the seconds until it is drawn completely."""
    loop = QEventLoop()
    wave.loaded.connect(loop.quit)
    wave.failed.connect(loop.quit)
    started = time.perf_counter()
    wave.show(str(path), path)
    loop.exec()
    return time.perf_counter() - started


def measure_recordings() -> None:
    """Scroll an hour of audio, mono and stereo, and its transcript of 10,000 words."""
    background = Background()
    hour = transcript()
    for channels in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hour.flac"
            write_hour(path, channels)
            wave = WaveformModel(background)
            view = WaveformView(wave)
            view.resize(SIZE)
            view.grab()
            loading_s = show(wave, path)
            view.show_words(WordIndex(hour.segments))
            kind = f"an hour of audio, {channels} channel{'s' * (channels > 1)}"
            print(f"{kind}: completely drawn after {loading_s:.1f} s")
            print_row(kind, frame_times(waveform_steps(wave), painter(view)))
    model = TranscriptModel(lambda _operation: True)
    words = TranscriptView(model)
    words.resize(SIZE)
    words.grab()
    model.show("clip", hour)
    print_row("a transcript of 10,000 words", frame_times(transcript_steps(words), painter(words)))
    background.finish()


if __name__ == "__main__":
    app = QApplication([])
    print(f"Qt {qt_version}, {platform.machine()}, offscreen, one thread paints")
    measure_recordings()

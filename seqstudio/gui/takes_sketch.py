"""A take at a glance: its size, a small picture of its notes, and what is new in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from seqstudio.host.session.document import Take
from seqstudio.media.midi import Score

FEW = 2000  # notes up to which each is drawn by itself
COLUMNS = 640  # finer than a small picture shows

Shape = tuple[float, int, float]  # onset and length in beats around a pitch


@dataclass(frozen=True, slots=True)
class Run:
    """Notes of one pitch with no gap that could be seen."""

    pitch: int
    start: float  # beats
    stop: float
    added: bool  # not in what the take was made from


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What a card shows of a take. Beats are quarter notes: takes of one family share them."""

    midi: bytes  # the file as edited
    notes: int
    length_s: float
    bars: tuple[float, ...]  # beat of each bar line, the end last
    runs: tuple[Run, ...]
    added: int = 0  # notes that are not in its parent
    missing: int = 0  # notes of its parent that are not in it
    spans: tuple[tuple[float, float], ...] = ()  # bars with added notes, those in a row as one
    compared: bool = False  # whether there is a parent to compare with

    @property
    def beats(self) -> float:
        """Length in quarter notes."""
        return self.bars[-1] if self.bars else 0.0

    @property
    def first_added_bar(self) -> int:
        """Number of the first bar with something new, from 1; 0 where there is none."""
        return 1 + self.bars.index(self.spans[0][0]) if self.spans else 0


def sketch(take: Take, parent: Take | None = None) -> Sketch:
    """Sketch a take, and what it adds to its parent. Reads MIDI: call it on a thread.

    Raises
    ------
    SeqStudioError
        If the MIDI of one of them cannot be read.
    """
    score = take.score
    bars = tuple(tick / score.ticks_per_beat for tick in score.bars)
    shapes = list(_shapes(score))
    known = Counter(_shapes(parent.score)) if parent else Counter(shapes)
    missing = known - Counter(shapes)
    marked = list(_marked(shapes, known))
    added = [shape for shape, new in marked if new]
    return Sketch(
        midi=score.to_bytes(),
        notes=len(shapes),
        length_s=score.seconds(score.end_tick),
        bars=bars,
        runs=tuple(_runs(marked, bars[-1] if bars else 0.0)),
        added=len(added),
        missing=missing.total(),
        spans=tuple(_spans(added, bars)),
        compared=parent is not None,
    )


def _shapes(score: Score) -> Iterator[Shape]:
    beat = score.ticks_per_beat
    for note in score.notes:
        yield note.onset_ticks / beat, note.pitch, note.length_ticks / beat


def _marked(shapes: Iterable[Shape], known: Counter[Shape]) -> Iterator[tuple[Shape, bool]]:
    """Say of each note whether it is new; of two the same, one may be."""
    left = known.copy()
    for shape in shapes:
        left[shape] -= 1
        yield shape, left[shape] < 0


def _runs(marked: list[tuple[Shape, bool]], beats: float) -> Iterator[Run]:
    """Join what a small picture cannot tell apart, where there is much of it."""
    gap = beats / COLUMNS if len(marked) > FEW else -1.0
    lines: dict[tuple[int, bool], list[Run]] = defaultdict(list)
    for (start, pitch, length), new in marked:
        line = lines[pitch, new]
        run = Run(pitch, start, start + length, new)
        if line and start - line[-1].stop <= gap:
            run = Run(pitch, line[-1].start, max(line[-1].stop, run.stop), new)
            line[-1] = run
        else:
            line.append(run)
    return (run for line in lines.values() for run in line)


def _spans(added: Iterable[Shape], bars: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """Give the bars in which added notes begin, those in a row as one."""
    starts = {start for start, _, _ in added}
    left = iter(sorted(starts))
    onset = next(left, None)
    begun: float | None = None
    for first, last in pairwise(bars):
        fresh = onset is not None and onset < last
        while onset is not None and onset < last:
            onset = next(left, None)
        if fresh and begun is None:
            begun = first
        if not fresh and begun is not None:
            yield begun, first
            begun = None
    if begun is not None:
        yield begun, bars[-1]

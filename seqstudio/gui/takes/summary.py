"""A take at a glance: its size, a small picture of its notes, and what is new in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from seqstudio.media.midi import Score
from seqstudio.media.midi_events import split_chunks
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes

FEW = 2000  # notes up to which each is drawn by itself
COLUMNS = 240  # about as fine as a small picture shows

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

    of: Take  # as it was then
    parent: Take | None  # what it was compared with, as it was then
    began: Score  # what the take began as
    midi: bytes  # the file as edited
    notes: int
    length_s: float
    bars: tuple[float, ...]  # beat of each bar line, the end last
    runs: tuple[Run, ...]
    added: int = 0  # notes that are not in its parent
    missing: int = 0  # notes of its parent that are not in it
    spans: tuple[tuple[float, float], ...] = ()  # bars with added notes, those in a row as one

    @property
    def beats(self) -> float:
        """Length in quarter notes."""
        return self.bars[-1]

    @property
    def first_added_bar(self) -> int:
        """Number of the first bar with something new, from 1; 0 where there is none."""
        return 1 + self.bars.index(self.spans[0][0]) if self.spans else 0


def sketch(take: Take, parent: Take | None = None, before: Sketch | None = None) -> Sketch:
    """Sketch a take, and what it adds to its parent. Reads MIDI: call it on a thread.

    Parameters
    ----------
    take, parent : as they are now
    before : of the same take: what has not changed since is taken from it

    Raises
    ------
    SeqStudioError
        If the MIDI of one of them cannot be read.
    """
    began = before.began if before else Score.from_bytes(take.midi, take.name)
    unchanged = before is not None and before.of.tracks == take.tracks
    shapes = list(_shapes(take))
    known = Counter(_shapes(parent)) if parent else Counter(shapes)
    marked = list(_marked(shapes, known))
    added = [shape for shape, new in marked if new]
    ends = (int((track.onsets + track.lengths).max(initial=0)) for track in take.tracks)
    end = max(ends, default=0)
    bars = tuple(tick / began.ticks_per_beat for tick in began.tempo_map.bars(end))
    return Sketch(
        of=take,
        parent=parent,
        began=began,
        midi=before.midi if before and unchanged else take.over(began).to_bytes(),
        notes=len(shapes),
        length_s=began.seconds(end),
        bars=bars,
        runs=tuple(_runs(marked, bars[-1])),
        added=len(added),
        missing=(known - Counter(shapes)).total(),
        spans=tuple(_spans(added, bars)),
    )


def is_of(sketch: Sketch, take: Take, parent: Take | None) -> bool:
    """Whether a sketch shows a take and its parent as they are now."""
    return same_notes(sketch.of, take) and same_notes(sketch.parent, parent)


def same_notes(one: Take | None, other: Take | None) -> bool:
    """Whether two states of a take have the same notes."""
    if one is None or other is None:
        return one is other
    return one.midi == other.midi and one.tracks == other.tracks


def _shapes(take: Take) -> Iterator[Shape]:
    """Give the notes of all tracks in beats, in order of time."""
    beat = int.from_bytes(split_chunks(take.midi, take.name).header.data[4:6])
    notes = Notes.joined(take.tracks)
    onsets, lengths = (notes.onsets / beat).tolist(), (notes.lengths / beat).tolist()
    yield from zip(onsets, notes.pitches.tolist(), lengths, strict=True)


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

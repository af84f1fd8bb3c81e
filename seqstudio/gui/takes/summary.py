"""The summary of a take on its card: its size, the notes of its thumbnail, and what is new."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from seqstudio.media.midi import Score
from seqstudio.media.midi_events import split_chunks
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes

MAX_SEPARATE_NOTES = 2000  # above this, near notes are joined
COLUMNS = 240  # about the resolution of a thumbnail

Keys = tuple[int, int]  # the lowest and the highest
NoteShape = tuple[float, int, float]  # onset in beats, pitch, length in beats


@dataclass(frozen=True, slots=True)
class NoteRun:
    """Notes of one pitch without a visible gap."""

    pitch: int
    start: float  # beats
    stop: float
    added: bool  # not in the parent


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSummary:
    """What a card shows of a take. Beats are quarter notes, which related takes share."""

    take: Take  # in the state that was summarised
    parent: Take | None  # that it was compared with, in its state then
    original: Score  # the take's MIDI before edits
    midi: bytes  # the edited file
    notes: int
    length_s: float
    bars: tuple[float, ...]  # beat of each bar line, the end last
    runs: tuple[NoteRun, ...]
    added: int = 0  # notes that are not in its parent
    missing: int = 0  # notes of its parent that it lacks
    spans: tuple[tuple[float, float], ...] = ()  # beats of bars with added notes, merged

    @property
    def beats(self) -> float:
        """Length in quarter notes."""
        return self.bars[-1]

    @property
    def keys(self) -> Keys:
        """The lowest and the highest key; of a take without notes, the middle."""
        pitches = [run.pitch for run in self.runs] or [60]
        return min(pitches), max(pitches)

    @property
    def first_added_bar(self) -> int:
        """Number of the first bar with added notes, from 1; 0 if there is none."""
        return 1 + self.bars.index(self.spans[0][0]) if self.spans else 0


def summarise(
    take: Take, parent: Take | None = None, before: TakeSummary | None = None
) -> TakeSummary:
    """Summarise a take and how it differs from its parent. Reads MIDI: call it on a thread.

    Parameters
    ----------
    take, parent : in their present states
    before : the last summary of the take; what has not changed is reused

    Raises
    ------
    SeqStudioError
        If the MIDI of one of them cannot be read.
    """
    original = before.original if before else Score.from_bytes(take.midi, take.name)
    unchanged = before is not None and before.take.tracks == take.tracks
    shapes = list(_note_shapes(take))
    known = Counter(_note_shapes(parent)) if parent else Counter(shapes)
    marked = list(_mark_new(shapes, known))
    added = [shape for shape, new in marked if new]
    ends = (int((track.onsets + track.lengths).max(initial=0)) for track in take.tracks)
    end = max(ends, default=0)
    bars = tuple(tick / original.ticks_per_beat for tick in original.tempo_map.bars(end))
    return TakeSummary(
        take=take,
        parent=parent,
        original=original,
        midi=before.midi if before and unchanged else take.apply_to(original).to_bytes(),
        notes=len(shapes),
        length_s=original.seconds(end),
        bars=bars,
        runs=tuple(_runs(marked, bars[-1])),
        added=len(added),
        missing=(known - Counter(shapes)).total(),
        spans=tuple(_spans(added, bars)),
    )


def is_current(summary: TakeSummary, take: Take, parent: Take | None) -> bool:
    """Whether a summary is of the present states of a take and its parent."""
    return same_notes(summary.take, take) and same_notes(summary.parent, parent)


def same_notes(one: Take | None, other: Take | None) -> bool:
    """Whether two states of a take have the same notes."""
    if one is None or other is None:
        return one is other
    return one.midi == other.midi and one.tracks == other.tracks


def _note_shapes(take: Take) -> Iterator[NoteShape]:
    """Yield the notes of all tracks in beats, in order of time."""
    beat = int.from_bytes(split_chunks(take.midi, take.name).header.data[4:6])
    notes = Notes.joined(take.tracks)
    onsets, lengths = (notes.onsets / beat).tolist(), (notes.lengths / beat).tolist()
    yield from zip(onsets, notes.pitches.tolist(), lengths, strict=True)


def _mark_new(
    shapes: Iterable[NoteShape], known: Counter[NoteShape]
) -> Iterator[tuple[NoteShape, bool]]:
    """Yield each note and whether it is new; of two equal notes, one may be."""
    left = known.copy()
    for shape in shapes:
        left[shape] -= 1
        yield shape, left[shape] < 0


def _runs(marked: list[tuple[NoteShape, bool]], beats: float) -> Iterator[NoteRun]:
    """Join notes that a thumbnail cannot show separately, if there are many."""
    gap = beats / COLUMNS if len(marked) > MAX_SEPARATE_NOTES else -1.0
    lines: dict[tuple[int, bool], list[NoteRun]] = defaultdict(list)
    for (start, pitch, length), new in marked:
        line = lines[pitch, new]
        run = NoteRun(pitch, start, start + length, new)
        if line and start - line[-1].stop <= gap:
            run = NoteRun(pitch, line[-1].start, max(line[-1].stop, run.stop), new)
            line[-1] = run
        else:
            line.append(run)
    return (run for line in lines.values() for run in line)


def _spans(added: Iterable[NoteShape], bars: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """Yield the spans of bars in which added notes start, consecutive bars as one."""
    starts = {start for start, _, _ in added}
    left = iter(sorted(starts))
    onset = next(left, None)
    span_start: float | None = None
    for first, last in pairwise(bars):
        has_added = onset is not None and onset < last
        while onset is not None and onset < last:
            onset = next(left, None)
        if has_added and span_start is None:
            span_start = first
        if not has_added and span_start is not None:
            yield span_start, first
            span_start = None
    if span_start is not None:
        yield span_start, bars[-1]

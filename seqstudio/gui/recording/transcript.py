"""A transcript as words in a row: which is heard, which is in hand, and what edits make of them."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.timeline import Place, Timeline
from seqstudio.media.word_times import with_word_times
from seqstudio.session.operations import (
    EditWord,
    MergeSegments,
    Operation,
    SetSegments,
    SplitSegment,
    Together,
)
from seqstudio.session.segment_edits import split, with_times

LOW = 0.6  # a confidence below this is shown as low


class TranscriptModel(QObject):
    """The words of one clip.

    Parameters
    ----------
    do : carries an operation out; False where it failed, and was told
    """

    changed = Signal()  # other words
    lit_changed = Signal()  # another word is heard
    current_changed = Signal()  # another word is in hand

    def __init__(self, do: Callable[[Operation], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._do = do
        self._clip = ""
        self.transcript: Transcript | None = None
        self._spoken: tuple[Segment, ...] = ()
        self.segments: tuple[Segment, ...] = ()  # the same as shown: each has words
        self._firsts = [0]  # how many words come before each segment, and how many there are
        self.timeline = Timeline(())
        self.lit: Place | None = None
        self.current: Place | None = None

    def show(self, clip: str, transcript: Transcript | None) -> None:
        """Show a clip's transcript as it is now; the word in hand stays, as far as there is one."""
        if clip == self._clip and transcript is self.transcript:
            return
        held = self.current if clip == self._clip else None
        shown = dict(zip(map(id, self._spoken), self.segments, strict=True))
        spoken = self._spoken = _segments(transcript)
        self._clip, self.transcript = clip, transcript
        self.segments = tuple(shown.get(id(one)) or with_word_times(one) for one in spoken)
        self._firsts = list(accumulate((len(one.words) for one in self.segments), initial=0))
        self.timeline = Timeline(self.segments)
        self.lit = None
        self.current = self.nearest(held)
        self.changed.emit()

    def word(self, place: Place) -> Word:
        """Give a word by its place."""
        return self.segments[place.segment].words[place.word]

    def light(self, second: float) -> None:
        """Light the word that is heard at a time."""
        if (place := self.timeline.at(second)) != self.lit:
            self.lit = place
            self.lit_changed.emit()

    def take_up(self, place: Place | None) -> None:
        """Put a word in hand."""
        if place != self.current:
            self.current = place
            self.current_changed.emit()

    def step(self, words: int) -> Place | None:
        """Put the word so many further, or back, in hand; give it, or None at either end."""
        number = self._number(self.current) + words if self.current else 0
        if not 0 <= number < self._firsts[-1]:
            return None
        self.take_up(self._place(number))
        return self.current

    def ends(self) -> tuple[Place, Place] | None:
        """Give the first and the last word."""
        return (self._place(0), self._place(self._firsts[-1] - 1)) if self._firsts[-1] else None

    def edit(self, place: Place, text: str) -> bool:
        """Write other text in the place of a word: none removes it, several share its time.

        A segment goes with its last word.
        """
        text = " ".join(text.split())
        if text == self.word(place).word:
            return True
        if not text and len(self.segments[place.segment].words) == 1:
            return self._do(Together("Remove a segment", (self._put(place.segment, ()),)))
        if self._real(place.segment):
            return self._do(EditWord(self._clip, place.segment, place.word, text))
        return self._do(self._rewritten(place, text))

    @property
    def can_split(self) -> bool:
        """Whether a segment can begin at the word in hand."""
        return self.current is not None and self.current.word > 0

    def split(self, playhead_s: float | None = None) -> None:
        """Begin a new segment at the word in hand.

        Words without times of their own are parted at the playhead, where that is within their
        segment.
        """
        if not self.can_split or not (here := self.current):
            return
        if self._real(here.segment):
            self._do(SplitSegment(self._clip, here.segment, here.word))
        else:
            parts = split(self._bare(here.segment), here.word, playhead_s)
            self._do(Together("Split a segment", (self._put(here.segment, parts),)))
        self.take_up(self.nearest(Place(here.segment + 1, 0)))

    @property
    def can_merge(self) -> bool:
        """Whether a segment comes after that of the word in hand."""
        return self.current is not None and self.current.segment + 1 < len(self.segments)

    def merge(self) -> None:
        """Join the segment of the word in hand with the one after it."""
        if self.can_merge and self.current:
            self._do(MergeSegments(self._clip, self.current.segment))

    def set_times(self, start_s: float, end_s: float) -> None:
        """Begin and end the segment of the word in hand elsewhere."""
        if here := self.current:
            whole = self.segments[here.segment]
            came = whole if self._real(here.segment) else self._bare(here.segment)
            put = self._put(here.segment, (with_times(came, start_s, end_s),))
            self._do(Together("Set a segment's times", (put,)))

    def adding(self, text: str, start_s: float, end_s: float) -> SetSegments:
        """Give what puts a new segment in its place by time."""
        new = Segment(start_s=start_s, end_s=end_s, text=text, origin="human")
        there = self.transcript.segments if self.transcript else ()
        if not there:  # a text alone becomes the first segment
            whole = [self._bare(0)] if self.segments else []
            return SetSegments(self._clip, 0, 0, tuple(sorted([*whole, new], key=_start)))
        at = next((n for n, one in enumerate(there) if one.start_s > start_s), len(there))
        return SetSegments(self._clip, at, 0, (new,))

    def _rewritten(self, place: Place, text: str) -> Operation:
        """Change a segment that came without words of its own."""
        bare = self._bare(place.segment)
        words = bare.text.split()
        words[place.word] = text
        written = replace(bare, text=" ".join(filter(None, words)), origin="human", confidence=None)
        return self._put(place.segment, (written,))

    def _put(self, segment: int, by: tuple[Segment, ...]) -> Operation:
        """Put segments in the place of one, or of a text that has none."""
        count = 1 if self.transcript and self.transcript.segments else 0
        return SetSegments(self._clip, segment, count, by)

    def _bare(self, segment: int) -> Segment:
        """Give a segment that came without words of its own, as it came."""
        return replace(self.segments[segment], words=())

    def _real(self, segment: int) -> bool:
        """Whether a segment came with the times of its words."""
        segments = self.transcript.segments if self.transcript else ()
        return segment < len(segments) and bool(segments[segment].words)

    def nearest(self, place: Place | None) -> Place | None:
        """Give the word at a place, or the last before it."""
        if place is None or not self._firsts[-1]:
            return None
        return self._place(max(self._number(place), 0))

    def _number(self, place: Place) -> int:
        """Count the words before the one at a place, or before the last ahead of it."""
        if place.segment >= len(self.segments):
            return self._firsts[-1] - 1
        first, after = self._firsts[place.segment : place.segment + 2]
        return min(first + place.word, after - 1)

    def _place(self, number: int) -> Place:
        segment = bisect_right(self._firsts, number) - 1
        return Place(segment, number - self._firsts[segment])


def _segments(transcript: Transcript | None) -> tuple[Segment, ...]:
    if transcript is None:
        return ()
    whole = Segment(start_s=0.0, end_s=transcript.duration_s, text=transcript.text)
    return transcript.segments or ((whole,) if transcript.text else ())


def _start(segment: Segment) -> float:
    return segment.start_s

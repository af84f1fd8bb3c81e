"""A transcript as words in a row: which is heard, which is in hand, and what edits make of them."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.host.session.operations import (
    EditWord,
    MergeSegments,
    Operation,
    SetSegments,
    SplitSegment,
    Together,
)
from seqstudio.host.session.segments import split, with_word_times

AT_ONCE = 8  # words that may be said at the same time
LOW = 0.6  # a confidence below this is shown as low


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A word: of which segment, and its number there."""

    segment: int
    word: int


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
        self.segments: tuple[Segment, ...] = ()  # as shown: each has words
        self._places: list[Place] = []
        self._timed: list[Place] = []  # the same, by when they begin
        self._starts: list[float] = []
        self.lit: Place | None = None
        self.current: Place | None = None

    def show(self, clip: str, transcript: Transcript | None) -> None:
        """Show a clip's transcript as it is now; the word in hand stays, as far as there is one."""
        if clip == self._clip and transcript is self.transcript:
            return
        held = self.current if clip == self._clip else None
        self._clip, self.transcript = clip, transcript
        self.segments = tuple(map(with_word_times, _segments(transcript)))
        self._places = [
            Place(s, w)
            for s, segment in enumerate(self.segments)
            for w in range(len(segment.words))
        ]
        # Speakers may overlap, so that later words begin earlier.
        self._timed = sorted(self._places, key=lambda place: self.word(place).start_s)
        self._starts = [self.word(place).start_s for place in self._timed]
        self.lit = None
        self.current = self.nearest(held)
        self.changed.emit()

    @property
    def words(self) -> list[Word]:
        """Every word, in the order in which they begin."""
        return [self.word(place) for place in self._timed]

    def word(self, place: Place) -> Word:
        """Give a word by its place."""
        return self.segments[place.segment].words[place.word]

    def at(self, second: float) -> Place | None:
        """Give the word that is heard at a time: the last to begin of those that go on."""
        begun = bisect_right(self._starts, second)
        for place in reversed(self._timed[max(begun - AT_ONCE, 0) : begun]):
            if second < self.word(place).end_s:
                return place
        return None

    def near(self, second: float) -> Place | None:
        """Give the word that is heard at a time, or else the last before it."""
        number = bisect_right(self._starts, second) - 1
        return self._timed[max(number, 0)] if self._timed else None

    def light(self, second: float) -> None:
        """Light the word that is heard at a time."""
        if (place := self.at(second)) != self.lit:
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
        if not 0 <= number < len(self._places):
            return None
        self.take_up(self._places[number])
        return self.current

    def ends(self) -> tuple[Place, Place] | None:
        """Give the first and the last word."""
        return (self._places[0], self._places[-1]) if self._places else None

    def edit(self, place: Place, text: str) -> bool:
        """Write other text in the place of a word: none removes it, several share its time."""
        text = " ".join(text.split())
        if text == self.word(place).word:
            return True
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

    def _number(self, place: Place) -> int:
        return bisect_right(self._places, place) - 1

    def nearest(self, place: Place | None) -> Place | None:
        """Give the word at a place, or the last before it."""
        if place is None or not self._places:
            return None
        return self._places[max(self._number(place), 0)]


def _segments(transcript: Transcript | None) -> tuple[Segment, ...]:
    if transcript is None:
        return ()
    whole = Segment(start_s=0.0, end_s=transcript.duration_s, text=transcript.text)
    return transcript.segments or ((whole,) if transcript.text else ())

"""The words of a transcript: which is highlighted, which is current, and edits of them."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.find_replace import find_words, replace_all
from seqstudio.gui.recording.segment_lane import SegmentEnd, speakers_of
from seqstudio.gui.recording.word_index import WordIndex, WordPosition
from seqstudio.gui.widgets.metric_text import share_text
from seqstudio.media.word_times import segments_of, with_word_times
from seqstudio.session.edits import (
    CompoundEdit,
    Edit,
    EditWord,
    MergeSegments,
    SetSegments,
    SplitSegment,
)
from seqstudio.session.segment_edits import split, with_times

LOW_CONFIDENCE = 0.6  # words below are marked


class TranscriptModel(QObject):
    """The words of one clip.

    Parameters
    ----------
    do : applies an edit; returns False if that failed
    """

    changed = Signal()  # the words
    highlight_changed = Signal()
    current_changed = Signal()

    def __init__(self, do: Callable[[Edit], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._do = do
        self._clip = ""
        self.transcript: Transcript | None = None
        self._stored_segments: tuple[Segment, ...] = ()
        self.segments: tuple[Segment, ...] = ()  # as shown: with estimated words if they had none
        self._word_offsets = [0]  # the number of words before each segment, and in all
        self.word_index = WordIndex(())
        self.speakers: tuple[str, ...] = ()  # in the order in which they first speak
        self.highlighted: WordPosition | None = None  # the word at the playhead
        self.current: WordPosition | None = None  # the word that keys and commands act on

    def show(self, clip: str, transcript: Transcript | None) -> None:
        """Show the transcript of a clip; for the same clip, keep the current word or one near."""
        if clip == self._clip and transcript is self.transcript:
            return
        current = self.current if clip == self._clip else None
        shown = dict(zip(map(id, self._stored_segments), self.segments, strict=True))
        stored = self._stored_segments = _segments_of(transcript)
        self._clip, self.transcript = clip, transcript
        self.segments = tuple(
            shown.get(id(segment)) or with_word_times(segment) for segment in stored
        )
        counts = (len(segment.words) for segment in self.segments)
        self._word_offsets = list(accumulate(counts, initial=0))
        self.word_index = WordIndex(self.segments)
        self.speakers = speakers_of(self.segments)
        self.highlighted = None
        self.current = self.nearest(current)
        self.changed.emit()

    def word(self, position: WordPosition) -> Word:
        """Return the word at a position."""
        return self.segments[position.segment].words[position.word]

    def highlight(self, second: float) -> None:
        """Highlight the word that is spoken at a time."""
        if (position := self.word_index.at(second)) != self.highlighted:
            self.highlighted = position
            self.highlight_changed.emit()

    def set_current(self, position: WordPosition | None) -> None:
        """Make a word the current one."""
        if position != self.current:
            self.current = position
            self.current_changed.emit()

    def move_current(self, words: int) -> WordPosition | None:
        """Move the current word forward, or back if negative; return it, or None at an end."""
        number = self._number(self.current) + words if self.current else 0
        if not 0 <= number < self._word_offsets[-1]:
            return None
        self.set_current(self._position(number))
        return self.current

    def next_doubtful(self) -> WordPosition | None:
        """Return the next word that the model was unsure of; after the last, the first."""
        count, here = self._word_offsets[-1], self._number(self.current) if self.current else -1
        for step in range(1, count + 1):
            position = self._position((here + step) % count)
            confidence = self.word(position).confidence
            if confidence is not None and confidence < LOW_CONFIDENCE:
                return position
        return None

    @property
    def alternatives(self) -> tuple[str, ...]:
        """What else the model may have heard, the likeliest first; of a short recording."""
        return self.transcript.alternatives if self.transcript else ()

    def use_alternative(self, text: str) -> None:
        """Replace the words of the transcript with an alternative, as one step."""
        stored = self.transcript.segments if self.transcript else ()
        if not stored or text not in self.alternatives:
            return
        whole = replace(stored[0], end_s=stored[-1].end_s, text=text, words=(), confidence=None)
        edit = SetSegments(self._clip, 0, len(stored), (whole,))
        self._do(CompoundEdit("Use an alternative", (edit,)))

    @property
    def word_alternatives(self) -> tuple[tuple[str, float], ...]:
        """What else the current word may be, with probabilities, the likeliest first."""
        current = self.current
        found = self.word(current).alternatives if current else {}
        return tuple(sorted(found.items(), key=lambda one: -one[1]))

    @property
    def no_alternatives(self) -> str:
        """Why the current word has no alternatives, one sentence; "" if it has some."""
        if self.current is None or self.word_alternatives:
            return ""
        if self.segments[self.current.segment].origin == "human":
            return "A person wrote this segment: what else was heard is known of others only."
        if any(word.alternatives for one in self.segments for word in one.words):
            return "Nothing else is likely here."
        sure = "The model is sure of every word, or does not tell what else one may be."
        whole = " “Alternatives…” has other texts of the whole recording."
        return sure + whole if self.alternatives else sure

    def use_word(self, text: str) -> None:
        """Take an alternative in the place of the current word; "" removes it."""
        if (current := self.current) and self.edit(current, text):
            self.set_current(self.nearest(current))

    def find_next(self, text: str) -> WordPosition | None:
        """Return the next place of a text, from the start again after the last."""
        places = [WordPosition(*place) for place in find_words(self.segments, text)]
        here = self.current
        later = [place for place in places if here is None or place > here]
        return next(iter((*later, *places)), None)

    def replace_all(self, text: str, by: str) -> int:
        """Replace a text everywhere in one step; return the number of places."""
        stored = self.transcript.segments if self.transcript else ()
        found = replace_all(stored or self.segments, text, by)
        if found is None:
            return 0
        count = len(found.segments) if stored else 0
        edit = SetSegments(self._clip, found.first, count, found.segments)
        return found.count if self._do(CompoundEdit(f"Replace {text!r}", (edit,))) else 0

    def first_and_last(self) -> tuple[WordPosition, WordPosition] | None:
        """Return the first and the last word; None if there are no words."""
        if not (count := self._word_offsets[-1]):
            return None
        return self._position(0), self._position(count - 1)

    def edit(self, position: WordPosition, text: str) -> bool:
        """Replace a word: an empty text removes it, several words share its time.

        Removing the last word of a segment removes the segment. Returns False if the edit failed.
        """
        text = " ".join(text.split())
        if text == self.word(position).word:
            return True
        if not text and len(self.segments[position.segment].words) == 1:
            removal = self._replace_segment(position.segment, ())
            return self._do(CompoundEdit("Remove a segment", (removal,)))
        if self._has_word_times(position.segment):
            return self._do(EditWord(self._clip, position.segment, position.word, text))
        return self._do(self._replace_word(position, text))

    @property
    def can_split(self) -> bool:
        """Whether a segment can start at the current word."""
        return self.current is not None and self.current.word > 0

    def split(self, playhead_s: float | None = None) -> None:
        """Split the segment at the current word.

        A segment without word times is split at the playhead if that is within the segment.
        """
        if not self.can_split or not (current := self.current):
            return
        if self._has_word_times(current.segment):
            self._do(SplitSegment(self._clip, current.segment, current.word))
        else:
            parts = split(self._without_words(current.segment), current.word, playhead_s)
            self._do(
                CompoundEdit("Split a segment", (self._replace_segment(current.segment, parts),))
            )
        self.set_current(self.nearest(WordPosition(current.segment + 1, 0)))

    @property
    def can_merge(self) -> bool:
        """Whether there is a segment after the current one."""
        return self.current is not None and self.current.segment + 1 < len(self.segments)

    def merge(self) -> None:
        """Merge the current segment with the next one."""
        if self.can_merge and self.current:
            self._do(MergeSegments(self._clip, self.current.segment))

    def set_times(self, start_s: float, end_s: float) -> None:
        """Set the start and end of the current segment."""
        if current := self.current:
            self._set_times_of(current.segment, start_s, end_s)

    def move_end(self, moved: SegmentEnd) -> None:
        """Move an end of a segment, as one step."""
        number = moved.segment
        if number < len(self.segments) and moved.span != _span(self.segments[number]):
            self._set_times_of(number, *moved.span)

    def _set_times_of(self, number: int, start_s: float, end_s: float) -> None:
        timed = self._has_word_times(number)
        segment = self.segments[number] if timed else self._without_words(number)
        change = self._replace_segment(number, (with_times(segment, start_s, end_s),))
        self._do(CompoundEdit("Set a segment's times", (change,)))

    @property
    def speaker(self) -> str:
        """The speaker of the current segment; "" where none is named."""
        return (self.segments[self.current.segment].speaker or "") if self.current else ""

    def name_speaker(self, name: str, *, everywhere: bool) -> None:
        """Name the speaker of the current segment, and of all that have the same, as one step.

        Parameters
        ----------
        name : "" for no speaker
        everywhere : rename this speaker in all segments
        """
        stored = self.transcript.segments if self.transcript else ()
        if self.current is None or not stored:
            return
        here, before, name = self.current.segment, self.speaker, name.strip()
        new = tuple(
            replace(segment, speaker=name or None)
            if number == here or (everywhere and before and segment.speaker == before)
            else segment
            for number, segment in enumerate(stored)
        )
        if new != stored:
            edit = SetSegments(self._clip, 0, len(stored), new)
            self._do(CompoundEdit(f"Speaker {name}" if name else "No speaker", (edit,)))

    def insertion(self, text: str, start_s: float, end_s: float) -> SetSegments:
        """Return the edit that inserts a new segment in order of time."""
        new = Segment(start_s=start_s, end_s=end_s, text=text, origin="human")
        stored = self.transcript.segments if self.transcript else ()
        if not stored:  # a text without segments becomes a segment too
            whole = [self._without_words(0)] if self.segments else []
            return SetSegments(self._clip, 0, 0, tuple(sorted([*whole, new], key=_start)))
        later = (n for n, segment in enumerate(stored) if segment.start_s > start_s)
        return SetSegments(self._clip, next(later, len(stored)), 0, (new,))

    def _replace_word(self, position: WordPosition, text: str) -> Edit:
        """Return the edit that replaces a word of a segment without word times."""
        segment = self._without_words(position.segment)
        words = segment.text.split()
        words[position.word] = text
        edited = replace(
            segment, text=" ".join(filter(None, words)), origin="human", confidence=None
        )
        return self._replace_segment(position.segment, (edited,))

    def _replace_segment(self, segment: int, by: tuple[Segment, ...]) -> Edit:
        """Return the edit that replaces a segment, or a text without segments."""
        count = 1 if self.transcript and self.transcript.segments else 0
        return SetSegments(self._clip, segment, count, by)

    def _without_words(self, segment: int) -> Segment:
        """Return a segment as stored, without its estimated words."""
        return replace(self.segments[segment], words=())

    def _has_word_times(self, segment: int) -> bool:
        """Whether a stored segment has the times of its words."""
        segments = self.transcript.segments if self.transcript else ()
        return segment < len(segments) and bool(segments[segment].words)

    def nearest(self, position: WordPosition | None) -> WordPosition | None:
        """Return the word at a position, or the last before it if there is none."""
        if position is None or not self._word_offsets[-1]:
            return None
        return self._position(max(self._number(position), 0))

    def _number(self, position: WordPosition) -> int:
        """Return the number of words before a position, clamped to its segment."""
        if position.segment >= len(self.segments):
            return self._word_offsets[-1] - 1
        first, after = self._word_offsets[position.segment : position.segment + 2]
        return min(first + position.word, after - 1)

    def _position(self, number: int) -> WordPosition:
        segment = bisect_right(self._word_offsets, number) - 1
        return WordPosition(segment, number - self._word_offsets[segment])


def _segments_of(transcript: Transcript | None) -> tuple[Segment, ...]:
    return segments_of(transcript) if transcript else ()


def _span(segment: Segment) -> tuple[float, float]:
    return segment.start_s, segment.end_s


def _start(segment: Segment) -> float:
    return segment.start_s


def alternative_text(word: str, probability: float) -> str:
    """Return an alternative with its probability, as the user reads it.

    >>> alternative_text("TO", 0.124), alternative_text("", 0.004)
    ('TO 12 %', 'no word, under 1 %')
    """
    share = share_text(probability)
    return f"{word} {share}" if word else f"no word, {share}"

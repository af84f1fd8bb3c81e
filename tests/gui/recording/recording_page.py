"""What the tests of a recording's page share: its transcript, and where its words are."""

from PySide6.QtCore import QPoint, Qt

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.word_index import WordPosition

TIMES = ((0.31, "Z"), (0.71, "E"), (0.85, "O"), (1.04, "TWO"))
LEFT = Qt.MouseButton.LeftButton
HOUR_S = 3600.0


def sample_transcript() -> Transcript:
    words = tuple(
        Word(word=word, start_s=start, end_s=start + 0.1, confidence=0.4 if word == "E" else 0.9)
        for start, word in TIMES
    )
    segment = Segment(start_s=0.31, end_s=1.14, text="Z E O TWO", words=words)
    return Transcript(audio="a.flac", duration_s=1.5, text="Z E O TWO", segments=(segment,))


def word_centre(page: RecordingView, position: WordPosition) -> QPoint:
    return page.transcript.word_rect(position).center().toPoint()


def words_of(page: RecordingView) -> str:
    return " ".join(word.word for word in page.model.transcript.word_index.between(0, HOUR_S))

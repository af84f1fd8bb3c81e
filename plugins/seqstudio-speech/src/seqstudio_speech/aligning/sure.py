"""Which lines of a text are said for sure in a recording that may hold other things."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from seqstudio.api import DataError, Transcript, Word
from seqstudio_speech.aligning.forced import align_lines
from seqstudio_speech.open_vocabulary import open_normalised
from seqstudio_speech.posteriors import Posteriors
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.words import mean_confidence

ROUNDS = 6  # of leaving out lines that fit badly


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of a text, and where it is said; `reason` says why it is not sure, "" if it is."""

    number: int  # from 1
    text: str
    words: tuple[Word, ...] = ()
    confidence: float = 0.0
    reason: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether the line may be learned from."""
        return not self.reason


def place_by_model(
    recogniser: Recogniser, posteriors: Posteriors, lines: Sequence[str], least: float
) -> list[PlacedLine]:
    """Align lines again and again, each time without those that fit worst.

    A line that is not said takes the place of its neighbours, which then fit badly too: of
    neighbours that all fit badly, only the worst is left out in a round.

    Parameters
    ----------
    least : mean confidence of the words of a line that is sure
    """
    alive = list(range(len(lines)))
    placed: dict[int, PlacedLine] = {}
    for _ in range(ROUNDS):
        if not alive:
            break
        try:
            words = align_lines(recogniser, posteriors, [lines[at] for at in alive])
        except DataError as error:
            return [PlacedLine(n, text, reason=str(error)) for n, text in enumerate(lines, start=1)]
        found = [mean_confidence(own) or 0.0 for own in words]
        for at, own, confidence in zip(alive, words, found, strict=True):
            reason = "" if confidence >= least else f"fits badly ({confidence:.2f})"
            placed[at] = PlacedLine(at + 1, lines[at], own, round(confidence, 4), reason)
        worst = _worst(found, least)
        if not worst:
            break
        alive = [at for number, at in enumerate(alive) if number not in worst]
    return [placed[at] for at in range(len(lines))]


def _worst(found: Sequence[float], least: float) -> set[int]:
    """Return the places of values below `least` that are lowest among those next to them."""
    worst = set()
    for at, value in enumerate(found):
        around = found[max(0, at - 1) : at + 2]
        if value < least and value == min(around):
            worst.add(at)
    return worst


def place_by_words(transcript: Transcript, lines: Sequence[str], least: float) -> list[PlacedLine]:
    """Find lines among the words that an engine from outside heard, with their times.

    Parameters
    ----------
    least : share of the words of a line that must be heard as they stand
    """
    heard = [word for segment in transcript.segments for word in segment.words]
    found = [_plain(word.word) for word in heard]
    given = [_plain(word) for line in lines for word in line.split()]
    blocks = Levenshtein.opcodes(given, found).as_matching_blocks()
    matched = {
        block.a + step: heard[block.b + step] for block in blocks for step in range(block.size)
    }
    placed, first = [], 0
    for number, line in enumerate(lines, start=1):
        count = len(line.split())
        own = [matched[at] for at in range(first, first + count) if at in matched]
        share = len(own) / max(1, count)
        ends = first in matched and first + count - 1 in matched
        reason = "" if share >= least and ends else f"heard otherwise ({share:.2f} of its words)"
        placed.append(PlacedLine(number, line, tuple(own), round(share, 4), reason))
        first += count
    return placed


def _plain(word: str) -> str:
    return open_normalised(word, english=False)

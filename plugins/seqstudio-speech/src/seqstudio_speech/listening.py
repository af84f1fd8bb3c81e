"""Speech while it is said: provisional text of what has arrived, and the transcript at the end."""

from seqstudio.api import Transcript
from seqstudio_speech.blocks import BlockHearing
from seqstudio_speech.pauses import Samples
from seqstudio_speech.recognise import Piece, Recogniser
from seqstudio_speech.recordings import Chunk, Cutter

SHOWN = 2  # settled pieces before the provisional ones that are shown with them


class Listener:
    """Transcribes samples as they arrive, in pieces between pauses.

    A piece is final once no later pause can move its cuts; until then it is heard again when it has
    grown. A model that runs in blocks goes on from where it was, and only searches again. The
    transcript at the end is that of a file with the same samples.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._rate_hz = recogniser.settings.features.rate_hz
        self._cutter = Cutter(self._rate_hz)
        self._settled: list[Piece] = []
        self._known: dict[tuple[float, int], Piece] = {}  # provisional, by start and length
        self._hearings: dict[float, BlockHearing] = {}  # of provisional pieces, by start
        self._samples = 0

    @property
    def heard_s(self) -> float:
        """How much has arrived."""
        return self._samples / self._rate_hz

    def add(self, samples: Samples) -> None:
        """Take the next (N,) samples."""
        self._samples += len(samples)
        self._settled += map(self._piece, self._cutter.add(samples))

    def text(self) -> str:
        """Return the text of the latest pieces, which may still change."""
        chunks = self._cutter.provisional()
        pieces = [self._piece(chunk) for chunk in chunks]
        self._known = dict(zip(map(_key, chunks), pieces, strict=True))
        starts = {chunk.start_s for chunk in chunks}
        self._hearings = {at: one for at, one in self._hearings.items() if at in starts}
        latest = [*self._settled[-SHOWN:], *pieces]
        return self._recogniser.transcript("", self.heard_s, "", latest, "").text

    def finish(self, name: str) -> Transcript:
        """Return the transcript of all that arrived."""
        self._settled += map(self._piece, self._cutter.finish())
        return self._recogniser.transcript(name, self.heard_s, "", self._settled, "")

    def _piece(self, chunk: Chunk) -> Piece:
        known = self._known.get(_key(chunk))
        return known or self._recogniser.piece(chunk, self._hearing(chunk))

    def _hearing(self, chunk: Chunk) -> BlockHearing | None:
        """Return what has been heard of a chunk; anew if its end has moved to an earlier pause."""
        if not self._recogniser.in_blocks:
            return None
        old = self._hearings.get(chunk.start_s)
        if old is None or len(old) > len(chunk.samples):
            self._hearings[chunk.start_s] = BlockHearing(self._recogniser.model)
        return self._hearings[chunk.start_s]


def _key(chunk: Chunk) -> tuple[float, int]:
    return chunk.start_s, len(chunk.samples)

"""The pieces of a drum kit, and the MIDI pitches that stand for them."""

from collections import Counter
from collections.abc import Iterable, Mapping

from seqstudio.api import Note

# Each piece: its General MIDI pitch first, then those of other kits, such as the electronic one
# of Groove MIDI. The nine classes are those of GrooVAE (Gillick et al. 2019).
PIECES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("kick", (36, 35)),
    ("snare", (38, 37, 39, 40)),
    ("closed hi-hat", (42, 22, 44, 54)),
    ("open hi-hat", (46, 26)),
    ("low tom", (43, 41, 58)),
    ("mid tom", (47, 45)),
    ("high tom", (50, 48)),
    ("crash", (49, 52, 55, 57)),
    ("ride", (51, 53, 59)),
)
KICK, CLOSED_HAT = 0, 2
PIECE_OF: Mapping[int, int] = {
    pitch: piece for piece, (_, pitches) in enumerate(PIECES) for pitch in pitches
}


def kit_of(notes: Iterable[Note]) -> dict[int, int]:
    """Return the pieces that notes play, each with the pitch that they play it on most.

    >>> kit_of([Note(0, 36, 1), Note(0, 40, 1), Note(9, 40, 1), Note(9, 38, 1)])
    {0: 36, 1: 40}
    """
    counts = Counter(note.pitch for note in notes)
    kit: dict[int, int] = {}
    for pitch, _ in counts.most_common():
        if pitch in PIECE_OF:
            kit.setdefault(PIECE_OF[pitch], pitch)
    return dict(sorted(kit.items()))


def general_midi_kit() -> dict[int, int]:
    """Return all pieces with their General MIDI pitches."""
    return {piece: pitches[0] for piece, (_, pitches) in enumerate(PIECES)}

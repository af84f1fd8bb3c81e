"""Key signatures of a MIDI file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seqstudio.errors import DataError
from seqstudio.media.midi_events import KEY, META, Event

MOST_ACCIDENTALS = 7


@dataclass(frozen=True, slots=True)
class KeySignature:
    """A key signature from `tick` on."""

    tick: int
    fifths: int  # sharps, or minus the number of flats
    minor: bool = False

    def __post_init__(self) -> None:
        if abs(self.fifths) > MOST_ACCIDENTALS:
            raise DataError(f"fifths={self.fifths}, expected -7 to 7")

    def to_event(self) -> Event:
        """Return the event of a MIDI file.

        >>> KeySignature(0, -3, minor=True).to_event().data.hex()
        'fd01'
        """
        return Event(
            self.tick, META, self.fifths.to_bytes(1, signed=True) + bytes([self.minor]), KEY
        )


def read_key_signatures(events: Iterable[Event]) -> Iterator[KeySignature]:
    """Yield the key signatures among events; those that say nothing sensible are left out."""
    for event in events:
        if event.meta == KEY and len(event.data) == 2 and event.data[1] < 2:
            fifths = int.from_bytes(event.data[:1], signed=True)
            if abs(fifths) <= MOST_ACCIDENTALS:
                yield KeySignature(event.tick, fifths, bool(event.data[1]))

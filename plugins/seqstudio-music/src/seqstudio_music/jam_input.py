"""What is played in a stream of MIDI messages, whose time is the MIDI clock [1]_.

References
----------
.. [1] MIDI Association, "MIDI 1.0 Detailed Specification", system real time messages.
"""

from collections.abc import Iterator

from seqstudio.api import Note

CLOCKS_PER_BEAT = 24  # of a quarter note, by definition
CLOCK, START = 0xF8, 0xFA
NOTE_OFF, NOTE_ON = 0x80, 0x90
REAL_TIME, SYSTEM = 0xF8, 0xF0  # the first status byte of each
ONE_BYTE = (0xC0, 0xD0)  # program and channel pressure; other channel messages have two

Message = tuple[int, tuple[int, ...]]  # status, data bytes


def messages(block: bytes) -> Iterator[Message]:
    """Yield the channel messages of a block, and those in real time, which stand anywhere.

    >>> list(messages(bytes([0x90, 60, 64, 0xF8, 62, 64, 0xC1, 5, 0xF0, 1, 2, 0xF7])))
    [(144, (60, 64)), (248, ()), (144, (62, 64)), (193, (5,))]
    """
    status, data = 0, tuple[int, ...]()
    for byte in block:
        if byte >= REAL_TIME:
            yield byte, ()
        elif byte >= NOTE_OFF:
            status, data = byte, ()
        elif 0 < status < SYSTEM:
            data = (*data, byte)
            if len(data) == (1 if status & 0xF0 in ONE_BYTE else 2):
                yield status, data
                data = ()


class Played:
    """The notes of a stream, in clocks from its start, 24 to a quarter note."""

    def __init__(self) -> None:
        self.clock = -1  # the first clock after the start is 0
        self._ended: list[Note] = []
        self._open: dict[tuple[int, int], tuple[int, int]] = {}  # channel, pitch: onset, velocity

    def take(self, message: Message) -> None:
        """Take the next message; a start or a note without one sets the time to 0."""
        status, data = message
        kind, channel = status & 0xF0, status & 0x0F
        if status == START:
            self.clock = -1
        elif status == CLOCK:
            self.clock += 1
        elif kind in (NOTE_ON, NOTE_OFF):
            pitch, velocity = data
            self._end(channel, pitch)
            if kind == NOTE_ON and velocity:
                self._open[channel, pitch] = max(self.clock, 0), velocity

    def notes(self, start: int = 0, end: int | None = None) -> list[Note]:
        """Return the notes that begin from a clock on, before another, and cut off there.

        Without `end` all are returned; what still sounds ends now.
        """
        stop = max(self.clock, 0) + 1 if end is None else end
        found = [*self._ended, *(self._note(key, stop) for key in self._open)]
        kept = [one for one in found if start <= one.onset_ticks and one.onset_ticks < stop]
        return sorted(cut_off(one, stop) for one in kept)

    def _end(self, channel: int, pitch: int) -> None:
        if (channel, pitch) in self._open:
            self._ended.append(self._note((channel, pitch), self.clock))
            del self._open[channel, pitch]

    def _note(self, key: tuple[int, int], end: int) -> Note:
        (channel, pitch), (onset, velocity) = key, self._open[key]
        return Note(onset, pitch, max(end - onset, 1), velocity, channel)


def cut_off(note: Note, stop: int) -> Note:
    """Return a note that ends at `stop` at the latest."""
    length = min(note.length_ticks, max(stop - note.onset_ticks, 1))
    return Note(note.onset_ticks, note.pitch, length, note.velocity, note.channel)

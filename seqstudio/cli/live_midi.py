"""MIDI for a streaming operation: an instrument, or a file at its own pace, with a clock."""

import time
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from seqstudio.errors import SeqStudioError
from seqstudio.media.midi import Score

CLOCKS_PER_BEAT = 24
CLOCK, START, NOTE_OFF, NOTE_ON = 0xF8, 0xFA, 0x80, 0x90
USUAL_TEMPO_BPM = 120.0
EXTRA = "pip install 'seqstudio[midi-ports]'"


def paced_notes(file: Path, pace: float) -> Iterator[bytes]:
    """Yield the notes of a file and its clock, each when it would be heard; START comes first.

    Parameters
    ----------
    pace : 2 is twice as fast as the tempo of the file

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    score = Score.read(file)
    events = [(at, 0, bytes([CLOCK])) for at in clock_ticks(score)]
    for note in score.notes:
        end = note.onset_ticks + note.length_ticks
        events.append((end, 1, bytes([NOTE_OFF | note.channel, note.pitch, 0])))
        began = bytes([NOTE_ON | note.channel, note.pitch, note.velocity])
        events.append((note.onset_ticks, 2, began))
    started = time.monotonic()
    yield bytes([START])
    for tick, together in groupby(sorted(events), key=lambda event: event[0]):
        due_s = started + score.tempo_map.seconds(tick) / pace
        time.sleep(max(0.0, due_s - time.monotonic()))
        yield b"".join(message for _, _, message in together)


def clock_ticks(score: Score) -> Iterator[int]:
    """Yield the ticks of the clock, up to the end of the last bar."""
    count = -(-score.bars[-1] * CLOCKS_PER_BEAT // score.ticks_per_beat)
    yield from (n * score.ticks_per_beat // CLOCKS_PER_BEAT for n in range(count + 1))


def known_of_file(file: Path | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the tempo and the meter of a file, where they are asked for and empty."""
    found = dict(options)
    if file:
        score = Score.read(file)
        meter = score.meters[0]
        facts = {
            "tempo": score.tempo_map.tempo_at(0).bpm,
            "meter": f"{meter.beats}/{meter.unit}",
        }
        found |= {name: fact for name, fact in facts.items() if found.get(name, fact) in (0, "")}
    return found


def instrument(name: str, tempo_bpm: float) -> Iterator[bytes]:
    """Yield what a MIDI port receives, without end; with a clock of our own if it sends none.

    Parameters
    ----------
    name : of the port; "" is the first one
    tempo_bpm : of our clock; 0 is 120

    Raises
    ------
    SeqStudioError
        If there is no such port, or the extra is not installed.
    """
    try:
        import mido

        port = mido.open_input(name or None)
    except (ImportError, OSError) as error:
        expected = f"expected a MIDI port ({EXTRA}), or a FILE"
        raise SeqStudioError(f"no MIDI port {name!r} ({error}), {expected}") from error
    with port:
        yield bytes([START])
        yield from with_clock(port, tempo_bpm or USUAL_TEMPO_BPM)


def with_clock(port: Any, tempo_bpm: float) -> Iterator[bytes]:
    """Yield the messages of a port, and clocks between them until it sends its own."""
    step_s = 60 / tempo_bpm / CLOCKS_PER_BEAT
    next_s, own = time.monotonic(), True
    while True:
        for message in port.iter_pending():
            own = own and message.type not in ("clock", "start")
            yield bytes(message.bytes())
        if own and time.monotonic() >= next_s:
            next_s += step_s
            yield bytes([CLOCK])
        time.sleep(0.001)

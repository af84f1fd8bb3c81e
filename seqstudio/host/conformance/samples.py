"""Small sample inputs of each kind, valid and invalid."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.media.audio import Audio, write_wav
from seqstudio.media.midi import Score
from seqstudio.media.subtitles import to_json

# the kinds that there are samples of
SUFFIXES = {"audio": "wav", "midi": "mid", "text": "txt", "table": "csv", "transcript": "json"}
RATE_HZ = 16000
SECONDS = 5  # of the recording: the text beside it may be what is spoken there
TYPES: Mapping[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str, "choice": str}


def valid_input(kind: str, folder: Path) -> Path:
    """Write a small valid file of one of the kinds in `SUFFIXES`."""
    path = folder / f"valid.{SUFFIXES[kind]}"
    if kind == "audio":
        write_wav(path, Audio(tone(220.0, rate_hz=RATE_HZ, seconds=SECONDS)[:, None], RATE_HZ))
    elif kind == "midi":
        notes = [Note(480 * n, 60 + 2 * (n % 4), 480) for n in range(16)]
        Score.new().with_new_track(notes).write(path)
    elif kind == "table":
        path.write_text(table_text(), encoding="utf-8")
    elif kind == "transcript":
        segment = Segment(start_s=0.0, end_s=2.0, text="one two three")
        one = Transcript(audio="a.wav", duration_s=2.0, text=segment.text, segments=(segment,))
        path.write_text(to_json(one), encoding="utf-8")
    else:
        path.write_text("one two three\nfour five\n" * 4, encoding="utf-8")
    return path


def tone(frequency_hz: float, *, rate_hz: int, seconds: int) -> npt.NDArray[np.float32]:
    """Return the samples of a tone: (N,) float32."""
    times_s = np.arange(seconds * rate_hz) / rate_hz
    return (0.3 * np.sin(2 * np.pi * frequency_hz * times_s)).astype(np.float32)


def table_text() -> str:
    """Return a table of hourly values with a daily cycle."""
    hours = [(day, hour) for day in range(1, 15) for hour in range(24)]
    rows = [f"2024-01-{day:02}T{hour:02}:00,{hour + day % 3}" for day, hour in hours]
    return "\n".join(["time,value", *rows, ""])


def valid_stream(port: Port) -> bytes:
    """Return a sample for a streaming input: one second of a tone, or some MIDI notes."""
    if port.kind == "stream.midi":
        return b"".join(bytes([0x90, key, 64, 0x80, key, 0]) for key in range(60, 72))
    return tone(220.0, rate_hz=port.rate_hz, seconds=1).astype("<f4").tobytes()


def example_options(entry: OperationEntry) -> dict[str, Any]:
    """Return the options in the first example of an operation, without switches and files.

    >>> from seqstudio.contracts.options import Option
    >>> pitch = Option(type="int")
    >>> shown = ("seqstudio tuner play --pitch 69 --out a.wav",)
    >>> example_options(
    ...     OperationEntry(name="play", title="Play", examples=shown, options={"pitch": pitch})
    ... )
    {'pitch': 69}
    """
    words = shlex.split(entry.examples[0])[3:] if entry.examples else []
    options: dict[str, Any] = {}
    for name, option in entry.options.items():
        flag = f"--{name.replace('_', '-')}"
        at = words.index(flag) + 1 if flag in words else 0
        given = words[at : at + 1] if at or option.positional else []
        if given and option.type in TYPES:
            value = TYPES[option.type](given[0])
            options[name] = [value] if option.repeat else value
    return options


def invalid_inputs(kind: str, folder: Path) -> dict[str, Path]:
    """Return invalid inputs by description: an empty file, random bytes and a missing file."""
    empty, noise, missing = (
        folder / f"{name}.{SUFFIXES[kind]}" for name in ("empty", "noise", "missing")
    )
    empty.write_bytes(b"")
    noise.write_bytes(bytes(range(128, 256)) * 8)
    return {"an empty file": empty, "noise": noise, "a missing file": missing}

"""Small sample inputs of each kind, valid and invalid."""

from pathlib import Path

import numpy as np

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.notes import Note
from seqstudio.media.audio import Audio, write_wav
from seqstudio.media.midi import Score

SUFFIXES = {"audio": "wav", "midi": "mid", "text": "txt"}  # the kinds that there are samples of
RATE_HZ = 16000


def valid_input(kind: str, folder: Path) -> Path:
    """Write a small valid file of one of the kinds in `SUFFIXES`."""
    path = folder / f"valid.{SUFFIXES[kind]}"
    if kind == "audio":
        times_s = np.arange(2 * RATE_HZ, dtype=np.float32) / RATE_HZ
        tone = (0.3 * np.sin(2 * np.pi * 220 * times_s)).astype(np.float32)
        write_wav(path, Audio(tone[:, None], RATE_HZ))
    elif kind == "midi":
        notes = [Note(480 * n, 60 + 2 * (n % 4), 480) for n in range(16)]
        Score.new().with_new_track(notes).write(path)
    else:
        path.write_text("one two three\nfour five\n" * 4, encoding="utf-8")
    return path


def valid_stream(port: Port) -> bytes:
    """Return a sample for a streaming input: one second of a tone, or some MIDI notes."""
    if port.kind == "stream.midi":
        return b"".join(bytes([0x90, key, 64, 0x80, key, 0]) for key in range(60, 72))
    times_s = np.arange(port.rate_hz) / port.rate_hz
    return (0.3 * np.sin(2 * np.pi * 220 * times_s)).astype("<f4").tobytes()


def invalid_inputs(kind: str, folder: Path) -> dict[str, Path]:
    """Return invalid inputs by description: an empty file, random bytes and a missing file."""
    empty, noise, missing = (
        folder / f"{name}.{SUFFIXES[kind]}" for name in ("empty", "noise", "missing")
    )
    empty.write_bytes(b"")
    noise.write_bytes(bytes(range(128, 256)) * 8)
    return {"an empty file": empty, "noise": noise, "a missing file": missing}

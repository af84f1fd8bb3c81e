"""One long recording from a command line to its words: memory, time, and the order of the words.

    python benchmarks/long_recording.py --hours 1 10 [--model speech-en-small]

The demo's recordings follow each other, a second apart, until the file is as long as asked. The
memory is the largest that the command and its worker held together, read four times a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from seqstudio.host.processes import resident_bytes

SPEECH = Path(__file__).parents[1] / "assets" / "speech"
RATE_HZ = 16000
POLL_S = 0.25


def write_recording(path: Path, hours: float) -> float:
    """Write a recording of at least `hours`; return its length in seconds."""
    sounds = [soundfile.read(one, dtype="int16")[0] for one in sorted(SPEECH.glob("*.flac"))]
    pause = np.zeros(RATE_HZ, np.int16)
    once = np.concatenate([part for sound in sounds for part in (sound, pause)])
    times = int(-(-hours * 3600 * RATE_HZ // len(once)))
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16", format="RF64") as file:
        for _ in range(times):
            file.write(once)
    return times * len(once) / RATE_HZ


def transcribe(recording: Path, out: Path, model: str, home: Path) -> tuple[float, int]:
    """Transcribe in a fresh profile; return seconds, and the most bytes of memory."""
    command = [sys.executable, "-m", "seqstudio", "speech", "transcribe", str(recording)]
    command += ["--out", str(out), "--format", "json", "--model", model]
    environment = {**os.environ, "SEQSTUDIO_HOME": str(home)}
    began_s, most = time.monotonic(), 0
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, resident_bytes(process.pid))
        time.sleep(POLL_S)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}, expected 0")
    return time.monotonic() - began_s, most


def faults(transcript: dict[str, object], duration_s: float) -> int:
    """Count words that begin before the one ahead of them ends, or lie outside the file."""
    segments = transcript["segments"]
    assert isinstance(segments, list)
    words = [word for segment in segments for word in segment["words"]]
    ends = [0.0, *(word["end_s"] for word in words)]
    early = sum(w["start_s"] < end - 1e-3 for w, end in zip(words, ends, strict=False))
    return early + sum(not 0 <= w["start_s"] <= w["end_s"] <= duration_s + 1e-3 for w in words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, nargs="+", default=[1.0, 10.0])
    parser.add_argument("--model", default="speech-en-small")
    arguments = parser.parse_args()
    print(f"{arguments.model}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    for hours in arguments.hours:
        with tempfile.TemporaryDirectory() as place:
            recording, out = Path(place, "long.wav"), Path(place, "out")
            duration_s = write_recording(recording, hours)
            seconds, most = transcribe(recording, out, arguments.model, Path(place, "home"))
            transcript = json.loads((out / "long.json").read_text(encoding="utf-8"))
            words = sum(len(one["words"]) for one in transcript["segments"])
            print(
                f"{duration_s / 3600:.2f} h, {recording.stat().st_size / 2**20:.0f} MiB: "
                f"{seconds:.0f} s, {duration_s / seconds:.0f} times real time; "
                f"memory {most / 2**20:.0f} MiB; {words} words, "
                f"{faults(transcript, duration_s)} out of order or outside the file",
                flush=True,
            )


if __name__ == "__main__":
    main()

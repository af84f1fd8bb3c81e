"""A batch with one worker and with two: how much faster, and whether the texts are equal.

    python benchmarks/bench_workers.py [--files 60] [--seconds 20] [--rounds 2]

The demo's recordings, each file of another loudness, by `speech-en-small`. The runs take turns,
each in a fresh profile, so that what else the machine does meets both; the processor time is
printed too, since it says what a second worker costs whatever the load is.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

SPEECH = Path(__file__).parents[1] / "assets" / "speech"
RATE_HZ = 16000
WORKERS = (1, 2)


def write_batch(folder: Path, files: int, seconds: float) -> None:
    """Write recordings of at least `seconds`, no two of them equal."""
    folder.mkdir()
    sounds = [soundfile.read(one, dtype="float32")[0] for one in sorted(SPEECH.glob("*.flac"))]
    for number in range(files):
        parts: list[np.ndarray] = []
        while sum(map(len, parts)) < seconds * RATE_HZ:
            parts += [sounds[(number + len(parts)) % len(sounds)], np.zeros(RATE_HZ // 2)]
        loudness = 0.3 + 0.7 * number / files
        soundfile.write(folder / f"{number:04}.flac", loudness * np.concatenate(parts), RATE_HZ)


def transcribe(inbox: Path, place: Path, workers: int) -> tuple[float, float, dict[str, str]]:
    """Transcribe in a fresh profile; return seconds, seconds of processors, and the texts."""
    out = place / "out"
    command = [sys.executable, "-m", "seqstudio", "speech", "transcribe", str(inbox), "--yes"]
    command += ["--out", str(out), "--workers", str(workers)]
    environment = {**os.environ, "SEQSTUDIO_HOME": str(place / "home")}
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        command,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    took_s, after = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took_s, used_s, {path.name: path.read_text() for path in out.iterdir()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    took: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    texts: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as name:
        inbox = Path(name, "in")
        write_batch(inbox, given.files, given.seconds)
        for turn in range(given.rounds):
            for workers in WORKERS:
                place = Path(name, f"{turn}-{workers}")
                place.mkdir()
                took_s, used_s, found = transcribe(inbox, place, workers)
                took[workers].append(took_s)
                texts.append(found)
                print(
                    f"workers {workers}: {took_s:.1f} s, {used_s:.1f} s of processors; "
                    f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
                    flush=True,
                )
    ratio = median(took[1]) / median(took[2])
    same = all(one == texts[0] for one in texts) and len(texts[0]) == given.files
    print(f"2 workers are {ratio:.2f} times as fast as 1 (wanted: 1.6)")
    print(f"texts of {given.files} recordings: {'equal' if same else 'NOT equal'}")


if __name__ == "__main__":
    main()

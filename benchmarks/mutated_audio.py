"""Audio files damaged at random: each is read or refused by name; nothing crashes or hangs.

Run `python benchmarks/mutated_audio.py --files 2000`. Files of six formats are cut, and bytes in
them changed, removed, doubled or filled with zeros; a process of its own reads them, with
`--partial` and without, so that a crash of a decoder is seen and counted.
"""

import argparse
import io
import json
import multiprocessing
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import soundfile

from seqstudio.api import DataError
from seqstudio.api.media import AudioSource, read_blocks

FORMATS = (
    ("WAV", 16000),
    ("FLAC", 44100),
    ("OGG", 48000),
    ("MP3", 22050),
    ("AIFF", 8000),
    ("AU", 16000),
)
SECONDS = 2.0
HANG_S = 60.0  # for one file; reading takes milliseconds


def originals() -> dict[str, bytes]:
    """Return a sound in each format."""
    found = {}
    for name, rate_hz in FORMATS:
        times = np.arange(round(SECONDS * rate_hz)) / rate_hz
        sound = np.stack([np.sin(880 * times), np.sin(1320 * times)], axis=1) * 0.3
        target = io.BytesIO()
        soundfile.write(target, sound, rate_hz, format=name)
        found[name.lower()] = target.getvalue()
    return found


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """Return a file with one to eight faults, half of them in its head."""
    mutant = bytearray(data)
    for _ in range(generator.integers(1, 9)):
        within = 128 if generator.random() < 0.5 else len(mutant)
        at = int(generator.integers(0, max(1, min(within, len(mutant)))))
        length = int(generator.integers(1, 64))
        match generator.integers(0, 6):
            case 0:
                mutant[at : at + length] = generator.bytes(length)
            case 1:
                mutant[at : at + length] = bytes(length)
            case 2:
                del mutant[at : at + length]
            case 3:
                mutant[at:at] = mutant[at : at + length]
            case 4:
                mutant[at : at + 4] = b"\xff\xff\xff\xff"
            case _:
                del mutant[max(at, 16) :]
    return bytes(mutant)


def serve(connection: Connection) -> None:
    """Read the files whose paths arrive, and answer how each ended and the memory held."""
    while path := connection.recv():  # "" ends it
        outcome = {}
        for partial in (False, True):
            try:
                source = AudioSource(Path(path), 1, (lambda _: None) if partial else None)
                seconds = sum(block.duration_s for block in read_blocks(source, 10.0))
                outcome[partial] = "read" if seconds < 1000 * SECONDS else "too long"
            except DataError as error:
                outcome[partial] = "refused" if str(error).startswith(path) else "unnamed"
            except Exception as error:  # what must not happen, and is counted
                outcome[partial] = f"{type(error).__name__}: {error}"
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        connection.send((outcome, pages * os.sysconf("SC_PAGE_SIZE")))


def outcomes(paths: Iterator[Path]) -> Iterator[tuple[Path, dict[bool, str], int]]:
    """Yield how each file ended; one that ends or stops the process is a crash or a hang."""
    context = multiprocessing.get_context("spawn")
    process, ours = None, None
    for path in paths:
        if process is None or ours is None:
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
        ours.send(str(path))
        try:
            if ours.poll(HANG_S):
                yield (path, *ours.recv())
                continue
            os.kill(process.pid or 0, signal.SIGKILL)
            yield path, dict.fromkeys((False, True), "hang"), 0
        except (EOFError, ConnectionResetError):
            process.join()
            yield path, dict.fromkeys((False, True), f"crash {process.exitcode}"), 0
        process = None
    if process and ours:
        ours.send("")
        process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    memory: list[int] = []
    slowest, began_s = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for path, found, held in outcomes(mutants(Path(folder), arguments.files, arguments.seed)):
            now_s = time.monotonic()
            slowest, began_s = max(slowest, now_s - began_s), now_s
            memory.append(held)
            for partial, outcome in found.items():
                counts[partial][outcome] += 1
                if outcome not in ("read", "refused"):
                    print(f"{path.name}: {outcome}")
            path.unlink()
    print(
        json.dumps(
            {"files": arguments.files, "as they are": counts[False], "partial": counts[True]}
        )
    )
    eighths = [max(part) / 2**20 for part in np.array_split(memory, 8)]
    print(
        f"slowest {slowest:.1f} s; MiB in each eighth: {' '.join(f'{one:.0f}' for one in eighths)}"
    )
    bad = sum(counts[p][o] for p in counts for o in counts[p] if o not in ("read", "refused"))
    raise SystemExit(f"{bad} neither read nor refused by name" if bad else 0)


def mutants(folder: Path, count: int, seed: int) -> Iterator[Path]:
    """Write damaged files, one after another."""
    generator = np.random.default_rng(seed)
    sounds = list(originals().items())
    for number in range(count):
        suffix, data = sounds[number % len(sounds)]
        path = folder / f"{number:05}.{suffix}"
        path.write_bytes(mutated(data, generator))
        yield path


if __name__ == "__main__":
    main()

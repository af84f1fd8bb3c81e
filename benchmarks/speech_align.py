"""Forced alignment of long files: seconds, memory, and how far line boundaries are off.

Usage: python benchmarks/speech_align.py AN4_FOLDER [MINUTES]

AN4's training utterances, in a random order with half a second of faint noise between, make one
file; its text is one line an utterance. Where each begins and ends is known to the sample, but for
the silence inside the recordings, which both times leave out.
"""

import csv
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from seqstudio_speech.aligning.forced import align_lines
from seqstudio_speech.pauses import levels_db
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask

from seqstudio.services.bundles import load_bundle

RATE_HZ = 16000
MODEL = Path("plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small")
BETWEEN_S = 0.5
LOUD_DB = 30  # below the loudest of an utterance: quieter is silence before and after it


def joined(
    folder: Path, minutes: float, target: Path
) -> tuple[list[str], list[tuple[float, float]]]:
    """Write a file of random utterances; return its lines and when each is said, in seconds."""
    with (folder / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    generator = np.random.default_rng(0)
    lines, spans, at = [], [], 0
    with soundfile.SoundFile(target, "w", RATE_HZ, 1) as writer:
        while at < minutes * 60 * RATE_HZ:
            row = rows[generator.integers(len(rows))]
            samples, _ = soundfile.read(folder / row["path"], dtype="float32")
            levels = levels_db(samples, RATE_HZ)
            loud = np.flatnonzero(levels > levels.max() - LOUD_DB)
            lines.append(row["transcript"])
            spans.append((at / RATE_HZ + loud[0] / 100, at / RATE_HZ + loud[-1] / 100))
            pause = generator.standard_normal(round(BETWEEN_S * RATE_HZ)) * 1e-4
            for part in (samples, pause.astype(np.float32)):
                writer.write(part)
                at += len(part)
    return lines, spans


def main() -> None:
    """Print the figures of one file."""
    folder = Path(sys.argv[1])
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    recogniser = Recogniser(load_bundle(MODEL, CtcTask(), device="cpu"))
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "joined.flac"
        lines, spans = joined(folder, minutes, target)
        started = time.perf_counter()
        posteriors = recogniser.posteriors(target)
    encoded = time.perf_counter()
    words = align_lines(recogniser, posteriors, lines)
    aligned = time.perf_counter()
    off = [
        abs(found - true)
        for own, span in zip(words, spans, strict=True)
        for found, true in zip((own[0].start_s, own[-1].end_s), span, strict=True)
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"torch {torch.__version__}, {platform.machine()}, {torch.get_num_threads()} threads")
    print(f"{minutes:g} minutes, {len(lines)} lines, {sum(map(len, words))} words")
    print(f"heard in {encoded - started:.1f} s, aligned in {aligned - encoded:.1f} s")
    print(f"peak memory {peak:.0f} MB")
    quantiles = np.quantile(off, [0.5, 0.9, 0.99])
    shown = ", ".join(f"{1000 * value:.0f}" for value in quantiles)
    print(f"boundaries off by ms, 50th, 90th and 99th percentile: {shown}")


if __name__ == "__main__":
    main()

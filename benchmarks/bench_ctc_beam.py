"""Frames a second of the CTC prefix beam: beside plain Python, flashlight-text, and with phrases.

Goals: a beam of 64 is at least 5 times as fast as one in plain Python, and needs at most 3 times as
long as flashlight-text's lexicon-free decoder (skipped if it is not installed), which finds the
same text; 100 phrases cost at most a fifth. The posteriors are those of the shipped recogniser on
the recordings of the demo. Medians of the CPU time of one thread, in turn. Run
`python benchmarks/bench_ctc_beam.py`.
"""

import importlib.util
import math
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from seqstudio_speech.decoding import Decoder, SearchOptions
from seqstudio_speech.importers import TableImporter
from seqstudio_speech.language_model import estimate
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask

from seqstudio.api import Ledger
from seqstudio.api.nn import prefix_beam
from seqstudio.services.bundles import load_bundle

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small"
BEAM, ROUNDS = 64, 7
FLOOR = -12.0  # of ours; the others get it too
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Frames = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def plain_python(frames: Frames, beam: int) -> tuple[int, ...]:
    """Return the best labels by the usual prefix beam search over a dictionary."""
    prefixes: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -math.inf)}
    for frame in frames.tolist():
        found: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [-math.inf, -math.inf])
        kept = [label for label in range(1, len(frame)) if frame[label] >= FLOOR]
        for prefix, (blank, label_end) in prefixes.items():
            total = add(blank, label_end)
            found[prefix][0] = add(found[prefix][0], total + frame[0])
            if prefix:
                found[prefix][1] = add(found[prefix][1], label_end + frame[prefix[-1]])
            for label in kept:
                before = blank if prefix and prefix[-1] == label else total
                entry = found[(*prefix, label)]
                entry[1] = add(entry[1], before + frame[label])
        best = sorted(found.items(), key=lambda one: -add(*one[1]))[:beam]
        prefixes = {prefix: (blank, label) for prefix, (blank, label) in best}
    return max(prefixes, key=lambda prefix: add(*prefixes[prefix]))


def add(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    high, low = (a, b) if a > b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def flashlight(labels: int) -> Callable[[Frames], tuple[int, ...]]:
    """Return the search of flashlight-text, with the same beam and no language model."""
    from flashlight.lib.text.decoder import (
        CriterionType,
        LexiconFreeDecoder,
        LexiconFreeDecoderOptions,
        ZeroLM,
    )

    options = LexiconFreeDecoderOptions(
        beam_size=BEAM,
        beam_size_token=labels,
        beam_threshold=100.0,
        lm_weight=0.0,
        sil_score=0.0,
        log_add=True,
        criterion_type=CriterionType.CTC,
    )
    decoder = LexiconFreeDecoder(options, ZeroLM(), -1, 0, [])

    def search(frames: Frames) -> tuple[int, ...]:
        values = np.ascontiguousarray(frames, dtype=np.float32)
        path = decoder.decode(values.ctypes.data, *values.shape)[0].tokens
        merged = [a for a, b in zip(path, [-1, *path], strict=False) if a != b]
        return tuple(label for label in merged if label > 0)

    return search


def medians(searches: dict[str, Callable[[Frames], object]], all_frames: list[Frames]) -> None:
    """Print frames a second of each search, and how it compares to the first."""
    times: dict[str, list[float]] = {name: [] for name in searches}
    for _ in range(ROUNDS):
        for name, search in searches.items():
            start = time.process_time()
            for frames in all_frames:
                search(frames)
            times[name].append(time.process_time() - start)
    count = sum(map(len, all_frames))
    own = statistics.median(next(iter(times.values())))
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name}: {count / median:,.0f} frames a second, {median / own:.2f} times ours")


def main() -> None:
    torch.set_num_threads(1)
    model = load_bundle(MODEL, CtcTask())
    recogniser = Recogniser(model, SearchOptions(no_words=True))
    examples = list(TableImporter().read(ROOT / "assets" / "speech", Ledger()))
    posteriors = (recogniser.posteriors(one.audio) for one in examples)
    tensors = [one.log_probs() for each in posteriors for one in each.chunks if one.labels]
    all_frames: list[Frames] = [rows.numpy() for rows in tensors]
    print(f"{platform.machine()}, beam {BEAM}, {sum(map(len, all_frames))} frames of 40 ms")
    searches: dict[str, Callable[[Frames], object]] = {
        "ours": lambda frames: prefix_beam(frames, BEAM, floor=FLOOR),
        "plain Python": lambda frames: plain_python(frames, BEAM),
    }
    same = [(prefix_beam(f, BEAM)[0].labels, plain_python(f, BEAM)) for f in all_frames]
    print(f"plain Python finds the same text in {sum(a == b for a, b in same)} of {len(same)}")
    if importlib.util.find_spec("flashlight"):
        peer = flashlight(all_frames[0].shape[1])
        same = [(prefix_beam(f, BEAM)[0].labels, peer(f)) for f in all_frames]
        print(
            f"flashlight-text finds the same text in {sum(a == b for a, b in same)} of {len(same)}"
        )
        searches["flashlight-text"] = peer
    generator = np.random.default_rng(0)
    phrases = tuple(" ".join(generator.choice(list(LETTERS), size=4)) for _ in range(100))
    words = estimate(one.transcript for one in examples)
    decoders = {
        "with 100 phrases": SearchOptions(beam=BEAM, no_words=True, phrases=phrases),
        "with a language model": SearchOptions(beam=BEAM, words=words),
        "with both": SearchOptions(beam=BEAM, words=words, phrases=phrases),
    }
    for name, options in decoders.items():
        decoder = Decoder(model, options)
        searches[name] = lambda frames, own=decoder: prefix_beam(frames, BEAM, models=own.models)
    medians(searches, all_frames)


if __name__ == "__main__":
    main()

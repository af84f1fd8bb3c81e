"""The encoder in int8 against float32: seconds and word errors on development data.

Usage: python benchmarks/speech_int8.py AN4
"""

import platform
import sys
import time
from pathlib import Path

import torch
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.recordings import read_mono
from seqstudio_speech.scoring import error_sums
from seqstudio_speech.task import CtcTask

from seqstudio.api import Ledger
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split

MODEL = Path("plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small")
REPEATS = 3


def main() -> None:
    """Print a line for each precision: the least seconds of the encoder, and the errors."""
    model = load_bundle(MODEL, CtcTask(), device="cpu")
    held_out = inspect_bundle(MODEL).card.held_out
    examples = list(CtcTask().read(Path(sys.argv[1]), Ledger()))
    valid = choose_split(examples, "valid", held_out=held_out, trained_on=True)
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {platform.machine()}, 1 thread, {len(valid)} recordings")
    for int8 in (False, True):
        recogniser = Recogniser(model, SearchOptions(int8=int8))
        frames = [recogniser.frames(read_mono(one.audio, 16000)) for one in valid]
        seconds = min(_timed(recogniser, frames) for _ in range(REPEATS))
        sums = [
            error_sums(one.transcript, recogniser.transcribe(one.audio).text)["wer"]
            for one in valid
        ]
        wer = 100 * sum(errors for errors, _ in sums) / sum(length for _, length in sums)
        audio_s = sum(map(len, frames)) / 100
        name = "int8" if int8 else "float32"
        print(f"{name}: {seconds:.2f} s for {audio_s:.0f} s of speech, {wer:.2f} % of words wrong")


def _timed(recogniser: Recogniser, frames: list[torch.Tensor]) -> float:
    started = time.perf_counter()
    for one in frames:
        recogniser.log_probs(one)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

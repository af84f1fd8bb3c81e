"""Voice control: misses and false accepts an hour, by how well a phrase must fit.

Usage: python benchmarks/speech_commands.py SPEECH_COMMANDS AN4

The phrases are the words of the first set for its recordings, and the one-word commands of AN4 for
the recordings of its development part, nearly all of which say something else. A miss is a command
that is rejected or taken for another; a false accept a phrase heard where something else is said.
"""

import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from seqstudio_speech.command_operation import heard_commands
from seqstudio_speech.commanding import Commands
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask

from seqstudio.api import AudioExample, Ledger
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split

MODEL = Path("plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small")
CONTROL = ("YES", "NO", "STOP", "START", "GO", "HELP", "REPEAT", "ERASE", "ENTER")
LEAST = (0.05, 0.1, 0.25, 0.4, 0.6, 0.8)


def measure(
    recogniser: Recogniser, examples: Sequence[AudioExample], phrases: Sequence[str]
) -> None:
    """Print a line for each threshold."""
    commands = Commands(recogniser.alphabet, phrases)
    heard = [
        (one, list(heard_commands(commands, recogniser.posteriors(one.audio)))) for one in examples
    ]
    hours = sum(one.seconds for one in examples) / 3600
    targets = [(one, found) for one, found in heard if one.transcript in phrases]
    print(f"{len(phrases)} phrases, {len(targets)} commands among {len(examples)} recordings")
    for least in LEAST:
        missed = false = 0
        for one, found in heard:
            accepted = [each.text for each in found if (each.confidence or 0) >= least]
            wanted = [one.transcript] if one.transcript in phrases else []
            missed += bool(wanted) and accepted[:1] != wanted
            false += sum(text not in wanted for text in accepted)
        share = 100 * missed / max(1, len(targets))
        print(f"fit {least:g}: {share:.1f} % missed, {false / hours:.0f} false accepts an hour")


def main() -> None:
    """Print the figures of both sets."""
    held_out = inspect_bundle(MODEL).card.held_out
    recogniser = Recogniser(load_bundle(MODEL, CtcTask(), device="cpu"))
    print(f"torch {torch.__version__}, {platform.machine()}, {recogniser.model.name}")
    single, an4 = (list(CtcTask().read(Path(path), Ledger())) for path in sys.argv[1:3])
    words = sorted({one.transcript for one in single})
    print(f"{Path(sys.argv[1]).name}, recorded by other people")
    measure(recogniser, single, words)
    print("AN4, development part")
    measure(recogniser, choose_split(an4, "valid", held_out=held_out, trained_on=True), CONTROL)


if __name__ == "__main__":
    main()

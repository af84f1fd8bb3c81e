"""Bits per character of an n-gram model, on the passages that `text.write` holds out.

`python benchmarks/character_ngrams.py TEXT [ORDER]` counts the n-grams of the training passages and
interpolates the orders by the method of Witten and Bell (1991). Passages, their ends and unknown
characters count as `seqstudio evaluate` counts them.
"""

import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

from seqstudio_text.write.alphabet import UNKNOWN, Alphabet
from seqstudio_text.write.task import UNSEEN_BITS, WriteOptions, WriteTask

from seqstudio.api import Ledger
from seqstudio.services.datasets import hold_out

START = -1


def bits(source: Path, order: int) -> float:
    """Return the bits per character of the passages that are held out."""
    task = WriteTask()
    train, valid = hold_out(
        list(task.read(source, Ledger())), {"share": task.presets["small"].train.valid_share}
    )
    alphabet = Alphabet(task.prepare(train, WriteOptions()).settings.characters)
    following: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for example in train:
        numbers = [START] * (order - 1) + alphabet.numbers(example.text, ended=True)
        for at in range(order - 1, len(numbers)):
            for size in range(order):
                following[tuple(numbers[at - size : at])][numbers[at]] += 1
    total, count = 0.0, 0
    for example in valid:
        numbers = [START] * (order - 1) + alphabet.numbers(example.text, ended=True)
        for at in range(order - 1, len(numbers)):
            share = 1.0 / alphabet.size
            for size in range(order):
                seen = following.get(tuple(numbers[at - size : at]))
                if seen:
                    kinds, tokens = len(seen), seen.total()
                    share = (seen[numbers[at]] + kinds * share) / (tokens + kinds)
            total -= math.log2(share) - UNSEEN_BITS * (numbers[at] == UNKNOWN)
            count += 1
    return total / count


if __name__ == "__main__":
    order = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"{order}-grams: {bits(Path(sys.argv[1]), order):.3f} bits per character")

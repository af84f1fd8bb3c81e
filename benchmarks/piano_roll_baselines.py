"""Measure two stateless baselines with the piano-roll metric: unigram and persistence.

    python benchmarks/piano_roll_baselines.py DATA

DATA: a folder of SET.SPLIT.npz. Both are fitted on the train split of each set and measured on the
other splits.
"""

import sys
from pathlib import Path

from seqstudio_music.rolls.baselines import persistence_nll, unigram_nll
from seqstudio_music.rolls.data import find_archives, read_archive, set_and_split


def main(folder: Path) -> None:
    found = [set_and_split(path) for path in folder.glob("*.npz")]
    names = sorted({name for name, split in found if split})
    print("nats per frame, pooled over frames        unigram  persistence")
    for name in names:
        splits = dict(find_archives(next(folder.glob(f"{name}.*.npz"))))
        train = read_archive(splits.pop("train"))
        for split, path in splits.items():
            held_out = read_archive(path)
            unigram, persistence = unigram_nll(train, held_out), persistence_nll(train, held_out)
            print(f"{name + ' ' + split:40s} {unigram:8.3f}  {persistence:11.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

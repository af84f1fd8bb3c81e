"""Check the piano-roll metric on models without a state: unigram and persistence.

    python benchmarks/piano_roll_baselines.py DATA

DATA: a folder of SET.SPLIT.npz. For each set, both are fitted on train and measured on the rest.
"""

import sys
from pathlib import Path

from seqstudio_music.baselines import persistence_nll, unigram_nll
from seqstudio_music.roll_data import archives, read_archive, set_name


def main(folder: Path) -> None:
    names = sorted({set_name(path)[0] for path in folder.glob("*.npz") if set_name(path)[1]})
    print("nats a frame, pooled over frames          unigram  persistence")
    for name in names:
        found = dict(archives(next(folder.glob(f"{name}.*.npz"))))
        train = read_archive(found.pop("train"))
        for split, path in found.items():
            held_out = read_archive(path)
            unigram, persistence = unigram_nll(train, held_out), persistence_nll(train, held_out)
            print(f"{name + ' ' + split:40s} {unigram:8.3f}  {persistence:11.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

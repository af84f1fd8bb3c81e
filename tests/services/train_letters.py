"""Trains the letters task in a process of its own, to be killed: DATA RUN [--resume]."""

import sys
from pathlib import Path

import torch
from letters_task import LettersTask

from seqstudio.services.train_order import Surroundings, TrainOrder, carry_out

SETTINGS = ("epochs=40", "save_every_s=0.02", "preview_every=5", "batch_size=3", "accumulate=2")


def main(data: str, run: str, *flags: str) -> None:
    torch.set_num_threads(1)
    order = TrainOrder(
        data=Path(data), run=Path(run), settings=SETTINGS, resume="--resume" in flags
    )
    for _ in carry_out(order, LettersTask(), Surroundings()):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])

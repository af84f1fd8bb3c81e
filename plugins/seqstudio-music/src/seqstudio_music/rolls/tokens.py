"""Piano rolls as tokens: the keys of each frame in ascending order, then END."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from seqstudio_music.keyboard import KEYS
from seqstudio_music.rolls.data import Roll

END = KEYS  # the token after the keys of a frame


def encode_rolls(rolls: Sequence[Roll]) -> tuple[Tensor, Tensor]:
    """Encode piano rolls as a padded batch of token groups, one group per frame.

    Returns
    -------
    tokens : (B, T, L) int64, padded with -1
    lengths : (B,) int64, frames

    >>> encode_rolls([np.eye(88, dtype=np.uint8)[[4]]])[0].tolist()
    [[[4, 88]]]
    """
    lengths = [len(roll) for roll in rolls]
    widest = max((int(roll.sum(axis=1).max()) for roll in rolls if len(roll)), default=0)
    tokens = np.full((len(rolls), max(lengths, default=0), widest + 1), -1, dtype=np.int64)
    for number, roll in enumerate(rolls):
        frames, keys = np.nonzero(roll)
        sizes = roll.sum(axis=1, dtype=np.int64)
        first = np.cumsum(sizes) - sizes
        tokens[number, frames, np.arange(len(keys)) - first[frames]] = keys
        tokens[number, np.arange(len(roll)), sizes] = END
    return torch.from_numpy(tokens), torch.tensor(lengths, dtype=torch.int64)


def encode_prompt(roll: Roll) -> tuple[int, ...]:
    """Encode a piano roll as a flat prompt.

    >>> encode_prompt(np.eye(88, dtype=np.uint8)[:2])
    (0, 88, 1, 88)
    """
    tokens: list[int] = []
    for frame in roll:
        tokens += [*np.flatnonzero(frame).tolist(), END]
    return tuple(tokens)


def decode_roll(tokens: Iterable[int]) -> Roll:
    """Decode flat tokens into a piano roll; a last frame without END is dropped.

    >>> decode_roll([3, 7, 88, 88, 5]).sum(axis=1).tolist()
    [2, 0]
    """
    frames, frame = [], np.zeros(KEYS, dtype=np.uint8)
    for token in tokens:
        if token == END:
            frames.append(frame)
            frame = np.zeros(KEYS, dtype=np.uint8)
        else:
            frame[token] = 1
    return np.array(frames, dtype=np.uint8).reshape(-1, KEYS)

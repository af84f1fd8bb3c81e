"""The pilot of a long batch: a few items from all its folders, done before the others."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LONG_BATCH = 50  # more inputs than this have a pilot
PILOT_ITEMS = 20
UNLIKE_SHARE = 0.5  # of the pilot that may be unlike the training data


def pilot_order(paths: Sequence[Path]) -> list[int]:
    """Return the order in which inputs are done, as their indices: the pilot first.

    The pilot takes from each folder in turn, from places that are spread over the folder.

    Parameters
    ----------
    paths : of the inputs

    >>> pilot_order([Path("a"), Path("b")])
    [0, 1]
    """
    if len(paths) <= LONG_BATCH:
        return list(range(len(paths)))
    folders: dict[Path, list[int]] = defaultdict(list)
    for index, path in enumerate(paths):
        folders[path.parent].append(index)
    queues = [_spread(indices) for indices in _spread(list(folders.values()))]
    pilot: list[int] = []
    for turn in range(PILOT_ITEMS):
        pilot += [queue[turn] for queue in queues if turn < len(queue)]
    chosen = sorted(pilot[:PILOT_ITEMS])
    return [*chosen, *sorted(set(range(len(paths))) - set(chosen))]


def _spread(values: Sequence[T]) -> list[T]:
    """Return at most `PILOT_ITEMS` values that are evenly spread."""
    count = min(len(values), PILOT_ITEMS)
    return [values[number * len(values) // count] for number in range(count)]


def pilot_verdict(unlike: int, known: int) -> str:
    """Return why the rest of a batch waits for its user, or "".

    Parameters
    ----------
    unlike : items of the pilot that are unlike the training data of the model
    known : its items of which that is known
    """
    if not known or unlike < UNLIKE_SHARE * known:
        return ""
    return (
        f"{unlike} of the first {known} recordings are unlike the training data of the model; read "
        "their transcripts, then choose another --model, or go on with --yes"
    )

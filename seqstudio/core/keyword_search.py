"""Keyword search in CTC posteriors: where a labelling occurs, and how probable that is.

The forward algorithm of Graves et al. 2006 over the labels of a keyword, begun at every frame: of
all paths through the frames, the share in which the keyword ends at a frame. With a label between
words, the keyword stands between two of these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqstudio.core.ctc import BLANK, Ints
from seqstudio.errors import ConfigError

Floats = NDArray[np.float32]

NEVER = -1e4  # log probability of what cannot be
ROWS = 128  # searched at once
LEAST = 1e-6  # of a keyword at one frame; what is less probable is no part of a hit


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A place of a keyword: its row, and frames, half open.

    `score` is the probability that it is there, as the geometric mean over its labels, 0 to 1.
    """

    row: int
    start_frame: int
    end_frame: int
    score: float


def find_keyword(
    rows: Sequence[Floats], labels: Sequence[int], *, space: int = 0, least_score: float = 0.5
) -> list[KeywordHit]:
    """Find the places of a keyword, in order of rows, the best of each first.

    Parameters
    ----------
    rows : (T, V) log probabilities each; a keyword may begin and end with a row
    labels : of the keyword, at least one, none of them the blank
    space : the label between words; 0: there is none, and a keyword may be a part of others
    least_score : hits below are left out

    Raises
    ------
    ConfigError
        If there are no labels.
    """
    if not len(labels) or BLANK in labels:
        raise ConfigError(f"labels={list(labels)}, expected at least one, and no blank")
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    hits: list[KeywordHit] = []
    for first in range(0, len(order), ROWS):
        some = order[first : first + ROWS]
        ends, starts = _ends(_padded([rows[row] for row in some], space), labels, space)
        for at, row in enumerate(some):
            if ends[at].max() > np.log(LEAST):
                found = ends[at], starts[at]
                hits += _hits(row, len(rows[row]), *found, labels, least_score, spaced=space > 0)
    return sorted(hits, key=lambda hit: (hit.row, -hit.score))


def _padded(rows: Sequence[Floats], space: int) -> Floats:
    """Return rows as (B, T + 2, V), each between two frames that are surely a space."""
    longest = max(map(len, rows))
    padded = np.full((len(rows), longest + 2, rows[0].shape[1]), NEVER, np.float32)
    for row, frames in zip(padded, rows, strict=True):
        row[1 : len(frames) + 1] = frames
        row[[0, len(frames) + 1], space] = 0.0
    return padded


def _ends(frames: Floats, labels: Sequence[int], space: int) -> tuple[Floats, Ints]:
    """Return how probable it is that the keyword has just ended at each frame, and its start.

    Returns
    -------
    (B, T) log probability that the label after the keyword, or without spaces its last label,
    begins at a frame; (B, T) the frame at which the first label of the keyword begins
    """
    around = [space, *labels, space] if space else list(labels)
    states = np.full(2 * len(around) - 1, BLANK)
    states[::2] = around
    may_skip = np.zeros(len(states), bool)
    may_skip[2::2] = states[2::2] != states[:-2:2]
    begins = 2 if space else 0  # the state of the keyword's first label
    emitted = frames[:, :, states]
    count, length, width = emitted.shape
    ends, starts = np.full((count, length), NEVER, np.float32), np.zeros((count, length), np.int64)
    scores = np.full((count, width), NEVER, np.float32)
    began = np.zeros((count, width), np.int64)
    for frame in range(length):
        one, two = _shifted(scores, 1), np.where(may_skip, _shifted(scores, 2), NEVER)
        entering = np.logaddexp(one, two)
        came = np.where(one >= two, _shifted(began, 1), _shifted(began, 2))
        came[:, begins] = frame
        began = np.where(scores >= entering, began, came)
        ends[:, frame] = entering[:, -1] + emitted[:, frame, -1]
        starts[:, frame] = came[:, -1]
        scores = np.logaddexp(scores, entering) + emitted[:, frame]
        scores[:, 0] = emitted[:, frame, 0]  # the last frame of what is before the keyword
        began[:, 0] = frame
    if width == 1:  # one label without spaces: it begins where the frame before is another
        before = np.pad(np.exp(emitted[:, :-1, 0]), ((0, 0), (1, 0)))
        ends = emitted[:, :, 0] + np.log(np.maximum(1 - before, LEAST))
        starts = np.broadcast_to(np.arange(length), ends.shape)
    return ends, starts


def _shifted(values: NDArray[Any], by: int) -> NDArray[Any]:
    """Return (B, S) values of the states `by` before; of those before the first, none."""
    shifted = np.full_like(values, NEVER)
    if by < values.shape[1]:
        shifted[:, by:] = values[:, :-by]
    return shifted


def _hits(
    row: int,
    length: int,
    ends: Floats,
    starts: Ints,
    labels: Sequence[int],
    least_score: float,
    *,
    spaced: bool,
) -> Iterator[KeywordHit]:
    """Yield the hits of one row: ends that overlap are one hit, whose probabilities add up.

    With a space after it a keyword ends where that begins, without one after its last label.
    """
    chances = np.exp(ends)
    frames = np.arange(len(chances))
    while chances.max() > LEAST:
        end = int(chances.argmax())
        start = int(starts[end])
        same = (frames > start) & (starts < end) | (frames == end)
        score = float(min(1.0, chances[same].sum()) ** (1 / len(labels)))
        chances = np.where(same, 0.0, chances)
        if score >= least_score:
            first = max(0, start - 1)  # without the frame before the row
            stop = min(length, max(first + 1, end - spaced))
            yield KeywordHit(row, first, stop, round(score, 4))

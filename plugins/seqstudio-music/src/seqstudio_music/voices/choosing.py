"""Choosing among several draws of a take: no loops, likely, graded by what people write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import LoadedModel, TakeSeed, stable_seed
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.sampling import Drawing
from seqstudio_music.voices.steering import whole_logits
from seqstudio_music.voices.tokens import NONE, Held, Layout, Values

DRAWS = 4  # of each take
LOOP_NOTES = 8  # onsets of one pitch after each other from which a voice is a loop
NATS_UNIT = 1.0  # nats a sixteenth that count as one point
BATCH = 16  # draws measured at once


Sums = Mapping[str, tuple[float, float]]  # metric -> numerator, denominator


class Measure(Protocol):
    """Measures a piece of a layout that was asked for in a key."""

    def __call__(self, layout: str, piece: Piece, *, key: int) -> Sums:
        """Return the sums of its metrics."""


@dataclass(frozen=True, slots=True)
class Span:
    """The range of a metric of `music measure` in which a take loses no point.

    Beyond it, it loses one for every `unit`.
    """

    low: float
    high: float
    unit: float

    def points(self, value: float) -> float:
        """Return the points that a value loses.

        >>> Span(5, 7, 1).points(4.5)
        0.5
        """
        return max(self.low - value, value - self.high, 0.0) / self.unit


# Around what human pieces measure; a key that is not the one asked for loses most.
SPANS: Mapping[str, Mapping[str, Span]] = {
    "chorale": {
        "changes_per_bar": Span(5.0, 7.0, 1.0),
        "parallel_fifths": Span(0.0, 0.25, 1.0),
        "parallel_octaves": Span(0.0, 0.08, 1.0),
        "stepwise": Span(0.72, 1.0, 0.1),
        "consonant_beats": Span(0.9, 1.0, 0.1),
        "short_notes": Span(0.28, 0.45, 0.1),
        "cadence": Span(1.0, 1.0, 1.0),
        "key_as_asked": Span(1.0, 1.0, 0.25),
    },
    "lead-sheet": {
        "notes_per_bar": Span(4.2, 6.2, 1.0),
        "repeated_bars": Span(0.15, 0.35, 0.05),
        "rhythm_of_4_before": Span(0.4, 1.0, 0.3),
        "repeated_pitches": Span(0.0, 0.13, 0.05),
        "ends_on_root": Span(1.0, 1.0, 1.0),
        "chord_tones": Span(0.82, 1.0, 0.05),
        "key_as_asked": Span(1.0, 1.0, 0.2),
    },
}


def draws_of(takes: Sequence[TakeSeed]) -> list[TakeSeed]:
    """Return the seeds of `DRAWS` draws of each take: the first is the take's own."""
    return [
        TakeSeed(take.number, stable_seed(take.seed, "draw", draw) if draw else take.seed)
        for take in takes
        for draw in range(DRAWS)
    ]


def best_draws(
    model: LoadedModel,
    drawing: Drawing,
    sampled: Sequence[NDArray[np.int64]],
    layout: str,
    measure: Measure,
) -> list[int]:
    """Return the index of the best draw of each take.

    A draw in which a voice is a loop of one note is chosen only if all are. Of the others that one
    is chosen which loses fewest points: its nats a sixteenth, and what its metrics lie outside the
    spans of human pieces. So a take depends on its own seed only, however many there are.

    Parameters
    ----------
    drawing : of as many draws
    sampled : (T, S) tokens of `DRAWS` draws of each take
    layout : "chorale" or "lead-sheet"
    measure : as `music measure` does
    """
    nats = nats_per_step(model, drawing, sampled)
    lost = []
    for number, tokens in enumerate(sampled):
        values, held = drawing.layout.decode(tokens)
        piece = Piece(values, held, drawing.plan.grid, drawing.estimated_key(values))
        points = lost_points(measure(layout, piece, key=drawing.keys[number]), layout)
        loops = has_loop(values, held, drawing.layout)
        lost.append((loops, points + nats[number] / NATS_UNIT))
    return [
        min(range(first, first + DRAWS), key=lambda draw: lost[draw])
        for first in range(0, len(sampled), DRAWS)
    ]


def lost_points(sums: Sums, layout: str) -> float:
    """Return the points that the metrics of a piece lose."""
    shares = {name: top / bottom for name, (top, bottom) in sums.items() if bottom}
    return sum(span.points(shares[name]) for name, span in SPANS[layout].items() if name in shares)


def has_loop(values: Values, held: Held, layout: Layout) -> bool:
    """Return whether a voice of pitches begins one pitch `LOOP_NOTES` times in a row."""
    for column, voice in enumerate(layout.voices):
        began = (values[:, column] != NONE) & ~held[:, column]
        pitches = values[began, column]
        same = np.diff(pitches) == 0
        runs = np.diff(np.flatnonzero(np.concatenate([[True], ~same, [True]])))
        if voice.kind == "pitch" and runs.max(initial=0) >= LOOP_NOTES:
            return True
    return False


def nats_per_step(
    model: LoadedModel, drawing: Drawing, sampled: Sequence[NDArray[np.int64]]
) -> list[float]:
    """Return the nats per sixteenth that the model itself gives each draw."""
    found: list[float] = []
    for first in range(0, len(sampled), BATCH):
        rows = range(first, min(first + BATCH, len(sampled)))
        tokens = [sampled[row][drawing.first :].reshape(-1) for row in rows]
        logits = whole_logits(model, drawing, rows, [one.tolist() for one in tokens])
        log_probs = logits.double().log_softmax(dim=-1).numpy()
        chosen = np.take_along_axis(log_probs, np.stack(tokens)[..., None], axis=2)
        steps = len(tokens[0]) // len(drawing.layout.voices)
        found += (-chosen.sum(axis=(1, 2)) / steps).tolist()
    return found

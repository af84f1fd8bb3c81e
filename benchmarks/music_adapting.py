"""Measure whether a model that is adapted to a primer knows better how it goes on.

    python benchmarks/music_adapting.py MODEL DATA [PRIMERS]

MODEL: a bundle or run of music.voices; DATA: a folder of MIDI or chorales in JSON, from whose valid
split pieces of at least 20 bars are drawn with a fixed seed. Of files with other parts than the
model continues, the first part counts, alone. The primer is the first 16 bars, and the model is
adapted as `seqstudio music continue --adapt` does it.

first   share of primers after which the true next four bars have the fewest nats of ten: nine are
        the same bars of other pieces in the same meter, transposed to the key of the primer
nats    of the true next four bars, a sixteenth, given the primer
helped  share of primers to which the model was adapted, since that helped with their own end
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seqstudio_music import seqstudio_parts
from seqstudio_music.adapting import adapted_to
from seqstudio_music.delivery import looped
from seqstudio_music.measure.originality_operation import scores_in
from seqstudio_music.parts import parts_of
from seqstudio_music.primers import Primer
from seqstudio_music.voices.batches import encode_piece, measure_pieces
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.score_reader import read_piece
from seqstudio_music.voices.task import VoicesTask
from seqstudio_music.voices.tokens import Layout

from seqstudio.api import AdaptConfig, DataError
from seqstudio.api.media import Score
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.adaptation import adapted
from seqstudio.services.bundles import LoadedBundle, load_bundle

PRIMER_BARS, NEXT_BARS, CANDIDATES = 16, 4, 10


@dataclass
class OneJob:
    """A job of one model, outside the host."""

    loaded: LoadedBundle
    folder: Path

    def model(self, prefer: str = "") -> LoadedBundle:
        """Return the one model."""
        return self.loaded

    def adapt(
        self, model: LoadedBundle, examples: Sequence[Any], config: AdaptConfig
    ) -> LoadedBundle:
        """Return a model adapted to examples."""
        return adapted(model, VoicesTask(), examples, config)


@dataclass(frozen=True)
class HeldOut:
    """A held-out piece: its first 16 bars, and these with the next four."""

    score: Score
    primer: Piece
    whole: Piece

    @property
    def meter(self) -> tuple[int, ...]:
        """Beats and unit of the last bar, and the ticks of all bars: one number if they agree."""
        bars = self.whole.grid.bars
        return bars[-1].beats, bars[-1].unit, *{bar.ticks for bar in bars}


def held_out(data: Path, layout: str) -> Iterator[HeldOut]:
    for _, score in scores_in(data, ("valid", "valid")):
        if len(score.bars) - 1 < PRIMER_BARS + NEXT_BARS:
            continue
        part = looped(first_part(score, layout), PRIMER_BARS + NEXT_BARS)
        primer = looped(part, PRIMER_BARS)
        try:
            pieces = [read_piece(one, layout) for one in (primer, part)]
        except DataError:
            continue  # its first part is silent in these bars
        bars = [len(piece.grid.bars) for piece in pieces]
        if bars == [PRIMER_BARS, PRIMER_BARS + NEXT_BARS]:
            yield HeldOut(primer, *pieces)


def first_part(score: Score, layout: str) -> Score:
    """Return a score as it is if it has the parts of the layout, and else with its first alone."""
    try:
        read_piece(score, layout)
    except DataError:
        parts = parts_of(score)
        for part in parts[1:]:
            score = score.with_track_notes(part.track, [])
    return score


def candidates(piece: HeldOut, others: Sequence[HeldOut], layout: Layout) -> list[Piece]:
    """Return the piece, and its primer followed by the same bars of others, in its key."""
    found = [piece.whole]
    for other in others:
        shift = (piece.primer.key - other.primer.key + 6) % 12 - 6
        rest = layout.transpose(other.whole.values, shift)[len(other.primer.values) :]
        values = np.concatenate([piece.primer.values, rest])
        held = np.concatenate([piece.primer.held, other.whole.held[len(other.primer.values) :]])
        found.append(Piece(values, held, piece.whole.grid, piece.primer.key))
    return found


def nats_of(model: LoadedBundle, pieces: Sequence[Piece]) -> list[float]:
    encoded = [(str(n), encode_piece(piece, model.settings)) for n, piece in enumerate(pieces)]
    measured = measure_pieces(model, encoded, model_layout(model))
    return [one.sums["nats_per_16th"][0] for one in measured]


def ranked(model: LoadedBundle, piece: HeldOut, pieces: Sequence[Piece]) -> tuple[bool, float]:
    """Return whether the true bars rank first, and their nats a sixteenth."""
    true, *others = nats_of(model, pieces)
    (before,) = nats_of(model, [piece.primer])
    steps = len(piece.whole.values) - len(piece.primer.values)
    return true < min(others), (true - before) / steps


def main(bundle: Path, data: Path, count: int) -> None:
    torch.set_num_threads(1)
    model = load_bundle(bundle, VoicesTask(), parts=with_plugin_parts(seqstudio_parts()))
    layout, found = model_layout(model), list(held_out(data, model.settings.layout))
    generator, rows = np.random.default_rng(0), []
    seconds, helped = 0.0, 0
    for at in generator.permutation(len(found)):
        piece = found[at]
        others = [one for one in found if one is not piece and one.meter == piece.meter]
        if len(others) < CANDIDATES - 1 or len(rows) == count:
            continue
        chosen = generator.choice(len(others), CANDIDATES - 1, replace=False)
        pieces = candidates(piece, [others[one] for one in chosen], layout)
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            primer = Primer(Path("primer.mid"), piece.score, (), (), repaired=False)
            adapted_model, done = adapted_to(OneJob(model, Path(folder)), model, primer)
        seconds, helped = seconds + time.perf_counter() - began, helped + done.helps
        rows.append((ranked(model, piece, pieces), ranked(adapted_model, piece, pieces)))
    print(f"{model.name}, {data.name}: {len(rows)} primers of {PRIMER_BARS} bars")
    for name, results in zip(("as it is", "--adapt"), zip(*rows, strict=True), strict=True):
        first, nats = np.mean(np.array(results, dtype=float), axis=0)
        print(f"{name:9s} first {first:.2f}, nats {nats:.3f}")
    print(f"helped {helped / len(rows):.2f}, {seconds / len(rows):.1f} s a primer on one thread")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 40)

"""Measure whether generated pieces have cadences, keys and movement like those of the corpus.

    python benchmarks/music_forms.py MODEL DATA [PIECES]

MODEL: a bundle or run of music.voices; DATA: its data set, whose valid split is the corpus.
Pieces of 8 bars of 4/4 with fixed seeds, none left out, sampled as in `seqstudio music generate`.

In sampling, a constraint leads to the tonic of the key and stays there for the last half bar. The
row "unconstrained" shows the model without this end, with the same seeds.

cadence      ends on a major or minor triad in root position (the fifth may be missing)
on tonic     and its root is the tonic of the best of 24 key profiles over the whole piece
in scale     share of sounding time in the best of 24 scales (harmonic minor has both sevenths)
longest      median over pieces of the longest note of the top voice, in sixteenths
repeats      share of pieces in which the top voice plays one pitch more than 8 times in a row
chord tones  share of the top voice's notes on a beat that belong to the chord below them
"""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from seqstudio_music import seqstudio_parts
from seqstudio_music.chords import QUALITIES, chord_pitch_classes
from seqstudio_music.grid import new_grid
from seqstudio_music.keys import estimate_key
from seqstudio_music.voices.batches import piece_of
from seqstudio_music.voices.data import ChoraleImporter, VoiceExample
from seqstudio_music.voices.sampling import Drawing, new_piece_plan, random_key, sample_voices
from seqstudio_music.voices.task import VoicesTask
from seqstudio_music.voices.tokens import NONE, Held, Layout, Values, Voice

from seqstudio.api import DataError, Ledger, LoadedModel, SamplingConfig, TakeSeed
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split, read_examples

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10, 11)
AS_GENERATED = SamplingConfig(temperature=0.9, min_p=0.03)  # the operation's defaults
Sampled = tuple[Values, Held]


def generated(model: LoadedModel, count: int, *, cadence: bool) -> list[Sampled]:
    layout, grid = Layout(model.settings.slots), new_grid(8, (4, 4))
    plan = new_piece_plan(layout, grid, cadence=cadence, in_key=True)
    pieces = []
    for first in range(1, count + 1, 16):
        takes = [TakeSeed(n, n) for n in range(first, min(first + 16, count + 1))]
        keys = [random_key(take.seed) for take in takes]
        drawing = Drawing(model.settings, plan, keys)
        sampled = sample_voices(model, drawing, takes, AS_GENERATED)
        pieces += [layout.decode(tokens) for tokens in sampled]
    return pieces


def corpus(model: LoadedModel, data: Path) -> list[Sampled]:
    task, ledger = VoicesTask(), Ledger()
    kinds, importers = ("chorale-json",), (ChoraleImporter(),)
    examples = read_examples(task, data, ledger, kinds=kinds, importers=importers)
    pieces = []
    for example in choose_split(examples, "valid"):
        if not isinstance(example, VoiceExample):
            raise TypeError(f"{example.id}: {type(example).__name__}, expected VoiceExample")
        try:
            piece = piece_of(example, model.settings.layout)
        except DataError:
            continue  # has another layout: training refuses it too
        pieces.append((piece.values, piece.held))
    return pieces


def classes_at(values: Values, voices: Sequence[Voice]) -> set[int]:
    """Return the pitch classes that sound in one step."""
    found: set[int] = set()
    for voice, value in zip(voices, values.tolist(), strict=True):
        if value != NONE:
            found |= {value % 12} if voice.kind == "pitch" else chord_pitch_classes(value)
    return found


def bass_at(values: Values, voices: Sequence[Voice]) -> int | None:
    for voice, value in zip(voices, values.tolist(), strict=True):
        if voice.name in ("Bass", "Chords") and value != NONE:
            return int(value % 12 if voice.kind == "pitch" else value // len(QUALITIES))
    return None


def durations(values: Values, voices: Sequence[Voice]) -> np.ndarray:
    total = np.zeros(12)
    for step in values:
        total[list(classes_at(step, voices))] += 1
    return total


def form(piece: Sampled, voices: Sequence[Voice]) -> dict[str, float]:
    values, held = piece
    sounding = np.flatnonzero((values != NONE).any(axis=1))
    last = values[sounding[-1]]
    root, ends_with = bass_at(last, voices), classes_at(last, voices)
    triads = [{0, 4, 7}, {0, 3, 7}, {0, 4}, {0, 3}]
    is_cadence = root is not None and {(note - root) % 12 for note in ends_with} in triads
    time = durations(values, voices)
    tonic = estimate_key(time, None) % 12
    scales = [np.roll(np.isin(np.arange(12), s), k) for s in (MAJOR, MINOR) for k in range(12)]
    notes = top_voice_notes(values, held, voices)
    return {
        "cadence": float(is_cadence),
        "on tonic": float(is_cadence and root == tonic),
        "in scale": max(float(time[scale].sum()) for scale in scales) / time.sum(),
        "longest": float(max(length for _, _, length in notes)),
        "repeats": float(longest_run([pitch for _, pitch, _ in notes]) > 8),
        "chord tones": chord_tones(values, notes, voices),
    }


def top_voice_notes(
    values: Values, held: Held, voices: Sequence[Voice]
) -> list[tuple[int, int, int]]:
    """List the top voice's notes: step, pitch, length in steps."""
    column = [voice.name in ("Soprano", "Melody") for voice in voices].index(True)
    pitches, tied = values[:, column], held[:, column]
    notes = []
    for step in np.flatnonzero((pitches != NONE) & ~tied).tolist():
        end = step + 1
        while end < len(pitches) and tied[end]:
            end += 1
        notes.append((step, int(pitches[step]), end - step))
    return notes


def longest_run(pitches: Sequence[int]) -> int:
    best = run = 1
    for one, other in pairwise(pitches):
        run = run + 1 if one == other else 1
        best = max(best, run)
    return best


def chord_tones(
    values: Values, notes: Sequence[tuple[int, int, int]], voices: Sequence[Voice]
) -> float:
    below = [voice for voice in voices if voice.name not in ("Soprano", "Melody")]
    columns = [voices.index(voice) for voice in below]
    on_beat = [(step, pitch) for step, pitch, _ in notes if step % 4 == 0]
    chords = [(pitch, classes_at(values[step, columns], below)) for step, pitch in on_beat]
    under = [(pitch, classes) for pitch, classes in chords if classes]
    return sum(pitch % 12 in classes for pitch, classes in under) / max(len(under), 1)


def row(pieces: Sequence[Sampled], voices: Sequence[Voice]) -> dict[str, float]:
    forms = [form(piece, voices) for piece in pieces if (piece[0] != NONE).any()]
    pooled = {name: float(np.mean([one[name] for one in forms])) for name in forms[0]}
    return pooled | {"longest": float(np.median([one["longest"] for one in forms]))}


def main(bundle: Path, data: Path, count: int) -> None:
    torch.set_num_threads(1)
    model = load_bundle(bundle, VoicesTask(), parts=with_plugin_parts(seqstudio_parts()))
    voices = model.settings.slots
    reference = corpus(model, data)
    rows = {
        f"generated ({count})": row(generated(model, count, cadence=True), voices),
        "unconstrained": row(generated(model, count, cadence=False), voices),
    }
    rows[f"valid ({len(reference)})"] = row(reference, voices)
    print(f"{model.name:18s}" + "".join(f"{name:>13s}" for name in next(iter(rows.values()))))
    for name, figures in rows.items():
        print(f"{name:18s}" + "".join(f"{value:13.3f}" for value in figures.values()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 100)

"""From pieces in voices to batches of tokens, and the measure of whole pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import Batch, DataError, LoadedModel, Measurement
from seqstudio.api.media import Score
from seqstudio_music.covariates import SIZES, Bounds, covariates
from seqstudio_music.keys import transpose_key
from seqstudio_music.pieces import counted_steps, crop_start
from seqstudio_music.score_voices import READERS
from seqstudio_music.slots import CHORALE, LAYOUTS, NONE, Held, Layout, Slot, Values
from seqstudio_music.voice_data import Voices, VoicesExample, chorale_voices


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """What a trained model of voices keeps besides its weights."""

    layout: str
    slots: tuple[Slot, ...]
    bounds: Bounds
    crop: int
    lead: int
    lowest_shift: int
    highest_shift: int
    drop_chords: float


@dataclass(frozen=True, kw_only=True)
class VoiceBatch(Batch):
    """Sixteenths as groups of tokens, with what is known of each in advance."""

    tokens: Tensor  # (B, T, S) int64, padded with -1
    lengths: Tensor  # (B,) int64, sixteenths
    covariates: Tensor  # (B, T, C) int64
    counted: Tensor  # (B, T) bool, sixteenths that carry loss


@dataclass(frozen=True, slots=True)
class Row:
    """One piece as the model takes it; `start` is where a crop begins in its piece."""

    tokens: NDArray[np.int64]  # (T, S)
    covariates: NDArray[np.int64]  # (T, C)
    start: int = 0

    def __len__(self) -> int:
        return len(self.tokens)


def voice_settings(settings: object) -> VoiceSettings:
    """Narrow the settings that a bundle carries.

    Raises
    ------
    DataError
        If they are another task's.
    """
    if not isinstance(settings, VoiceSettings):
        raise DataError(f"settings of {type(settings).__name__}, expected a model of music.voices")
    return settings


def voices_of(example: VoicesExample, layout: str) -> Voices:
    """Give the voices of an example, from its steps or from its MIDI file.

    Raises
    ------
    DataError
        If the MIDI file cannot be read, or the piece has other voices than the layout.
    """
    if example.voices is not None:
        return example.voices
    if example.midi is not None:
        return READERS[layout](Score.read(example.midi))
    if example.steps is None or LAYOUTS[layout] != CHORALE:
        raise DataError(f"{example.where}: four voices, expected a {layout}")
    return chorale_voices(example.steps)


def spelled(voices: Voices, settings: VoiceSettings) -> Row:
    """Spell a whole piece, with neither key nor end given away."""
    layout = Layout(settings.slots)
    known = covariates(voices.grid, settings.bounds, key=None, end_known=False)
    return Row(layout.encode(voices.values, voices.held), known)


def perturbed(voices: Voices, settings: VoiceSettings, generator: np.random.Generator) -> Row:
    """Crop and transpose one piece; tell its key and its end each half the time."""
    layout = Layout(settings.slots)
    low, high = layout.shifts(voices.values, settings.lowest_shift, settings.highest_shift)
    shift = int(generator.integers(low, high + 1))
    with_key, with_end = generator.random(2) < 0.5
    key = transpose_key(voices.key, shift) if with_key else None
    values, held = layout.transpose(voices.values, shift), voices.held
    if generator.random() < settings.drop_chords:
        values, held = without_chords(values, held, layout)
    tokens = layout.encode(values, held)
    known = covariates(voices.grid, settings.bounds, key=key, end_known=bool(with_end))
    start, crop = 0, settings.crop
    if crop and len(tokens) > crop:
        start = crop_start(len(tokens), crop, generator)
        tokens, known = tokens[start : start + crop], known[start : start + crop]
    return Row(tokens, known, start)


def without_chords(values: Values, held: Held, layout: Layout) -> tuple[Values, Held]:
    """Silence the chords, so that a melody alone is nothing unheard of."""
    chords = np.array([slot.kind == "chord" for slot in layout.slots])
    return np.where(chords, NONE, values), held & ~chords


def padded(ids: tuple[str, ...], rows: Sequence[Row], lead: int) -> VoiceBatch:
    """Pad pieces into a batch; the first `lead` steps of a crop inside a piece do not count."""
    lengths = torch.tensor([len(row) for row in rows])
    longest, slots = int(lengths.max()), rows[0].tokens.shape[1]
    tokens = np.full((len(rows), longest, slots), -1, dtype=np.int64)
    known = np.zeros((len(rows), longest, len(SIZES)), dtype=np.int64)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = row.tokens
        known[number, : len(row)] = row.covariates
    return VoiceBatch(
        ids=ids,
        tokens=torch.from_numpy(tokens),
        lengths=lengths,
        covariates=torch.from_numpy(known),
        counted=counted_steps(lengths, [row.start for row in rows], lead, longest),
    )


def measure_pieces(model: LoadedModel, pieces: Sequence[tuple[str, Row]]) -> Iterator[Measurement]:
    """Measure some whole pieces side by side."""
    batch = padded(tuple(name for name, _ in pieces), [row for _, row in pieces], 0)
    batch = batch.to(model.device)
    with torch.inference_mode():
        log_probs = model.module.log_probs(batch.tokens, batch.lengths, covariates=batch.covariates)
    totals = -log_probs.double().sum((1, 2)).cpu()
    for (name, row), total in zip(pieces, totals.tolist(), strict=True):
        steps, slots = row.tokens.shape
        sums = {"nats_per_16th": (total, float(steps))}
        sums["nll_per_token"] = total, float(steps * slots)
        yield Measurement(id=name, sums=sums)

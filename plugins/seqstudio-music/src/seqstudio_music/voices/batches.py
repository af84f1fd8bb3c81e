"""Encoding pieces in voices as batches of tokens, for training and for measuring."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import Batch, DataError, LoadedModel, Measurement
from seqstudio.api.media import Score
from seqstudio_music.keys import transpose_key
from seqstudio_music.pieces import counted_steps
from seqstudio_music.voices.covariates import COVARIATE_SIZES, covariates
from seqstudio_music.voices.data import Piece, VoiceExample, chorale_piece
from seqstudio_music.voices.score_reader import READERS
from seqstudio_music.voices.settings import VoiceSettings
from seqstudio_music.voices.tokens import CHORALE, LAYOUTS, NONE, Held, Layout, Values


@dataclass(frozen=True, kw_only=True)
class VoiceBatch(Batch):
    """Padded pieces, each sixteenth a group of tokens with its covariates."""

    tokens: Tensor  # (B, T, S) int64, padded with -1
    lengths: Tensor  # (B,) int64, sixteenths
    covariates: Tensor  # (B, T, C) int64
    counted: Tensor  # (B, T) bool, sixteenths that carry loss


@dataclass(frozen=True, slots=True)
class EncodedPiece:
    """One piece or a crop of it, as tokens and covariates."""

    tokens: NDArray[np.int64]  # (T, S)
    covariates: NDArray[np.int64]  # (T, C)
    start: int = 0  # the sixteenth of the piece at which the crop begins

    def __len__(self) -> int:
        return len(self.tokens)


def piece_of(example: VoiceExample, layout: str) -> Piece:
    """Return the piece of an example, reading its MIDI file if necessary.

    Raises
    ------
    DataError
        If the MIDI file cannot be read, or the piece has other voices than the layout.
    """
    if example.piece is not None:
        return example.piece
    if example.midi is not None:
        return READERS[layout](Score.read(example.midi))
    if example.steps is None or LAYOUTS[layout] != CHORALE:
        raise DataError(f"{example.where}: four voices, expected a {layout}")
    return chorale_piece(example.steps)


def encode_piece(piece: Piece, settings: VoiceSettings) -> EncodedPiece:
    """Encode a whole piece, its key and its end unknown."""
    layout = Layout(settings.slots)
    known = covariates(piece.grid, settings.bounds, key=None, end_known=False)
    return EncodedPiece(layout.encode(piece.values, piece.held), known)


def augment_piece(
    piece: Piece, settings: VoiceSettings, generator: np.random.Generator
) -> EncodedPiece:
    """Crop and transpose one piece; its key and its end are each known half of the time."""
    layout = Layout(settings.slots)
    low, high = layout.allowed_shifts(piece.values, settings.lowest_shift, settings.highest_shift)
    shift = int(generator.integers(low, high + 1))
    key_known, end_known = generator.random(2) < 0.5
    key = transpose_key(piece.key, shift) if key_known else None
    values, held = layout.transpose(piece.values, shift), piece.held
    if generator.random() < settings.drop_chords:
        values, held = without_chords(values, held, layout)
    tokens = layout.encode(values, held)
    known = covariates(piece.grid, settings.bounds, key=key, end_known=bool(end_known))
    crop = settings.draw_crop(len(tokens), generator)
    return EncodedPiece(tokens[crop], known[crop], crop.start)


def without_chords(values: Values, held: Held, layout: Layout) -> tuple[Values, Held]:
    """Replace chords by rests, so that the model also learns from melodies alone."""
    chords = np.array([voice.kind == "chord" for voice in layout.voices])
    return np.where(chords, NONE, values), held & ~chords


def pad_pieces(ids: tuple[str, ...], pieces: Sequence[EncodedPiece], lead: int) -> VoiceBatch:
    """Pad pieces into a batch; the first `lead` steps of a crop inside a piece carry no loss."""
    lengths = torch.tensor([len(piece) for piece in pieces])
    longest, voices = int(lengths.max()), pieces[0].tokens.shape[1]
    tokens = np.full((len(pieces), longest, voices), -1, dtype=np.int64)
    known = np.zeros((len(pieces), longest, len(COVARIATE_SIZES)), dtype=np.int64)
    for number, piece in enumerate(pieces):
        tokens[number, : len(piece)] = piece.tokens
        known[number, : len(piece)] = piece.covariates
    return VoiceBatch(
        ids=ids,
        tokens=torch.from_numpy(tokens),
        lengths=lengths,
        covariates=torch.from_numpy(known),
        counted=counted_steps(lengths, [piece.start for piece in pieces], lead, longest),
    )


def measure_pieces(
    model: LoadedModel, pieces: Sequence[tuple[str, EncodedPiece]]
) -> Iterator[Measurement]:
    """Measure whole pieces in one batch."""
    batch = pad_pieces(tuple(name for name, _ in pieces), [piece for _, piece in pieces], 0)
    batch = batch.to(model.device)
    with torch.inference_mode():
        log_probs = model.module.log_probs(batch.tokens, batch.lengths, covariates=batch.covariates)
    totals = -log_probs.double().sum((1, 2)).cpu()
    for (name, piece), total in zip(pieces, totals.tolist(), strict=True):
        steps, voices = piece.tokens.shape
        sums = {"nats_per_16th": (total, float(steps))}
        sums["nll_per_token"] = total, float(steps * voices)
        yield Measurement(id=name, sums=sums)

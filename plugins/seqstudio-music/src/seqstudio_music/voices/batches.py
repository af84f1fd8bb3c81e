"""Encoding pieces in voices as batches of tokens, for training and for measuring."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import Batch, DataError, LoadedModel, Measurement
from seqstudio.api.media import Score
from seqstudio_music.keys import transpose_key
from seqstudio_music.pieces import counted_steps
from seqstudio_music.voices.covariates import STEP_SIZES, covariates, of_tokens
from seqstudio_music.voices.data import Piece, VoiceExample, chorale_piece
from seqstudio_music.voices.score_reader import read_piece
from seqstudio_music.voices.settings import VoiceSettings
from seqstudio_music.voices.tokens import CHORALE, LAYOUTS, NONE, Held, Layout, Values


@dataclass(frozen=True, kw_only=True)
class VoiceBatch(Batch):
    """Padded pieces, the tokens of each sixteenth one after another; N = T * S."""

    tokens: Tensor  # (B, N) int64
    lengths: Tensor  # (B,) int64, tokens
    covariates: Tensor  # (B, N, C) int64
    counted: Tensor  # (B, T) bool, sixteenths that carry loss
    own_tokens: Tensor  # (S, V) bool, the tokens of each voice


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
        return read_piece(Score.read(example.midi), layout)
    if example.steps is None or LAYOUTS[layout] != CHORALE:
        raise DataError(f"{example.where}: four voices, expected a {layout}")
    return chorale_piece(example.steps)


def encode_piece(piece: Piece, settings: VoiceSettings) -> EncodedPiece:
    """Encode a whole piece; its key and its end are unknown, a melody alone is known as such."""
    layout = Layout(settings.slots)
    alone = layout.has_chords and bool((piece.values[:, layout.chords] == NONE).all())
    known = covariates(piece.grid, settings.bounds, key=None, end_known=False, alone=alone)
    return EncodedPiece(layout.encode(piece.values, piece.held), known)


def augment_piece(
    piece: Piece, settings: VoiceSettings, generator: np.random.Generator
) -> EncodedPiece:
    """Crop and transpose one piece; its key and its end are each known half of the time."""
    layout = Layout(settings.slots)
    low, high = layout.allowed_shifts(piece.values, settings.lowest_shift, settings.highest_shift)
    shift = settings.draw_shift(low, high, generator)
    key_known, end_known = generator.random(2) < 0.5
    key = transpose_key(piece.key, shift) if key_known else None
    values, held = layout.transpose(piece.values, shift), piece.held
    alone = layout.has_chords and generator.random() < settings.drop_chords
    if alone:
        values, held = without_chords(values, held, layout)
    tokens = layout.encode(values, held)
    known = covariates(piece.grid, settings.bounds, key=key, end_known=bool(end_known), alone=alone)
    crop = settings.draw_crop(len(tokens), generator)
    return EncodedPiece(tokens[crop], known[crop], crop.start)


def without_chords(values: Values, held: Held, layout: Layout) -> tuple[Values, Held]:
    """Replace chords by rests, so that the model also learns from melodies alone."""
    chords = layout.chords
    return np.where(chords, NONE, values), held & ~chords


def pad_pieces(
    ids: tuple[str, ...], pieces: Sequence[EncodedPiece], layout: Layout, lead: int
) -> VoiceBatch:
    """Pad pieces into a batch; the first `lead` steps of a crop inside a piece carry no loss."""
    voices = pieces[0].tokens.shape[1]
    steps = torch.tensor([len(piece) for piece in pieces])
    longest = int(steps.max())
    tokens = np.zeros((len(pieces), longest * voices), dtype=np.int64)
    known = np.zeros((len(pieces), longest * voices, len(STEP_SIZES)), dtype=np.int64)
    for number, piece in enumerate(pieces):
        tokens[number, : piece.tokens.size] = piece.tokens.reshape(-1)
        known[number, : piece.tokens.size] = of_tokens(piece.covariates, voices)
    return VoiceBatch(
        ids=ids,
        tokens=torch.from_numpy(tokens),
        lengths=steps * voices,
        covariates=torch.from_numpy(known),
        counted=counted_steps(steps, [piece.start for piece in pieces], lead, longest),
        own_tokens=layout.token_mask,
    )


def log_probs(model: Any, batch: VoiceBatch) -> Tensor:
    """Return the (B, T) log-probability of each sixteenth; past each length any number."""
    first = batch.own_tokens.int().argmax(dim=1)  # in place of padding, which may be another's
    tokens = torch.maximum(batch.tokens.unflatten(1, (-1, len(first))), first)
    chosen = token_log_probs(model, batch).gather(3, tokens[..., None])
    summed: Tensor = chosen[..., 0].sum(dim=-1)
    return summed


def token_log_probs(model: Any, batch: VoiceBatch) -> Tensor:
    """Return the (B, T, S, V) log-probability of every token, given all tokens before it.

    A voice has its own tokens only: those of other voices are masked, here and in sampling.
    """
    logits = model.decode(batch.tokens, batch.lengths, covariates=batch.covariates)
    logits = logits.unflatten(1, (-1, len(batch.own_tokens))).float()
    found: Tensor = logits.masked_fill(~batch.own_tokens, -torch.inf).log_softmax(dim=-1)
    return found


def measure_pieces(
    model: LoadedModel, pieces: Sequence[tuple[str, EncodedPiece]], layout: Layout
) -> Iterator[Measurement]:
    """Measure whole pieces in one batch."""
    batch = pad_pieces(tuple(name for name, _ in pieces), [piece for _, piece in pieces], layout, 0)
    batch = batch.to(model.device)
    with torch.inference_mode():
        nats = -log_probs(model.module, batch).double()
    totals = torch.where(batch.counted, nats, 0.0).sum(1).cpu()
    for (name, piece), total in zip(pieces, totals.tolist(), strict=True):
        steps, voices = piece.tokens.shape
        sums = {"nats_per_16th": (total, float(steps))}
        sums["nll_per_token"] = total, float(steps * voices)
        yield Measurement(id=name, sums=sums)

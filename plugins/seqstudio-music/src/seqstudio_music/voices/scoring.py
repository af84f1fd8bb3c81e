"""What a model thinks of each note of a piece, as the measure of the task hears it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import torch
from torch import Tensor

from seqstudio.api import LoadedModel
from seqstudio_music.voices.batches import EncodedPiece, encode_piece, pad_pieces, token_log_probs
from seqstudio_music.voices.composer import leading_rests
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.settings import voice_settings


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another token of the voice that could have stood there."""

    token: int
    probability: float


@dataclass(frozen=True, slots=True)
class ScoredNote:
    """A note, or a chord of a lead sheet, and what the model gives its token."""

    step: int
    voice: int
    token: int
    nats: float
    rank: int  # 1: nothing else is more likely
    alternatives: tuple[Alternative, ...]  # the most likely first

    @property
    def probability(self) -> float:
        """The probability of the note where it begins."""
        return exp(-self.nats)


def score_piece(model: LoadedModel, piece: Piece) -> tuple[EncodedPiece, Tensor]:
    """Return a piece as tokens, and the (T, S, V) log-probability of every token.

    Each is given what stands before it, in the order of the voices: as in measurements, the key and
    the end of the piece are unknown, and nothing is filtered or constrained. The silence before the
    upbeat of a chorale, which training pieces do not have, is left out, as in composing.
    """
    layout = model_layout(model)
    whole = encode_piece(piece, voice_settings(model.settings))
    first = leading_rests(piece, layout)
    encoded = EncodedPiece(whole.tokens[first:], whole.covariates[first:], first)
    batch = pad_pieces(("",), [encoded], layout, 0).to(model.device)
    with torch.inference_mode():
        found = token_log_probs(model.module, batch)[0]
    return encoded, found.cpu().double()


def score_notes(
    model: LoadedModel,
    piece: Piece,
    places: Sequence[tuple[int, int]],
    alternatives: int,
) -> list[ScoredNote]:
    """Score the notes of a piece.

    Parameters
    ----------
    places : (step, voice) in which a note begins
    alternatives : number of other tokens that are named for each note
    """
    encoded, log_probs = score_piece(model, piece)
    notes = []
    for step, voice in places:
        own = log_probs[step - encoded.start, voice]
        token = int(encoded.tokens[step - encoded.start, voice])
        ranked = own.topk(alternatives + 1).indices.tolist()
        others = [other for other in ranked if other != token][:alternatives]
        notes.append(
            ScoredNote(
                step=step,
                voice=voice,
                token=token,
                nats=0.0 - float(own[token]),  # 0.0 if certain, not -0.0
                rank=1 + int((own > own[token]).sum()),
                alternatives=tuple(Alternative(one, exp(float(own[one]))) for one in others),
            )
        )
    return notes

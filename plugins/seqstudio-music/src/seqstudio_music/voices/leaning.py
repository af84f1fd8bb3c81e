"""Which notes of the past a note leaned on: what changes its probability if they change."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from seqstudio.api import LoadedModel
from seqstudio_music.voices.batches import EncodedPiece, encode_piece, pad_pieces, token_log_probs
from seqstudio_music.voices.composer import leading_rests
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.scoring import score_piece
from seqstudio_music.voices.settings import voice_settings
from seqstudio_music.voices.tokens import NONE

CONTEXT_BARS = 4  # that the model reads before the bar of a changed note
REACH_BARS = 4  # after it, in which later notes are measured again
LEAST_NATS = 0.1  # of an effect that is listed: a note is 1.1 times less likely

Place = tuple[int, int]  # the step in which a note begins, and its voice


@dataclass(frozen=True, slots=True)
class Lean:
    """A note of the past, another pitch or chord in its place, and what that takes from a note."""

    place: Place
    token: int
    other: int  # the likeliest other token
    nats: float


def leans(
    model: LoadedModel,
    piece: Piece,
    places: Sequence[Place],
    count: int,
    on_progress: Callable[[float], None],
) -> dict[Place, list[Lean]]:
    """Find what each note leaned on most.

    Every note is replaced, for as long as it lasts, by the pitch or chord that the model finds most
    likely in its stead, and the notes after it are measured again, in the bars around it alone.

    Parameters
    ----------
    places : of the notes, in order
    count : notes of the past that are listed for each at most

    Returns
    -------
    For each note, those whose change makes it less likely, the most effective first
    """
    first, by_bar = leading_rests(piece, model_layout(model)), defaultdict[int, list[Lean]](list)
    for change in _changes(model, piece, places):
        by_bar[int(piece.grid.bar_of[change.place[0]])].append(change)
    found: dict[Place, list[Lean]] = defaultdict(list)
    for done, (bar, inside) in enumerate(by_bar.items(), start=1):
        window = _window(piece, bar, first)
        near = [one for one in places if window.start <= one[0] < window.stop]
        lost = _lost_nats(model, piece, window, inside)
        for change, of_change in zip(inside, lost, strict=True):
            for step, voice in near:
                nats = float(of_change[step - window.start, voice])
                if (step, voice) > change.place and nats >= LEAST_NATS:
                    found[step, voice].append(replace(change, nats=nats))
        on_progress(done / len(by_bar))
    return {place: sorted(found[place], key=lambda lean: -lean.nats)[:count] for place in places}


def _changes(model: LoadedModel, piece: Piece, places: Sequence[Place]) -> list[Lean]:
    """Return each note with the likeliest other pitch or chord of its voice."""
    encoded, log_probs = score_piece(model, piece)
    layout = model_layout(model)
    found = []
    for step, voice in places:
        own = log_probs[step - encoded.start, voice].clone()
        token = int(encoded.tokens[step - encoded.start, voice])
        own[: int(layout.first_tokens[voice])] = -torch.inf  # rests and holds, and chords
        own[token] = -torch.inf
        found.append(Lean((step, voice), token, int(own.argmax()), 0.0))
    return found


def _window(piece: Piece, bar: int, first: int) -> slice:
    """Return the steps of the bars around a bar, from step `first` on."""
    bars = piece.grid.bar_slices
    last = min(bar + REACH_BARS, len(bars) - 1)
    return slice(max(bars[max(bar - CONTEXT_BARS, 0)].start, first), bars[last].stop)


def _lost_nats(
    model: LoadedModel, piece: Piece, window: slice, changes: Sequence[Lean]
) -> NDArray[np.float64]:
    """Return what each change takes from the tokens of a window: (C, T, S) nats."""
    settings, layout = voice_settings(model.settings), model_layout(model)
    whole = encode_piece(piece, settings)
    known = whole.covariates[window]
    rows = [whole.tokens]
    for change in changes:
        values, (step, voice) = piece.values.copy(), change.place
        lasts = piece.held[step + 1 :, voice] & (piece.values[step + 1 :, voice] != NONE)
        stop = step + 1 + int((~lasts).argmax() if not lasts.all() else len(lasts))
        first, own = int(layout.first_tokens[voice]), layout.voices[voice]
        values[step:stop, voice] = change.other - first + own.first_value
        rows.append(layout.encode(values, piece.held))
    pieces = [EncodedPiece(tokens[window], known, window.start) for tokens in rows]
    batch = pad_pieces(("",) * len(pieces), pieces, layout, 0).to(model.device)
    with torch.inference_mode():
        log_probs = token_log_probs(model.module, batch)
    asked = torch.from_numpy(whole.tokens[window]).to(model.device)
    given = log_probs.gather(3, asked.expand(len(pieces), -1, -1)[..., None])[..., 0]
    return (given[:1] - given[1:]).double().cpu().numpy()

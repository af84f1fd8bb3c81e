"""The hidden units of a model of voices while it reads a piece."""

import numpy as np
import torch
from numpy.typing import NDArray

from seqstudio.api import LoadedModel
from seqstudio_music.voices.batches import EncodedPiece, encode_piece, pad_pieces
from seqstudio_music.voices.composer import leading_rests
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.settings import voice_settings


def hidden_units(model: LoadedModel, piece: Piece) -> tuple[int, NDArray[np.float32]]:
    """Return the first step that is read, and the units of the last layer from it on.

    Returns
    -------
    step, and (T, H) outputs of the units before the last voice of each sixteenth
    """
    layout = model_layout(model)
    whole, first = encode_piece(piece, voice_settings(model.settings)), leading_rests(piece, layout)
    encoded = EncodedPiece(whole.tokens[first:], whole.covariates[first:], first)
    batch = pad_pieces(("",), [encoded], layout, 0).to(model.device)
    found: list[torch.Tensor] = []
    body = model.module.decoder.body
    hook = body.register_forward_hook(lambda module, inputs, output: found.append(output[0]))
    try:
        with torch.inference_mode():
            model.module.decode(batch.tokens, batch.lengths, covariates=batch.covariates)
    finally:
        hook.remove()
    by_step = found[0][0].unflatten(0, (-1, len(layout.voices)))[:, -1]
    units: NDArray[np.float32] = by_step.float().cpu().numpy()
    return first, units

"""The hidden units of a model while it reads a piece, and their picture."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from seqstudio_music.hidden import Hidden
from seqstudio_music.voices.batches import encode_piece, pad_pieces
from seqstudio_music.voices.hidden import hidden_units
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.score_reader import read_piece
from small_music import OneJob, four_parts, lead_sheet, options_of

from seqstudio.api import DataError, Request
from seqstudio.api.media import Score
from seqstudio.services.bundles import LoadedBundle

Write = Callable[[Score, str], Path]


def test_the_units_are_those_that_the_predictions_are_made_of(chorale_model: LoadedBundle) -> None:
    piece, layout = read_piece(four_parts(), "chorale"), model_layout(chorale_model)
    first, units = hidden_units(chorale_model, piece)
    batch = pad_pieces(("",), [encode_piece(piece, chorale_model.settings)], layout, 0)
    decoder = chorale_model.module.decoder
    with torch.inference_mode():
        logits = chorale_model.module.decode(
            batch.tokens, batch.lengths, covariates=batch.covariates
        )
        past = decoder.past_output(decoder.past_ids(batch.tokens, batch.covariates))
        made = decoder.output(torch.from_numpy(units)) + past[0, 3::4]

    assert (first, units.shape) == (0, (len(piece.values), 16))
    torch.testing.assert_close(made, logits[0, 3::4])


def test_the_units_that_vary_most_are_drawn_over_the_bars(job: OneJob, write: Write) -> None:
    path = write(four_parts(), "piece.mid")
    request = Request(inputs={"piece": (path,)}, options=options_of("hidden", units=5))
    job.folder.mkdir(exist_ok=True)
    (result,) = Hidden().run(request, job)
    _, units = hidden_units(job.models["music-chorale"], read_piece(four_parts(), "chorale"))

    assert result.summary == "5 of 16 hidden units of music-chorale, piece.mid, by bar"
    assert set(result.details["units"]) == set((-units.std(axis=0)).argsort()[:5].tolist())
    with Image.open(result.outputs["picture"]) as picture:
        assert picture.height == 56 + 5 * 12 + 24


def test_a_tune_is_refused_by_a_model_of_chorales(job: OneJob, write: Write) -> None:
    job.chosen = "music-chorale"
    request = Request(inputs={"piece": (write(lead_sheet(), "tune.mid"),)}, options={"units": 5})
    with pytest.raises(DataError, match=r"tune\.mid: 2 parts .* for music-chorale"):
        list(Hidden().run(request, job))

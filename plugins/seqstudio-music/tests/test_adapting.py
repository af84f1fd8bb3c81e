"""A model adapted to the primer that it continues: only where that helps with the primer's end."""

from collections.abc import Callable
from pathlib import Path

import pytest
import seqstudio_music
import torch
from seqstudio_music import CONTINUERS, seqstudio_parts
from seqstudio_music.adapting import HELPS_NATS, Adaptation
from seqstudio_music.operations import Continue
from seqstudio_music.voices.task import VoicesTask
from small_music import OneJob, lead_sheet, options_of, piano, score_of

from seqstudio.api import DataError, Request, Result, TakeSeed
from seqstudio.api.media import Score
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import LoadedBundle, load_bundle

Write = Callable[..., Path]


def continued(job: OneJob, path: Path, *, adapt: bool) -> Result:
    options = options_of("continue", bars=2, adapt=adapt)
    request = Request(inputs={"primer": (path,)}, options=options, takes=(TakeSeed(1, 5),))
    return next(iter(Continue(CONTINUERS).run(request, job)))


def shipped_folk() -> LoadedBundle:
    folder = Path(seqstudio_music.__file__).parent / "models/music-folk"
    return load_bundle(folder, VoicesTask(), parts=with_plugin_parts(seqstudio_parts()))


@pytest.mark.medium
@pytest.mark.parametrize("primer", [lead_sheet(beats=64), piano(64)], ids=["lead sheet", "piano"])
def test_a_model_is_adapted_to_a_primer_that_repeats(
    job: OneJob, write: Write, primer: Score
) -> None:
    path = write(primer)
    plain, one, other = (continued(job, path, adapt=adapt) for adapt in (False, True, True))
    done = one.details["adaptation"]

    assert isinstance(done, dict)
    assert done["adapted"]
    assert (done["bars"], done["held_out"]) == (16, 4)
    assert done["nats_after"] < done["nats_before"] - HELPS_NATS
    assert f"{done['nats_before']:.2f} to {done['nats_after']:.2f} nats a step" in one.summary
    assert score_of(one) == score_of(other) != score_of(plain)
    assert "adaptation" not in plain.details


@pytest.mark.medium
def test_a_model_stays_as_it_is_where_adapting_does_not_help(job: OneJob, write: Write) -> None:
    job.models["music-folk"] = shipped_folk()  # knows that a tune which repeats goes on repeating
    path, weights = write(lead_sheet(beats=64)), job.models["music-folk"].module.state_dict()
    before = {name: tensor.clone() for name, tensor in weights.items()}
    plain, tried = (continued(job, path, adapt=adapt) for adapt in (False, True))

    assert "not adapted: that does not help with its last 4 bars" in tried.summary
    assert score_of(plain) == score_of(tried)
    assert all(torch.equal(before[name], weights[name]) for name in before)


def test_a_short_primer_is_refused(job: OneJob, write: Write) -> None:
    with pytest.raises(DataError, match=r"primer\.mid: 4 bars, expected 16 or more to adapt to"):
        continued(job, write(lead_sheet(beats=16)), adapt=True)


def test_what_hardly_helps_is_left_out() -> None:
    assert Adaptation(16, 4, 1.0, 1.0 - 1.1 * HELPS_NATS).helps
    assert not Adaptation(16, 4, 1.0, 1.0 - 0.9 * HELPS_NATS).helps

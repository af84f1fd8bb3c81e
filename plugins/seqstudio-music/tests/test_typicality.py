"""How usual a piece is to a model: its task's own measure beside the pieces held out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from seqstudio_music import COMPOSERS
from seqstudio_music.operations import Continue
from seqstudio_music.rework.operations import Vary
from seqstudio_music.typicality import TASKS, typicality
from small_music import OneJob, four_parts, lead_sheet, options_of, piano

from seqstudio.api import Ledger, LoadedModel, Request, TakeSeed
from seqstudio.api.media import Score
from seqstudio.services.bundles import LoadedBundle

Write = Callable[[Score, str], Path]
SPREAD = tuple(
    float(value) for value in range(0, 101, 5)
)  # so that a percentile is a number of nats


def with_percentiles(model: LoadedModel) -> LoadedBundle:
    assert isinstance(model, LoadedBundle)
    return replace(model, percentiles=SPREAD)


@pytest.mark.parametrize(
    ("name", "piece"),
    [("music-chorale", four_parts()), ("music-folk", lead_sheet()), ("rolls-nottingham", piano())],
)
def test_the_nats_are_those_of_an_evaluation(
    job: OneJob, write: Write, name: str, piece: Score
) -> None:
    model, path = job.models[name], write(piece, "piece.mid")
    task, ledger = TASKS[model.task], Ledger()
    examples = task.preflight(list(task.read(path, ledger)), model.preparation, ledger)
    ((total, steps),) = (one.sums[task.monitor] for one in task.measure(model, examples))
    found = typicality(model, path)

    assert found is not None
    assert found.nats == total / steps
    assert found.percentile is None
    assert found.text == f"{total / steps:.2f} nats a step"
    placed = typicality(with_percentiles(model), path)
    assert placed is not None
    assert placed.percentile == pytest.approx(total / steps)


def test_a_piece_that_is_unlike_the_others_comes_with_what_helps(job: OneJob, write: Write) -> None:
    model = replace(with_percentiles(job.models["music-folk"]), percentiles=(0.0, 0.001))
    found = typicality(model, write(lead_sheet(), "piece.mid"))

    assert found is not None
    assert found.percentile == 100
    assert "seqstudio train music.voices FOLDER --run RUN --from music-folk" in found.text


def test_a_piece_that_the_task_refuses_has_no_place(job: OneJob, write: Write) -> None:
    assert typicality(job.models["music-chorale"], write(lead_sheet(), "piece.mid")) is None


@pytest.mark.medium
def test_continue_and_vary_say_how_usual_the_piece_is(job: OneJob, write: Write) -> None:
    path = write(four_parts(), "piece.mid")
    job.models["music-chorale"] = with_percentiles(job.models["music-chorale"])
    for operation, kind in ((Continue(COMPOSERS), "primer"), (Vary(), "piece")):
        options = options_of(operation.name)
        request = Request(inputs={kind: (path,)}, options=options, takes=(TakeSeed(1, 1),))
        (result,) = operation.run(request, job)

        assert f"the {kind} has {result.details['nats_per_step']:.2f} nats" in result.summary
        assert f"more than {result.details['percentile']:.0f} % of" in result.summary

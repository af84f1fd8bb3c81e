"""Composers: the operations work with any kind of model that has one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from seqstudio_music.composer import AddedBars, Composition, PieceSpec
from seqstudio_music.operations import Continue, Generate
from seqstudio_music.primers import Primer
from small_music import TPB, OneJob, options_of, piano

from seqstudio.api import Job, LoadedModel, ModelError, Note, Request, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio.services.bundles import LoadedBundle

TAKES = (TakeSeed(1, 11), TakeSeed(2, 12))


class ClickComposer:
    """Composes one click per bar, for a kind of model that the plugin does not have."""

    task = "test.clicks"

    def generate(
        self,
        job: Job,
        model: LoadedModel,
        spec: PieceSpec,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        clicks = [Note(4 * TPB * bar, 76, TPB) for bar in range(spec.bars)]
        score = Score.new(ticks_per_beat=TPB, meter=spec.meter).with_new_track(clicks)
        return [Composition(score, {"seed": str(take.seed)}) for take in takes]

    def suited_model(self, score: Score) -> str:
        return "clicks"

    def continue_primer(
        self,
        job: Job,
        model: LoadedModel,
        primer: Primer,
        added: AddedBars,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        return [Composition(primer.score)] * len(takes)


@pytest.fixture
def click_job(rolls_model: LoadedBundle, tmp_path: Path) -> OneJob:
    return OneJob({"clicks": replace(rolls_model, name="clicks", task="test.clicks")}, tmp_path)


def test_generate_works_with_a_new_kind_of_model(click_job: OneJob) -> None:
    click_job.chosen = "clicks"
    options = options_of("generate", bars=3)
    results = list(
        Generate([ClickComposer()]).run(Request(options=options, takes=TAKES), click_job)
    )

    scores = [result.outputs["score"] for result in results]
    assert [len(score.notes) for score in scores if isinstance(score, Score)] == [3, 3]
    assert [result.take for result in results] == [1, 2]
    assert results[0].summary == "3 bars of 4/4 by clicks, seed 11"
    assert results[1].details == {"model": "clicks", "bars": 3, "seed": "12"}


def test_continue_works_with_a_new_kind_of_model(
    click_job: OneJob, write: Callable[[Score], Path]
) -> None:
    path = write(piano())
    request = Request(
        inputs={"primer": (path,)}, options=options_of("continue", bars=1), takes=TAKES
    )
    results = list(Continue([ClickComposer()]).run(request, click_job))

    assert [result.outputs["score"] for result in results] == [Score.read(path)] * 2
    assert results[0].summary == "silence added to primer.mid by clicks"


def test_a_model_without_a_composer_is_refused(job: OneJob) -> None:
    job.chosen = "music-chorale"
    options = options_of("generate", bars=1)
    with pytest.raises(
        ModelError, match=r"model 'music-chorale': task music\.voices, expected test\.clicks"
    ):
        list(Generate([ClickComposer()]).run(Request(options=options, takes=TAKES), job))

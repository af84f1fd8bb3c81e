"""The recipe of the shipped model, run again from its data: about an hour on one CPU core."""

import importlib.resources
import os
from pathlib import Path

import pytest
from seqstudio_speech.task import CtcTask

from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

SPREAD = 0.02  # of the word error rate, over seeds and machines
DATA = os.environ.get("SEQSTUDIO_AN4", "")


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="SEQSTUDIO_AN4 does not name the folder of AN4")
def test_the_recipe_gives_its_figure_again(tmp_path: Path) -> None:
    models = Path(str(importlib.resources.files("seqstudio_speech"))) / "models"
    stated = next(
        f.value for f in inspect_bundle(models / "speech-en-small").card.metrics if f.name == "wer"
    )
    order = TrainJob(data=Path(DATA), run=tmp_path / "again", preset="small")
    surroundings = PluginContext(plugin="speech", plugin_version="0.1.0")
    for _ in run_train_job(order, CtcTask(), surroundings):
        pass
    found = next(
        f.value for f in inspect_bundle(tmp_path / "again" / "model").card.metrics if f.name == "wer"
    )
    print(f"word error rate: stated {stated:.4f}, found {found:.4f}")

    assert found == pytest.approx(stated, abs=SPREAD)

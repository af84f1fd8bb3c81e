"""Trains the shipped model again from its data: about an hour on one CPU core."""

import importlib.resources
import os
from pathlib import Path

import pytest
from seqstudio_speech.task import CtcTask

from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

SPREAD = 0.02  # of the word error rate, over seeds and machines
DATA = os.environ.get("SEQSTUDIO_AN4", "")


def word_error_rate(bundle: Path) -> float:
    metrics = inspect_bundle(bundle).card.metrics
    return next(metric.value for metric in metrics if metric.name == "wer")


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="SEQSTUDIO_AN4 does not name the AN4 folder")
def test_training_again_reproduces_the_word_error_rate(tmp_path: Path) -> None:
    models = Path(str(importlib.resources.files("seqstudio_speech"))) / "models"
    stated = word_error_rate(models / "speech-en-small")
    job = TrainJob(data=Path(DATA), run=tmp_path / "again", preset="small")
    context = PluginContext(plugin="speech", plugin_version="0.1.0")
    for _ in run_train_job(job, CtcTask(), context):
        pass
    found = word_error_rate(tmp_path / "again" / "model")
    print(f"word error rate: stated {stated:.4f}, found {found:.4f}")

    assert found == pytest.approx(stated, abs=SPREAD)

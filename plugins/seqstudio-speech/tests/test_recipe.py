"""Trains the shipped model again from its data: about two hours on one CPU core."""

import importlib.resources
import os
from pathlib import Path

import pytest
from seqstudio_speech.task import CtcTask

from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

SPREAD = 0.05  # of the word error rate, over seeds and machines, and for the language model
PLAIN = (  # the first of the two trainings
    "noise=0",
    "reverberation=0",
    "channel=0",
    "padding=0",
    "gain_db=6",
)
DATA = os.environ.get("SEQSTUDIO_AN4", "")


def word_error_rate(bundle: Path) -> float:
    metrics = inspect_bundle(bundle).card.metrics
    return next(metric.value for metric in metrics if metric.name == "wer")


def trained(run: Path, settings: tuple[str, ...], base: Path | None = None) -> Path:
    """Train with the preset small and these settings; return the model."""
    job = TrainJob(data=Path(DATA), run=run, preset="small", settings=settings, base=base)
    for _ in run_train_job(job, CtcTask(), PluginContext(plugin="speech", plugin_version="0.1.0")):
        pass
    return run / "model"


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="SEQSTUDIO_AN4 does not name the AN4 folder")
def test_training_again_reproduces_the_word_error_rate(tmp_path: Path) -> None:
    models = Path(str(importlib.resources.files("seqstudio_speech"))) / "models"
    card = inspect_bundle(models / "speech-en-small").card
    stated = next(metric.value for metric in card.metrics if metric.name == "wer")
    first = trained(tmp_path / "first", PLAIN)
    found = word_error_rate(trained(tmp_path / "second", card.settings, first))
    print(f"word error rate: stated {stated:.4f} with a language model, found {found:.4f} without")

    assert found < stated + SPREAD

"""The recipe of the shipped model, run again from its data: about an hour on one CPU core."""

import importlib.resources
import os
from pathlib import Path

import pytest
from seqstudio_speech.task import CtcTask

from seqstudio.services.bundle_files import inspect
from seqstudio.services.train_job import Surroundings, TrainOrder, carry_out

SPREAD = 0.02  # of the word error rate, over seeds and machines
DATA = os.environ.get("SEQSTUDIO_AN4", "")


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="SEQSTUDIO_AN4 does not name the folder of AN4")
def test_the_recipe_gives_its_figure_again(tmp_path: Path) -> None:
    models = Path(str(importlib.resources.files("seqstudio_speech"))) / "models"
    stated = next(
        f.value for f in inspect(models / "speech-en-small").card.figures if f.name == "wer"
    )
    order = TrainOrder(data=Path(DATA), run=tmp_path / "again", preset="small")
    surroundings = Surroundings(plugin="speech", plugin_version="0.1.0")
    for _ in carry_out(order, CtcTask(), surroundings):
        pass
    found = next(
        f.value for f in inspect(tmp_path / "again" / "model").card.figures if f.name == "wer"
    )
    print(f"word error rate: stated {stated:.4f}, found {found:.4f}")

    assert found == pytest.approx(stated, abs=SPREAD)

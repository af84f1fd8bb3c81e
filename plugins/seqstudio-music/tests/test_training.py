"""Both tasks in the training service: they learn, and an evaluation repeats the run's metric."""

import json
from pathlib import Path

import numpy as np
import pytest
import seqstudio_music
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.voices.task import VoicesTask
from small_music import lead_sheet

from seqstudio.api import Ledger, Task
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split, read_examples
from seqstudio.services.evaluation import evaluate, report
from seqstudio.services.events import Evaluated, Finished, PresetChosen, Preview
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

SMALL = ("hidden=24", "layers=1", "dropout=0", "epochs=12", "batch_size=4")
OWN = {"music.rolls": ("inner_hidden=16",), "music.voices": ("dimension=16", "output_dropout=0")}
KINDS = {"music.rolls": ("piano-rolls",), "music.voices": ("chorale-json",)}


def plugin_context(task: Task) -> PluginContext:
    importers = tuple(seqstudio_music.seqstudio_importers())
    return PluginContext(
        plugin="music",
        plugin_version="0",
        kinds=KINDS[task.name],
        importers=importers,
        parts=with_plugin_parts(seqstudio_music.seqstudio_parts()),
    )


def rolls_data(folder: Path) -> Path:
    """Write pieces in which three keys alternate."""
    generator = np.random.default_rng(0)
    for split, pieces in (("train", 12), ("valid", 4)):
        frames = np.zeros((pieces * 24, 88), dtype=np.uint8)
        keys = 40 + 4 * ((np.arange(len(frames)) + generator.integers(0, 3)) % 3)
        frames[np.arange(len(frames)), keys] = 1
        np.savez(folder / f"Turns.{split}.npz", frames=frames, lengths=np.full(pieces, 24))
    return folder / "Turns.train.npz"


def chorale_data(folder: Path) -> Path:
    """Write pieces in which two chords alternate."""
    chords = ([72, 67, 64, 48], [71, 67, 62, 43])
    piece = [chords[step // 8 % 2] for step in range(32)]
    path = folder / "turns.json"
    path.write_text(json.dumps({"train": [piece] * 8, "valid": [piece] * 2}))
    return path


def trained(task: Task, data: Path, run: Path, *settings: str) -> list[object]:
    job = TrainJob(data=data, run=run, settings=(*SMALL, *OWN[task.name], *settings))
    return list(run_train_job(job, task, plugin_context(task)))


@pytest.mark.medium
@pytest.mark.parametrize(
    ("task", "make"), [(RollsTask(), rolls_data), (VoicesTask(), chorale_data)]
)
def test_a_task_learns_and_an_evaluation_repeats_the_metric_of_its_run(
    tmp_path: Path, task: Task, make: object
) -> None:
    assert callable(make)
    data, run = make(tmp_path), tmp_path / "run"
    events = trained(task, data, run, "learning_rate=0.01", "preview_every=6")
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    finished = next(event for event in events if isinstance(event, Finished))
    loaded = load_bundle(run / "model", task, parts=plugin_context(task).parts)
    examples = read_examples(
        task, data, Ledger(), kinds=KINDS[task.name], importers=plugin_context(task).importers
    )
    again = report(list(evaluate(task, loaded, choose_split(examples, "valid"))), task)

    assert finished.value is not None
    assert finished.value < 0.7 * evaluated[0].value
    assert again[task.monitor] == pytest.approx(finished.value, rel=1e-4)
    assert any(isinstance(event, Preview) for event in events)


@pytest.mark.medium
def test_a_folder_of_midi_trains_a_lead_sheet(tmp_path: Path) -> None:
    folder = tmp_path / "tunes"
    folder.mkdir()
    for number in range(8):
        lead_sheet(beats=8 + number).write(folder / f"{number}.mid")
    events = trained(VoicesTask(), folder, tmp_path / "run")
    reason = "preset folk: 8 of 8 pieces looked at have a melody, alone or with chords"

    assert events[0] == PresetChosen(preset="folk", summary=reason)
    assert any(isinstance(event, Finished) for event in events)
    assert (tmp_path / "run" / "model" / "weights.safetensors").is_file()

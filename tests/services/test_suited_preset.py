"""A task chooses the preset that suits the data, where the user names none."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from letters_task import LettersTask

from seqstudio.cli.reporters import event_line
from seqstudio.contracts.data import Example
from seqstudio.contracts.task import Preset, SuitedPreset
from seqstudio.errors import DataError
from seqstudio.services.events import Event, Finished, PresetChosen
from seqstudio.services.runs import open_run
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

TINY = LettersTask.presets["tiny"]


class ChoosingTask(LettersTask):
    """A task whose second preset suits lines of at most twelve letters, and none longer ones."""

    presets: Mapping[str, Preset] = {
        "tiny": TINY,
        "brief": dataclasses.replace(TINY, train=dataclasses.replace(TINY.train, epochs=1)),
    }

    def suited_preset(self, examples: Sequence[Example]) -> SuitedPreset:
        longest = max(len(example.tokens) for example in examples)
        if longest > 12:
            raise DataError(f"a line of {longest} letters, expected at most 12")
        return SuitedPreset("brief", f"{len(examples)} lines are short")


def trained(data: Path, run: str, **asked: object) -> list[Event]:
    job = TrainJob(data=data, run=data.parent / run, **asked)  # type: ignore[arg-type]
    return list(run_train_job(job, ChoosingTask(), PluginContext()))


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "short.txt"
    path.write_text("".join(f"train\t{'abc' * 3}\n" for _ in range(8)) + "valid\tabcabc\n")
    return path


def test_the_preset_is_chosen_from_the_training_examples_and_said_in_one_line(short: Path) -> None:
    events = trained(short, "run")
    spec = open_run(short.parent / "run").spec

    assert events[0] == PresetChosen(preset="brief", summary="preset brief: 8 lines are short")
    assert event_line(events[0]) == "preset brief: 8 lines are short"
    assert (spec.preset, spec.config.epochs) == ("brief", 1)
    assert "--preset brief" in spec.command
    lines = (short.parent / "run" / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["event"] == "preset"


def test_a_preset_that_is_asked_for_or_comes_with_a_base_stays(short: Path) -> None:
    asked = trained(short, "asked", preset="tiny", settings=("epochs=1",))
    base = short.parent / "asked" / "model"
    further = trained(short, "further", base=base.resolve(), settings=("epochs=1",))

    assert not any(isinstance(event, PresetChosen) for event in (*asked, *further))
    assert open_run(short.parent / "further").spec.preset == "tiny"


def test_a_run_that_is_resumed_keeps_its_preset(short: Path) -> None:
    job = TrainJob(data=short, run=short.parent / "run", settings=("epochs=2",))
    list(run_train_job(job, ChoosingTask(), PluginContext(), stop=lambda: True))
    events = trained(short, "run", resume=True)

    assert not any(isinstance(event, PresetChosen) for event in events)
    assert isinstance(events[-1], Finished)
    assert open_run(short.parent / "run").spec.preset == "brief"


def test_data_that_no_preset_suits_are_named(short: Path) -> None:
    short.write_text(short.read_text() + f"train\t{'a' * 13}\n")
    with pytest.raises(DataError, match=rf"^{short}: a line of 13 letters, expected at most 12$"):
        trained(short, "run")
    assert not (short.parent / "run").exists()

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.errors import ConfigError
from seqstudio.gui.train.request import (
    Request,
    TaskChoice,
    faults,
    field_of,
    free_name,
    resuming_spec,
    setting_fault,
    task_choices,
    training_spec,
)
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile


@pytest.fixture
def choices(tmp_path: Path) -> tuple[TaskChoice, ...]:
    """The tasks of the plugins in the box."""
    return task_choices(Catalogue.load(Profile(tmp_path / "profile")))


@pytest.fixture
def request_of_rolls(tmp_path: Path, tune: Path) -> Request:
    """What is sound: a folder of MIDI for piano rolls."""
    data = tmp_path / "tunes"
    data.mkdir()
    (data / tune.name).write_bytes(tune.read_bytes())
    return Request(task="music.rolls", data=data, name="mine", place=tmp_path / "runs")


def choice_of(choices: tuple[TaskChoice, ...], name: str) -> TaskChoice:
    return next(one for one in choices if one.name == name)


def test_the_manifests_say_what_can_be_trained_and_on_which_files(
    choices: tuple[TaskChoice, ...],
) -> None:
    assert {"music.rolls", "music.voices", "speech.ctc"} <= {one.name for one in choices}
    assert {".npz", ".mid"} <= choice_of(choices, "music.rolls").suffixes
    assert ".flac" in choice_of(choices, "speech.ctc").suffixes


def test_a_sound_request_has_no_fault_and_becomes_the_commands_job(
    choices: tuple[TaskChoice, ...], request_of_rolls: Request
) -> None:
    values = {"epochs": 3, "warmup": 0.1, "dropout": 0.0}
    asked = replace(request_of_rolls, values=values, settings=((" hidden ", "16 "),))
    spec = training_spec(asked, choice_of(choices, "music.rolls"))

    assert faults(asked, choices) == {}
    assert (spec.plugin, spec.verb, spec.name) == ("music", "train", "music.rolls")
    assert spec.arguments == {
        "data": str(asked.data),
        "run": str(asked.run),
        "preset": "",
        "settings": ("epochs=3", "warmup=0.1", "dropout=0.0", "hidden=16"),
        "resume": False,
    }


def test_going_on_leaves_preset_and_settings_to_the_run(choices: tuple[TaskChoice, ...]) -> None:
    spec = resuming_spec(choice_of(choices, "speech.ctc"), Path("/data"), Path("/runs/one"))
    assert spec.arguments["resume"] is True
    assert (spec.arguments["preset"], spec.arguments["settings"]) == ("", ())


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("speech.ctc", "tunes holds nothing for Speech to characters, expected files in .aif"),
        ("", "Choose what to train."),
    ],
)
def test_data_of_another_kind_are_told_at_the_field(
    choices: tuple[TaskChoice, ...], request_of_rolls: Request, task: str, text: str
) -> None:
    found = faults(replace(request_of_rolls, task=task), choices)
    assert list(found) == (["data"] if task else ["task"])
    assert next(iter(found.values())).startswith(text)


def test_empty_and_missing_folders_are_told(
    choices: tuple[TaskChoice, ...], request_of_rolls: Request, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for data, text in (
        (tmp_path / "empty", "empty is empty, expected data"),
        (tmp_path / "gone", "gone: not there, expected"),
        (None, "Choose the folder or file"),
    ):
        assert text in faults(replace(request_of_rolls, data=data), choices)["data"]


def test_a_folder_that_lists_its_data_is_left_to_the_worker(
    choices: tuple[TaskChoice, ...], request_of_rolls: Request
) -> None:
    assert request_of_rolls.data
    (request_of_rolls.data / "manifest.tsv").write_text("split\tpath\n")
    assert faults(replace(request_of_rolls, task="speech.ctc"), choices) == {}


def test_a_run_that_exists_is_told_at_its_name(
    choices: tuple[TaskChoice, ...], request_of_rolls: Request
) -> None:
    assert request_of_rolls.run
    request_of_rolls.run.mkdir(parents=True)
    (request_of_rolls.run / "run.json").write_text("{}")
    for name, text in (
        ("mine", "There is a 'mine' in "),
        ("", "Give the run a name."),
        ("a/b", "'a/b': expected a plain name"),
    ):
        assert text in faults(replace(request_of_rolls, name=name), choices)["name"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("batch_size", "x", "batch_size='x', expected int."),
        ("batch_size", "0", "batch_size=0, expected at least 1."),
        ("schedule", "steep", "schedule='steep', expected one of 'constant'"),
        ("hidden", "", "hidden: expected a value."),
        ("two words", "1", "two words: expected a name"),
        ("hidden", "anything: the task knows", ""),
        ("warmup", "0.2", ""),
    ],
)
def test_a_typed_setting_is_checked_as_far_as_every_training_knows_it(
    name: str, value: str, text: str
) -> None:
    task = TaskEntry(name="parrot.songs", title="Songs", data=(), presets=("one",))
    found = setting_fault(task, name, value)
    assert found.startswith(text)
    assert bool(found) == bool(text)


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("setting 'hiden' is unknown, expected 'hidden'", "set.hiden"),
        ("settings epochs=3 dropout=2: dropout=2.0, expected less than 1", "set.dropout"),
        ("hidden='x', expected int", "set.hidden"),
        ("crop=4, expected 0, or more than lead=8", "set.crop"),
        ("/runs/mine holds a run, expected a new folder, or --resume to go on", "name"),
        ("/data: no usable example (nothing found)", "data"),
        ("split 'train' is not in the data, expected one of valid", "data"),
        ("1 training example, expected at least 2 to hold one out", "data"),
        ("step 3: loss=nan, expected finite", ""),
    ],
)
def test_what_a_worker_refuses_belongs_to_a_field(reason: str, field: str) -> None:
    asked = Request(
        data=Path("/data"),
        place=Path("/runs"),
        name="mine",
        values={"crop": 4},
        settings=(("hidden", "x"),),
    )
    assert field_of(reason, asked) == field


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    for name in ("mine", "mine-2"):
        (tmp_path / name).mkdir()
    assert free_name(tmp_path, "mine") == "mine-3"
    assert free_name(tmp_path, "yours") == "yours"


def test_a_run_has_data_and_a_folder(choices: tuple[TaskChoice, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^a run without data or folder, expected both"):
        training_spec(Request(), choices[0])

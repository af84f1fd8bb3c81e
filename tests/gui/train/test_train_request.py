from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.errors import ConfigError
from seqstudio.gui.train.request import (
    TaskChoice,
    TrainRequest,
    field_for_error,
    find_errors,
    free_name,
    resume_spec,
    setting_error,
    task_choices,
    train_spec,
)
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile


@pytest.fixture
def choices(tmp_path: Path) -> tuple[TaskChoice, ...]:
    """The tasks of the built-in plugins."""
    return task_choices(Catalogue.load(Profile(tmp_path / "profile")))


@pytest.fixture
def request_of_rolls(tmp_path: Path, tune: Path) -> TrainRequest:
    """A valid request: piano rolls from a folder of MIDI files."""
    data = tmp_path / "tunes"
    data.mkdir()
    (data / tune.name).write_bytes(tune.read_bytes())
    return TrainRequest(task="music.rolls", data=data, name="mine", place=tmp_path / "runs")


def choice_of(choices: tuple[TaskChoice, ...], name: str) -> TaskChoice:
    return next(one for one in choices if one.name == name)


def test_tasks_and_file_types_come_from_the_manifests(
    choices: tuple[TaskChoice, ...],
) -> None:
    assert {"music.rolls", "music.voices", "speech.ctc"} <= {one.name for one in choices}
    assert {".npz", ".mid"} <= choice_of(choices, "music.rolls").suffixes
    assert ".flac" in choice_of(choices, "speech.ctc").suffixes


def test_a_valid_request_has_no_errors_and_becomes_the_job_of_the_command(
    choices: tuple[TaskChoice, ...], request_of_rolls: TrainRequest
) -> None:
    values = {"epochs": 3, "warmup": 0.1, "dropout": 0.0}
    edited = replace(request_of_rolls, values=values, settings=((" hidden ", "16 "),))
    spec = train_spec(edited, choice_of(choices, "music.rolls"))

    assert find_errors(edited, choices) == {}
    assert (spec.plugin, spec.verb, spec.name) == ("music", "train", "music.rolls")
    assert spec.arguments == {
        "data": str(edited.data),
        "run": str(edited.run),
        "preset": "",
        "settings": ("epochs=3", "warmup=0.1", "dropout=0.0", "hidden=16"),
        "resume": False,
        "processes": 0,
    }


def test_resuming_keeps_the_preset_and_settings_of_the_run(choices: tuple[TaskChoice, ...]) -> None:
    spec = resume_spec(choice_of(choices, "speech.ctc"), Path("/data"), Path("/runs/one"))
    assert spec.arguments["resume"] is True
    assert (spec.arguments["preset"], spec.arguments["settings"]) == ("", ())


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (
            "speech.ctc",
            "tunes has no data for Speech to characters. Learns from recordings with a .txt",
        ),
        ("", "Choose a task."),
    ],
)
def test_data_of_another_kind_is_an_error_at_its_field(
    choices: tuple[TaskChoice, ...], request_of_rolls: TrainRequest, task: str, text: str
) -> None:
    found = find_errors(replace(request_of_rolls, task=task), choices)
    assert list(found) == (["data"] if task else ["task"])
    assert next(iter(found.values())).startswith(text)


def test_empty_and_missing_folders_are_errors(
    choices: tuple[TaskChoice, ...], request_of_rolls: TrainRequest, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for data, text in (
        (tmp_path / "empty", "empty is empty, expected training data"),
        (tmp_path / "gone", "gone: not found, expected"),
        (None, "Choose the folder or file"),
    ):
        assert text in find_errors(replace(request_of_rolls, data=data), choices)["data"]


def test_a_folder_with_a_manifest_is_checked_by_the_worker(
    choices: tuple[TaskChoice, ...], request_of_rolls: TrainRequest
) -> None:
    assert request_of_rolls.data
    (request_of_rolls.data / "manifest.tsv").write_text("split\tpath\n")
    assert find_errors(replace(request_of_rolls, task="speech.ctc"), choices) == {}


def test_an_existing_run_is_an_error_at_its_name(
    choices: tuple[TaskChoice, ...], request_of_rolls: TrainRequest
) -> None:
    assert request_of_rolls.run
    request_of_rolls.run.mkdir(parents=True)
    (request_of_rolls.run / "run.json").write_text("{}")
    for name, text in (
        ("mine", "already contains 'mine': choose"),
        ("", "Enter a name for the run."),
        ("a/b", "'a/b': expected a plain name"),
    ):
        assert text in find_errors(replace(request_of_rolls, name=name), choices)["name"]


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
def test_a_typed_setting_is_checked_if_all_tasks_have_it(name: str, value: str, text: str) -> None:
    task = TaskEntry(name="parrot.songs", title="Songs", data=(), presets=("one",))
    found = setting_error(task, name, value)
    assert found.startswith(text)
    assert bool(found) == bool(text)


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("setting 'hiden' is unknown, expected 'hidden'", "set.hiden"),
        ("settings epochs=3 dropout=2: dropout=2.0, expected less than 1", "set.dropout"),
        ("hidden='x', expected int", "set.hidden"),
        ("crop=4, expected 0, or more than lead=8", "set.crop"),
        ("/runs/mine holds a run, expected a new folder, or --resume to continue", "name"),
        ("/data: no usable example (nothing found)", "data"),
        ("split 'train' is not in the data, expected one of valid", "data"),
        ("1 training example, expected at least 2 to hold one out", "data"),
        ("step 3: loss=nan, expected finite", ""),
    ],
)
def test_a_worker_error_is_assigned_to_its_field(reason: str, field: str) -> None:
    request = TrainRequest(
        data=Path("/data"),
        place=Path("/runs"),
        name="mine",
        values={"crop": 4},
        settings=(("hidden", "x"),),
    )
    assert field_for_error(reason, request) == field


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    for name in ("mine", "mine-2"):
        (tmp_path / name).mkdir()
    assert free_name(tmp_path, "mine") == "mine-3"
    assert free_name(tmp_path, "yours") == "yours"


def test_a_run_needs_data_and_a_folder(choices: tuple[TaskChoice, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^a run without data or folder, expected both"):
        train_spec(TrainRequest(), choices[0])


def test_a_run_starts_from_a_model_in_several_processes(
    choices: tuple[TaskChoice, ...], request_of_rolls: TrainRequest
) -> None:
    chosen = replace(request_of_rolls, base="rolls-jsb", processes=2)
    spec = train_spec(chosen, choice_of(choices, "music.rolls"))

    assert spec.model == "rolls-jsb"
    assert spec.arguments["processes"] == 2

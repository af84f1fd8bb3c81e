"""Training settings are checked early against the manifest, and the manifest against the code."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option
from seqstudio.contracts.task import Preset, TrainConfig
from seqstudio.errors import ConfigError, PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.host.jobs.plan import plugin_source
from seqstudio.host.jobs.train_settings import (
    check_settings,
    setting_text,
    task_options,
    training_options,
)
from seqstudio.host.profile import Profile
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.worker.plugins import Plugins
from seqstudio.host.worker.task_check import check_task


@dataclass(frozen=True)
class Steps:
    hidden: int = 16
    mode: Literal["a", "b"] = "a"
    speeds: tuple[float, ...] = (0.5, 1.0)


TASK: Any = SimpleNamespace(
    name="rhythm.steps",
    presets={
        "small": Preset(train=TrainConfig(epochs=9), options=Steps()),
        "base": Preset(train=TrainConfig(), options=Steps(hidden=64)),
    },
)
ENTRY = TaskEntry(
    name="rhythm.steps",
    title="Steps",
    data=("text",),
    presets=("small", "base"),
    options={
        "hidden": Option(type="int", default=16, min=1, max=99),
        "mode": Option(type="choice", default="a", choices=("a", "b")),
        "speeds": Option(type="float", default=[0.5, 1.0], repeat=True, min=0.1),
    },
    preset_values={"small": {"epochs": 9}, "base": {"hidden": 64}},
)
UNDESCRIBED = replace(ENTRY, options=None, preset_values={})


def test_a_preset_sets_the_defaults() -> None:
    assert training_options(ENTRY)["epochs"].default == 9
    assert training_options(ENTRY, "base")["epochs"].default == 40
    assert task_options(ENTRY, "base")["hidden"].default == 64
    assert training_options(UNDESCRIBED)["epochs"].default is None
    assert task_options(UNDESCRIBED) == {}


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("hiden=3", "setting 'hiden' is unknown, expected hidden"),
        ("hidden=x", "hidden='x', expected int"),
        ("hidden=100", "hidden=100, expected at most 99"),
        ("mode=c", "mode='c', expected one of 'a', 'b'"),
        ("speeds=0.9,0", "speeds=0.0, expected at least 0.1"),
        ("warmup=1", "warmup=1.0, expected at most 0.99"),
        ("hidden", "setting 'hidden', expected key=value"),
    ],
)
def test_a_wrong_setting_is_refused_before_a_worker_starts(setting: str, text: str) -> None:
    check_settings(ENTRY, ["hidden=3", "mode=b", "speeds=0.9,1", "epochs=2"])
    with pytest.raises(ConfigError, match=f"^{text}"):
        check_settings(ENTRY, [setting])


def test_undescribed_settings_are_left_to_the_tasks_code() -> None:
    check_settings(UNDESCRIBED, ["hiden=x", "epochs=2"])
    with pytest.raises(ConfigError, match=r"^epochs=0, expected at least 1"):
        check_settings(UNDESCRIBED, ["hiden=x", "epochs=0"])


def test_a_setting_is_formatted_as_the_command_line_accepts_it() -> None:
    values = (3, 1e-5, True, "en", (0.9, 1.0), Path("/a"))
    assert [*map(setting_text, values)] == ["3", "1e-05", "true", "en", "0.9,1.0", "/a"]


def changed(name: str, **fields: Any) -> TaskEntry:
    assert ENTRY.options
    return replace(ENTRY, options={**ENTRY.options, name: replace(ENTRY.options[name], **fields)})


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (replace(ENTRY, presets=("base", "small")), "presets: ['small', 'base'] in the code"),
        (changed("hidden", default=8), "preset 'small': hidden: 16 in the code, expected 8"),
        (changed("hidden", type="float"), "option 'hidden': 'int' in the code, expected 'float'"),
        (changed("mode", choices=("a",)), "option 'mode': \"'a' or 'b'\" in the code"),
        (changed("speeds", repeat=False), "option 'speeds': 'several float' in the code"),
        (changed("speeds", default=[0.5]), "preset 'small': speeds: [0.5, 1.0] in the code"),
        (
            replace(ENTRY, preset_values={"base": {"hidden": 64}}),
            "preset 'small': epochs: 9 in the code, expected 40 as in the manifest",
        ),
        (
            replace(ENTRY, preset_values={**ENTRY.preset_values, "base": {"hiden": 64}}),
            "preset 'base': no setting 'hiden', expected one there is",
        ),
        (
            replace(ENTRY, options={"hidden": Option(type="int", default=16)}),
            "options: ['hidden', 'mode', 'speeds'] in the code, expected ['hidden']",
        ),
    ],
)
def test_a_manifest_that_differs_from_the_code_is_refused(entry: TaskEntry, text: str) -> None:
    check_task(ENTRY, TASK)
    check_task(UNDESCRIBED, TASK)
    with pytest.raises(PluginError) as error:
        check_task(entry, TASK)
    assert str(error.value).startswith(text)


@pytest.fixture
def built_in(tmp_path: Path) -> dict[str, Plugin]:
    """The built-in plugins."""
    return {one.id: one for one in Catalogue.load(Profile(tmp_path / "profile")).plugins}


@pytest.mark.parametrize("name", ["speech", "music"])
def test_the_built_in_plugins_describe_their_tasks_correctly(
    built_in: dict[str, Plugin], name: str
) -> None:
    source = plugin_source(built_in[name])
    assert all(task.options is not None for task in built_in[name].manifest.tasks)
    assert Plugins([source]).contributions("tasks")[name]

    tasks = [{**table, "preset_values": {}} for table in source.manifest["tasks"]]
    wrong = replace(source, manifest={**source.manifest, "tasks": tasks})
    with pytest.raises(PluginError, match=rf"^plugin '{name}': task .*: preset .* in the code"):
        Plugins([wrong]).contributions("tasks")


def test_a_training_with_a_wrong_setting_starts_no_worker(tmp_path: Path) -> None:
    arguments = {"data": "x", "run": "y", "settings": ("hidden=0",)}
    spec = JobSpec(plugin="speech", verb="train", name="speech.ctc", arguments=arguments)
    with pytest.raises(ConfigError, match=r"^hidden=0, expected at least 1$"):
        Studio(tmp_path / "profile").submit(spec)

"""Train, evaluate, verify, use, import, export and remove models through the host."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import JobError, ModelError, TrainingError
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, JobFinished
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.bundle_files import write_bundle
from seqstudio.services.runs import open_run
from seqstudio.services.stored_weights import stored_weights

PLUGINS = Path(__file__).parents[2] / "plugins"
WORDS = [
    "abc",
    "bcd",
    "cde",
    "dea",
    "eab",
    "abcd",
    "bcde",
    "cdea",
    "deab",
    "eabc",
    "abcde",
    "bcdea",
] * 2
PART = """
from seqstudio.api import PartSpec, hookimpl


class Cell:
    part = "more.cell"


@hookimpl
def seqstudio_parts():
    return [PartSpec("more.cell", Cell, lambda config, around: None)]
"""


@pytest.fixture
def spelling(site: Any, home: Path, tmp_path: Path) -> Studio:
    """A studio with the letters plugin, which runs in a thread: all tests import torch once."""
    shutil.copytree(PLUGINS / "letters", site.install("letters", "", ""), dirs_exist_ok=True)
    (tmp_path / "words.txt").write_text("\n".join(WORDS))
    return Studio(home, workers=False)


def run(studio: Studio, verb: Any, name: str, **fields: Any) -> tuple[list[Any], JobFinished]:
    spec = JobSpec(plugin="letters", verb=verb, name=name, **fields)
    events = list(studio.submit(spec).events())
    finished = events[-1]
    assert isinstance(finished, JobFinished)
    return events, finished


@pytest.fixture
def trained(spelling: Studio, tmp_path: Path) -> Path:
    arguments = {"data": str(tmp_path / "words.txt"), "run": str(tmp_path / "run")}
    events, finished = run(spelling, "train", "letters.words", arguments=arguments)
    assert finished.state == "done", finished
    names = [e.event["event"] for e in events if isinstance(e, ItemProgress)]
    assert {"step", "evaluated", "saved", "finished"} <= set(names)
    assert finished.value["event"] == "finished"
    return tmp_path / "run"


@pytest.mark.medium
def test_a_cancelled_training_continues_where_it_stopped_when_its_job_is_resumed(
    spelling: Studio, tmp_path: Path
) -> None:
    arguments = {
        "data": str(tmp_path / "words.txt"),
        "run": str(tmp_path / "run"),
        "settings": ("epochs=2000",),
    }
    spec = JobSpec(plugin="letters", verb="train", name="letters.words", arguments=arguments)
    handle = spelling.submit(spec)
    events = handle.events()
    last = next(e.event["step"] for e in events if isinstance(e, ItemProgress) and e.event)
    handle.cancel()
    assert handle.wait().state == "cancelled"
    resumed = spelling.resume(handle.id)
    steps = (e.event["step"] for e in resumed.events() if isinstance(e, ItemProgress) and e.event)

    assert next(steps) >= last
    resumed.cancel()
    assert resumed.wait().state == "cancelled"


def test_a_model_is_trained_evaluated_verified_and_used(
    spelling: Studio, trained: Path, tmp_path: Path
) -> None:
    _, evaluated = run(
        spelling,
        "evaluate",
        "letters.words",
        model=str(trained),
        arguments={"data": str(tmp_path / "words.txt"), "split": "test"},
    )
    assert (evaluated.value["items"], evaluated.value["refused"]) == (1, [])  # held out
    assert 0 < evaluated.value["nll_per_token"] < 3
    _, verified = run(
        spelling,
        "verify",
        "letters.words",
        model=str(trained),
        arguments={"demo": str(tmp_path)},
    )
    assert verified.value == {
        "model": "run",
        "sha256": spelling.models.find(str(trained)).sha256,
        "golden": [],
    }
    events, finished = run(
        spelling,
        "operation",
        "spell",
        model=str(trained),
        out=tmp_path / "word.txt",
        seed=1,
        takes=2,
    )
    assert finished == JobFinished(state="done", done=2)
    assert [e.model for e in events if isinstance(e, ItemDone)] == ["run", "run"]
    assert len((tmp_path / "word.1.txt").read_text()) == 8
    provenance = spelling.jobs.items(spelling.jobs.list()[0].id)[0].provenance
    assert provenance["model"] == {"name": "run", "sha256": verified.value["sha256"]}
    assert {"torch", "device", "dtype", "seqstudio", "seed", "options", "plugin_version"} <= {
        *provenance
    }


@pytest.mark.medium
def test_take_seven_of_seven_equals_take_seven_of_sixteen(
    spelling: Studio, trained: Path, tmp_path: Path
) -> None:
    fields: dict[str, Any] = {"model": str(trained), "seed": 11}
    run(spelling, "operation", "spell", out=tmp_path / "all.txt", takes=16, **fields)
    run(spelling, "operation", "spell", out=tmp_path / "few.txt", takes=7, **fields)
    assert (tmp_path / "few.7.txt").read_bytes() == (tmp_path / "all.7.txt").read_bytes()
    assert len({path.read_text() for path in tmp_path.glob("all.*.txt")}) > 8


def test_a_model_is_imported_used_by_name_exported_and_removed(
    spelling: Studio, trained: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"^letters spell: no model for letters\.words is inst"):
        run(spelling, "operation", "spell")
    assert spelling.models.add(trained, "mine").name == "mine"
    with pytest.raises(ModelError, match=r"^model 'mine' is installed already, expected another"):
        spelling.models.add(trained, "mine")
    events, _ = run(spelling, "operation", "spell")
    assert [e.model for e in events if isinstance(e, ItemDone)] == ["mine"]
    exported = spelling.models.export("mine", tmp_path / "moved.seqmodel")
    assert exported.sha256 == spelling.models.find("mine").sha256
    assert spelling.models.find(str(tmp_path / "moved.seqmodel")).facts.task == "letters.words"
    spelling.models.remove("mine")
    assert spelling.models.imported() == []
    with pytest.raises(JobError, match=r"^no imported model 'mine', expected one of: none$"):
        spelling.models.remove("mine")


def test_the_weights_of_any_step_that_a_run_still_has_become_a_model(
    spelling: Studio, trained: Path
) -> None:
    (first,) = stored_weights(open_run(trained))
    kept = spelling.keep_weights(trained, first.step, "early")

    assert (kept.name, kept.facts.card.steps) == ("early", first.step)
    assert first.evaluated
    assert kept.facts.card.metrics[0].value == first.evaluated.value
    events, _ = run(spelling, "operation", "spell", model="early")
    assert [e.model for e in events if isinstance(e, ItemDone)] == ["early"]
    with pytest.raises(ModelError, match=r"^model 'early' is installed already, expected another"):
        spelling.keep_weights(trained, first.step, "early")
    with pytest.raises(TrainingError, match=r"no weights of step 999, expected one of: epoch \d"):
        spelling.keep_weights(trained, 999, "never")


def test_a_model_whose_weights_have_other_shapes_is_not_imported(
    spelling: Studio, trained: Path, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(trained / "model", tmp_path / "bad"))
    names = ("config.json", "card.json", "weights.safetensors")
    contents = {name: (bundle / name).read_bytes() for name in names}
    table = json.loads(contents["config.json"])
    table["model"]["decoder"]["hidden"] += 1
    write_bundle(bundle, {**contents, "config.json": json.dumps(table).encode()})
    with pytest.raises(ModelError, match=r"weights\.safetensors: .* has shape \(.*\), expected"):
        spelling.import_model(bundle)
    assert spelling.models.imported() == []
    assert spelling.import_model(trained, "mine").name == "mine"


def test_a_shipped_model_must_have_the_hash_in_its_manifest(
    spelling: Studio, trained: Path, site: Any, home: Path
) -> None:
    package = site.folder / "plugin_letters"
    shutil.copytree((trained / "model").resolve(), package / "models/small")
    entry = '[[models]]\nname = "small"\ntask = "letters.words"\npath = "models/small"\n'
    sha256 = spelling.models.find(str(trained)).sha256
    manifest = package / "seqstudio.toml"
    without_model = manifest.read_text()
    manifest.write_text(f'{without_model}\n{entry}sha256 = "{sha256}"\n')
    events, _ = run(Studio(home, workers=False), "operation", "spell")
    assert [e.model for e in events if isinstance(e, ItemDone)] == ["small"]
    manifest.write_text(f'{without_model}\n{entry}sha256 = "{"0" * 64}"\n')
    studio = Studio(home, workers=False)
    assert "expected 0000" in studio.models.damaged()["small"]
    with pytest.raises(ModelError, match=r"^model 'small' of plugin 'letters': sha256 .* expected"):
        studio.models.find("small")


def test_the_error_for_a_missing_model_is_one_line(spelling: Studio) -> None:
    with pytest.raises(ModelError, match=r"^no model 'nobody', expected a bundle, a run folder"):
        run(spelling, "operation", "spell", model="nobody")


def test_the_error_for_a_missing_device_is_one_line(spelling: Studio, trained: Path) -> None:
    events, finished = run(spelling, "operation", "spell", model=str(trained), device="warp")
    (failed,) = [event for event in events if isinstance(event, ItemFailed)]
    assert failed.reason.startswith("device='warp', expected auto or one of cpu")
    assert finished.state == "failed"


@pytest.mark.medium
def test_a_worker_process_gives_the_same_bytes_as_the_thread(
    spelling: Studio, trained: Path, tmp_path: Path, home: Path
) -> None:
    fields: dict[str, Any] = {"model": str(trained), "seed": 5, "takes": 3}
    run(spelling, "operation", "spell", out=tmp_path / "thread.txt", **fields)
    run(Studio(home), "operation", "spell", out=tmp_path / "process.txt", **fields)
    for take in (1, 2, 3):
        thread, process = (tmp_path / f"{name}.{take}.txt" for name in ("thread", "process"))
        assert thread.read_bytes() == process.read_bytes()


@pytest.mark.medium
def test_a_pooled_worker_loads_a_model_again_that_was_replaced(
    spelling: Studio, trained: Path, tmp_path: Path
) -> None:
    settings = {"settings": ("seed=2",), "run": str(tmp_path / "other")}
    arguments = {"data": str(tmp_path / "words.txt"), **settings}
    assert run(spelling, "train", "letters.words", arguments=arguments)[1].state == "done"
    warm = Studio(spelling.profile.home, warm=True)
    fields: dict[str, Any] = {"model": str(trained), "seed": 5, "takes": 8}
    summaries, models = [], []
    for number in range(3):
        if number == 2:
            shutil.rmtree(trained)
            (tmp_path / "other").rename(trained)
        out = tmp_path / f"{number}.txt"
        events, _ = run(warm, "operation", "spell", out=out, **fields)
        summaries.append([event.summary for event in events if isinstance(event, ItemDone)])
        item = warm.jobs.items(warm.jobs.list()[0].id)[0]
        models.append(item.provenance["model"]["sha256"])
    warm.close()

    assert summaries[0] == summaries[1] != summaries[2]
    assert models[0] == models[1] != models[2]


@pytest.mark.medium
def test_a_cancelled_training_saves_and_can_be_resumed(
    spelling: Studio, home: Path, tmp_path: Path, wait_for: Callable[..., Any]
) -> None:
    arguments = {
        "data": str(tmp_path / "words.txt"),
        "run": str(tmp_path / "run"),
        "settings": ["epochs=100000"],
    }
    studio = Studio(home)
    spec = JobSpec(plugin="letters", verb="train", name="letters.words", arguments=arguments)
    handle = studio.submit(spec)
    events = handle.events()
    step = wait_for(events, lambda e: isinstance(e, ItemProgress) and e.event["event"] == "step")
    handle.cancel()
    last_events: list[Any] = list(events)
    assert last_events[-1].state == "cancelled"
    stopped = [e.event for e in last_events if isinstance(e, ItemProgress)][-1]
    assert (stopped["event"], stopped["reason"]) == ("finished", "stopped")
    resumed = studio.submit(
        JobSpec(
            plugin="letters",
            verb="train",
            name="letters.words",
            arguments={**arguments, "resume": True},
        )
    )
    events = resumed.events()
    first = wait_for(events, lambda e: isinstance(e, ItemProgress) and e.event["event"] == "step")
    assert first.event["step"] > step.event["step"]
    resumed.cancel()
    list(events)


def test_a_run_lists_the_plugin_and_version_that_a_part_needs(
    spelling: Studio, site: Any, home: Path, tmp_path: Path
) -> None:
    site.install("more", '[[parts]]\nname = "more.cell"\n', PART, version="2.5")
    arguments = {"data": str(tmp_path / "words.txt"), "run": str(tmp_path / "run")}
    run(Studio(home, workers=False), "train", "letters.words", arguments=arguments)

    spec = json.loads((tmp_path / "run/run.json").read_text())
    assert spec["requires"]["more.cell"] == "more>=2.5"


def test_a_models_card_is_read_again_when_its_file_has_another_time(home: Path) -> None:
    studio = Studio(home)
    mine = studio.models.add(studio.models.find("music-folk").path, "mine")
    card = mine.path / "card.json"
    before = card.stat()
    card.write_bytes(b"x" * before.st_size)
    os.utime(card, ns=(before.st_atime_ns, before.st_mtime_ns))
    studio.refresh()
    assert studio.models.find("mine") == mine
    os.utime(card)
    with pytest.raises(ModelError, match=r"card\.json has SHA-256"):
        studio.models.find("mine")
    assert list(studio.models.damaged()) == ["mine"]

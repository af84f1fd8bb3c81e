"""Listings of jobs, models and plugins, and the doctor, as text and JSON."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seqstudio.cli.output import table, to_json
from seqstudio.host.text_format import UNPRINTABLE

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def job_in_state(run: Run, state: str) -> int:
    """Wait until the newest job is in a state; return its number."""
    end = time.monotonic() + 30
    while True:
        jobs = json.loads(run("jobs", "list", "--json").stdout)
        if jobs and jobs[0]["state"] == state:
            return int(jobs[0]["id"])
        assert time.monotonic() < end, jobs


@pytest.mark.medium
def test_an_empty_profile_has_no_jobs(run: Run) -> None:
    assert run("jobs", "list").stdout == "No jobs yet. Operations that you run are listed here.\n"
    assert json.loads(run("jobs", "list", "--json").stdout) == []


@pytest.mark.medium
def test_a_job_is_listed_and_shown_with_its_items(run: Run, tmp_path: Path) -> None:
    run("echo", "count", "--out", tmp_path / "n.txt", "--takes", 2, "--seed", 3)
    listed = run("jobs", "list").stdout
    shown = run("jobs", "show", 1).stdout
    document = json.loads(run("jobs", "show", 1, "--json").stdout)

    assert "echo count" in listed
    assert "2 done" in listed
    assert f"done: count, take 2: {tmp_path}/n.2.txt" in shown
    assert document["seed"] == 3
    assert [item["take"] for item in document["items"]] == [1, 2]
    assert document["items"][0]["provenance"]


@pytest.mark.medium
def test_a_job_is_cancelled_from_another_terminal_and_resumed_by_number(
    run: Run, environment: Mapping[str, str], tmp_path: Path
) -> None:
    command = ["echo", "count", "--out", tmp_path / "n.txt", "--seconds", "3", "--seed", "3"]
    process = subprocess.Popen(
        [sys.executable, "-m", "seqstudio", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    number = job_in_state(run, "running")
    assert run("jobs", "cancel", number).returncode == 0
    assert process.wait(timeout=30) == 130
    assert not (tmp_path / "n.txt").exists()
    resumed = run("jobs", "resume", number)

    assert resumed.returncode == 0, resumed.stderr
    assert (tmp_path / "n.txt").is_file()


@pytest.mark.medium
def test_retry_runs_failed_items_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    letter = tmp_path / "work" / "letter.txt"
    letter.write_text("")
    first = run("echo", "repeat", letter, "--out", tmp_path / "out")
    resumed = run("jobs", "resume", 1)
    letter.write_text("now there is something")
    again = run("jobs", "retry", 1)

    assert first.returncode == 3
    assert resumed.returncode == 1
    message = "job 1 has ended, 1 of its items failed; `seqstudio jobs retry 1` runs them again"
    assert resumed.stderr == f"Error: {message}\n"
    assert "job 1 has ended, expected a stopped job" in run("jobs", "resume", 1).stderr
    assert again.returncode == 0, again.stderr
    assert "something" in (tmp_path / "out" / "letter.txt").read_text()


@pytest.mark.medium
def test_a_model_is_exported_imported_and_removed(run: Run, tmp_path: Path) -> None:
    exported = run("models", "export", "rolls-jsb", tmp_path / "mine.seqmodel")
    imported = run("models", "import", tmp_path / "mine.seqmodel", "--name", "mine")
    listed = json.loads(run("models", "list", "--json").stdout)["models"]
    shown = run("models", "show", "mine").stdout
    removed = run("models", "remove", "mine")
    gone = run("models", "show", "mine")

    assert [done.returncode for done in (exported, imported, removed)] == [0, 0, 0]
    same = {model["sha256"] for model in listed if model["name"] in ("mine", "rolls-jsb")}
    assert len(same) == 1
    assert "seqstudio train music.rolls" in shown
    assert gone.returncode == 1


HOSTILE_NAME = "a\x1b[2J\x9b31m\u202egpj\rb\ndone: c.txt"


def test_a_hostile_text_stays_in_its_cell_and_in_its_json_string() -> None:
    cells = table(["name", "task"], [[HOSTILE_NAME, "x"]])
    document = to_json({"name": HOSTILE_NAME})

    assert len(cells.splitlines()) == 2
    assert not re.search(UNPRINTABLE, cells + document)
    assert json.loads(document)["name"] == HOSTILE_NAME


@pytest.mark.medium
@pytest.mark.parametrize("content", ["", "words"], ids=["fails", "is done"])
def test_a_hostile_file_name_cannot_move_the_cursor(run: Run, tmp_path: Path, content: str) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / f"{HOSTILE_NAME}.txt").write_text(content)
    (folder / "good.txt").write_text("words")
    done = run("echo", "repeat", folder, "--out", tmp_path / "out")
    shown = [run("jobs", "show", 1), run("jobs", "show", 1, "--json")]
    text = "".join(one.stdout + one.stderr for one in (done, *shown))

    assert not re.search(UNPRINTABLE, text)
    assert "\ndone: c.txt" not in text
    assert r"a\x1b[2J" in done.stdout + done.stderr


@pytest.mark.medium
def test_models_are_listed_with_their_metrics(run: Run) -> None:
    output = run("models", "list").stdout

    assert "rolls-jsb" in output
    assert "nll_per_frame 4.585 (valid)" in output


@pytest.mark.medium
def test_plugins_are_listed_with_their_operations_and_tasks(run: Run) -> None:
    output = run("plugins", "list").stdout
    found = {p["id"]: p for p in json.loads(run("plugins", "list", "--json").stdout)["plugins"]}

    assert "repeat, count" in output
    assert found["echo"]["operations"] == ["repeat", "count", "listen"]
    assert "music.voices" in found["music"]["tasks"]


@pytest.mark.medium
def test_the_doctor_finds_no_problem_here(run: Run) -> None:
    done = run("doctor", "--json")
    found = {one["subject"]: one for one in json.loads(done.stdout)}

    assert done.returncode == 0, done.stderr
    assert found["torch loads"]["fact"].startswith("in ")
    assert "plugin speech" in found


def test_a_plugin_is_not_named_like_one_in_the_box(run: Run, tmp_path: Path) -> None:
    refused = run("plugins", "new", "speech", "--out", tmp_path / "speech")

    assert refused.returncode == 1
    assert refused.stderr == "Error: speech comes with SeqStudio, expected another name\n"
    assert not (tmp_path / "speech").exists()


@pytest.mark.medium
def test_plugins_are_listed_with_what_they_add_to_others(run: Run) -> None:
    listed, shown = run("plugins", "list").stdout, run("plugins", "show", "forecast").stdout

    assert "importers: nab; exporters: png" in listed
    assert "api           >=1.0,<2" in shown
    assert "exporters     png" in shown


@pytest.mark.medium
def test_the_log_of_a_plugins_newest_job_is_shown(run: Run, tmp_path: Path) -> None:
    none = run("plugins", "logs", "echo")
    run("echo", "count", "--out", tmp_path / "n.txt", "--seed", 3)
    shown = run("plugins", "logs", "echo")

    assert none.stderr == "Error: echo has run no job, expected one; each job has a log\n"
    assert shown.stdout.startswith("job 1: operation count, done\n  ")

"""Help is quick, complete, drawn from manifests, and loads nothing heavy."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import click
import pytest

from seqstudio.cli.group import VERBS, studio_command
from seqstudio.cli.main import columns
from seqstudio.cli.reference import walk

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROUNDS = 11
LIMIT = 3.0
HEAVY = ("torch", "rich", "sqlite3", "numpy", "importlib.metadata", "msgspec", "dataclasses")


def seconds(environment: Mapping[str, str], program: str, *arguments: str) -> float:
    """Time one fresh Python."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("echo", "--help")])
def test_version_and_help_take_at_most_three_times_a_bare_argparse(
    arguments: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    command_line = "from seqstudio.cli.main import main; main()"
    seconds(environment, command_line, *arguments)  # fills the catalogue's cache
    ratios = []
    for _ in range(ROUNDS):  # each beside its own peer, so that a busy machine slows both
        bare = seconds(environment, "import argparse")
        ratios.append(seconds(environment, command_line, *arguments) / bare)

    assert statistics.median(ratios) < LIMIT


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("echo", "--help")])
def test_help_loads_nothing_heavy(
    arguments: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(*(n for n in {HEAVY!r} if n in sys.modules), 'end'))\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "from seqstudio.cli.main import main\n"
        "main()\n"
    )
    for _ in range(2):  # the first run fills the catalogue's cache
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

    assert done.stdout.splitlines()[-1] == "end"


def test_help_lists_every_verb_and_every_plugin(run: Run) -> None:
    said = run("--help").stdout

    for name in (*VERBS, "echo", "music", "speech"):
        assert f"\n  {name} " in said


def test_help_of_an_operation_holds_options_bounds_formats_and_examples(run: Run) -> None:
    said = run("echo", "repeat", "--help").stdout

    assert "Formats of the text: txt." in said
    assert "[default: 1; 1<=x<=9]" in said
    assert "--loud / --no-loud" in said
    assert "[calm|cross]" in said
    assert "seqstudio echo repeat letter.txt --out again --times 2" in said


def test_help_of_train_lists_the_tasks_and_the_settings_of_the_one_that_is_named(run: Run) -> None:
    tasks = run("train", "--help").stdout
    assert "speech.ctc    Speech to characters" in tasks
    assert "hidden" not in tasks
    told = " ".join(run("train", "speech.ctc", "--help").stdout.split())
    for text in (
        "Settings of speech.ctc: hidden=INT",
        "[1<=x] [small: 320; base: 512]",
        "subsampling=stack|conv",
        "speeds=FLOAT,... Speeds that a recording is learned at. [0.5<=x<=2] [default: 0.9",
        "Settings of every training: seed=INT",
        "epochs=INT Passes through the data. [1<=x] [small: 60; base: 40]",
    ):
        assert text in told
    assert "inner_hidden" not in told


def test_an_operation_on_a_stream_is_no_command(run: Run) -> None:
    assert "listen" not in run("echo", "--help").stdout
    assert "No such command 'listen'" in run("echo", "listen").stderr


def test_takes_and_seed_are_for_generative_operations_only(run: Run) -> None:
    assert "--takes" not in run("echo", "repeat", "--help").stdout
    assert "--takes" in run("echo", "count", "--help").stdout


def test_every_command_explains_itself_with_the_parameters_it_has() -> None:
    root = click.Context(studio_command, info_name="seqstudio")
    for name in (*VERBS, "music", "speech"):
        command = studio_command.get_command(root, name)
        assert command is not None
        for context in walk(root, name, command):
            assert context.command.help, context.command_path
            for parameter in context.command.params:
                if isinstance(parameter, click.Option):
                    assert parameter.help, f"{context.command_path} {parameter.name}"


@pytest.mark.parametrize(("named", "wide"), [("120", 120), ("7", 40)])
def test_columns_follow_the_environment(
    named: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", named)

    assert columns() == wide

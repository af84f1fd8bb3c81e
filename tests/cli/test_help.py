"""Help is fast and complete, and imports no heavy modules."""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import click
import pytest

from seqstudio.cli.main import columns
from seqstudio.cli.options import Device
from seqstudio.cli.reference import walk
from seqstudio.cli.root import COMMANDS, studio_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROUNDS = 11
LIMIT = 3.0
HEAVY = (
    "torch",
    "llvmlite",
    "rich",
    "sqlite3",
    "numpy",
    "importlib.metadata",
    "msgspec",
    "dataclasses",
)


def seconds(environment: Mapping[str, str], program: str, *arguments: str) -> float:
    """Return the wall time of one Python process."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


@pytest.mark.medium
@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("echo", "--help")])
def test_version_and_help_take_at_most_three_times_a_bare_argparse(
    arguments: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    command_line = "from seqstudio.cli.main import main; main()"
    seconds(environment, command_line, *arguments)  # fills the cache of the catalogue
    ratios = []
    for _ in range(ROUNDS):  # in pairs, so that a busy machine slows both
        bare = seconds(environment, "import argparse")
        ratios.append(seconds(environment, command_line, *arguments) / bare)

    assert statistics.median(ratios) < LIMIT


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("echo", "--help")])
def test_help_imports_no_heavy_modules(
    arguments: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(*(n for n in {HEAVY!r} if n in sys.modules), 'end'))\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "from seqstudio.cli.main import main\n"
        "main()\n"
    )
    for _ in range(2):  # the first run fills the cache of the catalogue
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

    assert done.stdout.splitlines()[-1] == "end"


def test_help_lists_every_command_and_every_plugin(run: Run) -> None:
    output = run("--help").stdout

    for name in (*COMMANDS, "echo", "music", "speech"):
        assert f"\n  {name} " in output


def test_help_of_an_operation_has_options_bounds_formats_and_examples(run: Run) -> None:
    output = run("echo", "repeat", "--help").stdout

    assert "Formats of the text: txt." in output
    assert "[default: 1; 1<=x<=9]" in output
    assert "--loud / --no-loud" in output
    assert "[calm|cross]" in output
    assert "seqstudio echo repeat letter.txt --out again --times 2" in output


@pytest.mark.medium
def test_help_of_train_lists_the_tasks_or_the_settings_of_one(run: Run) -> None:
    tasks = run("train", "--help").stdout
    assert re.search("speech.ctc +Speech to characters", tasks)
    assert "hidden" not in tasks
    settings = " ".join(run("train", "speech.ctc", "--help").stdout.split())
    for text in (
        "Settings of speech.ctc: hidden=INT",
        "[1<=x] [small: 320; base: 512; streaming: 320]",
        "subsampling=stack|conv",
        "speeds=FLOAT,... Speeds at which recordings are used in training. [0.5<=x<=2] [default:",
        "Settings of every training: seed=INT",
        "epochs=INT Passes through the training data. [1<=x] [small: 60; base: 40; streaming: 60]",
    ):
        assert text in settings
    assert "inner_hidden" not in settings


def test_an_operation_on_a_stream_of_midi_reads_a_port_or_a_file(run: Run) -> None:
    assert "listen" in run("echo", "--help").stdout
    help_text = run("echo", "listen", "--help").stdout
    assert "[FILE]" in help_text
    assert "--port" in help_text
    assert "--pace" in help_text


def test_only_generative_operations_have_takes(run: Run) -> None:
    assert "--takes" not in run("echo", "repeat", "--help").stdout
    assert "--takes" in run("echo", "count", "--help").stdout


def test_every_command_and_option_has_help() -> None:
    root = click.Context(studio_command, info_name="seqstudio")
    for name in (*COMMANDS, "music", "speech"):
        command = studio_command.get_command(root, name)
        assert command is not None
        for context in walk(root, name, command):
            assert context.command.help, context.command_path
            for parameter in context.command.params:
                if isinstance(parameter, click.Option):
                    assert parameter.help, f"{context.command_path} {parameter.name}"


@pytest.mark.parametrize(("value", "expected"), [("120", 120), ("7", 40)])
def test_columns_follow_the_environment(
    value: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", value)

    assert columns() == expected


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "mps"])
def test_every_name_of_a_device_is_accepted(device: str) -> None:
    assert Device().convert(device, None, None) == device


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "cpu:0"])
def test_another_name_of_a_device_is_refused_with_those_there_are(device: str) -> None:
    with pytest.raises(click.UsageError, match="is not one of auto, cpu, cuda, cuda:N, mps"):
        Device().convert(device, None, None)

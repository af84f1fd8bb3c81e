"""Nothing leaves the machine: everything runs without a network."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Alone = Callable[..., str]
ASSETS = Path(__file__).parents[2] / "assets"
NAMESPACE = ("unshare", "--map-root-user", "--net")
pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(
        not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], check=False).returncode,
        reason="no empty network namespace available (unshare --map-root-user --net)",
    ),
]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alone:
    """Return a function that runs Python in a namespace whose only interface, loopback, is down."""
    monkeypatch.setenv("SEQSTUDIO_HOME", str(tmp_path / "profile"))

    def run_offline(*arguments: object) -> str:
        done = subprocess.run(
            [*NAMESPACE, sys.executable, *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_offline


def recordings_with_texts(folder: Path) -> Path:
    """Copy the shipped recordings to a folder, with a `.txt` file next to each."""
    folder.mkdir()
    with (ASSETS / "speech" / "manifest.tsv").open(encoding="utf-8") as listing:
        for row in csv.DictReader(listing, delimiter="\t", quoting=csv.QUOTE_NONE):
            shutil.copy(ASSETS / "speech" / row["path"], folder)
            (folder / row["path"]).with_suffix(".txt").write_text(row["transcript"])
    return folder


def test_the_namespace_has_no_network(alone: Alone) -> None:
    program = (
        "import socket\n"
        "try: socket.create_connection(('127.0.0.1', 9), timeout=1)\n"
        "except OSError as error: print(error.strerror)\n"
    )

    assert "unreachable" in alone("-c", program)


def test_the_demo_runs_without_a_network(alone: Alone, tmp_path: Path) -> None:
    found = json.loads(alone("-m", "seqstudio", "demo", "--json"))

    assert len(found["recordings"]) == 5
    assert (tmp_path / "seqstudio-demo" / "music" / "folk-tune.wav").stat().st_size > 100_000


def test_training_transcribing_and_composing_run_without_a_network(
    alone: Alone, tmp_path: Path
) -> None:
    data = recordings_with_texts(tmp_path / "mine")
    settings = [word for s in ("epochs=1", "hidden=16", "layers=1") for word in ("--set", s)]
    alone("-m", "seqstudio", "train", "speech.ctc", data, "--run", "run", *settings)
    alone("-m", "seqstudio", "speech", "transcribe", data, "--model", "run", "--out", "words")
    alone("-m", "seqstudio", "music", "generate", "--out", "tune.mid", "--bars", 4, "--seed", 1)

    assert len(list((tmp_path / "words").glob("*.txt"))) == 5
    assert (tmp_path / "tune.mid").read_bytes().startswith(b"MThd")

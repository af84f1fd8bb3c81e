"""Each worked plugin, from its wheel, in an environment outside the clone."""

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any  # for conftest's `Installed`, which test modules cannot import

import pytest

ROOT = Path(__file__).parents[2]
SPOKEN = ROOT / "assets" / "speech" / "an2-mblw-b.flac"
PIECE = ROOT / "assets" / "music" / "o-haupt.mid"
Install = Callable[[str], Callable[..., str]]
pytestmark = pytest.mark.medium


@pytest.fixture
def install(installed: Any, tmp_path: Path) -> Install:
    """Return a function that installs an example's wheel and returns one that runs commands."""

    def run(*arguments: object) -> str:
        done = installed.seqstudio(*arguments)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def build_and_install(name: str) -> Callable[..., str]:
        project = ROOT / "plugins" / "examples" / name
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path]
        subprocess.run([*build, project], check=True, capture_output=True)
        (wheel,) = tmp_path.glob("*.whl")
        run("plugins", "verify", wheel)
        asked = installed.seqstudio("plugins", "install", wheel).stderr
        run("plugins", "install", wheel, "--accept", asked.partition("--accept ")[2].split()[0])
        return run

    return build_and_install


def test_the_exporter(install: Install, tmp_path: Path) -> None:
    run = install("lrc")
    run("speech", "transcribe", SPOKEN, "--out", tmp_path / "words", "--format", "lrc")

    assert (tmp_path / "words" / f"{SPOKEN.stem}.lrc").read_text("utf-8").startswith("[00:0")


def test_the_importer(install: Install, tmp_path: Path) -> None:
    run = install("stm")
    data = tmp_path / "data" / "test"
    data.mkdir(parents=True)
    shutil.copy(SPOKEN, data)
    with (ROOT / "assets" / "speech" / "manifest.tsv").open(encoding="utf-8") as stream:
        rows = {row["path"]: row for row in csv.DictReader(stream, delimiter="\t")}
    text = rows[SPOKEN.name]["transcript"]
    (data / "words.stm").write_text(f"{SPOKEN.stem} 1 ann 0 9 <F0> {text}\n", encoding="utf-8")
    command = ("evaluate", "speech-en-small", data.parent, "--importer", "stm.stm")

    assert '"items": 1' in run(*command, "--json", "-")


def test_the_operation_without_torch(install: Install, tmp_path: Path) -> None:
    run = install("key")
    run("key", "find", PIECE, "--out", tmp_path / "keys.csv")

    assert (tmp_path / "keys.csv").read_text("utf-8").startswith("key,fit\n")


def test_the_task_with_ctc(install: Install, tmp_path: Path) -> None:
    run = install("morse")
    (tmp_path / "texts.txt").write_text("SOS\nPARIS 73\n" * 8, encoding="utf-8")
    settings = ("--set", "epochs=1", "--set", "hidden=8")
    run("train", "morse.tones", tmp_path / "texts.txt", "--run", tmp_path / "run", *settings)
    run("morse", "send", tmp_path / "texts.txt", "--out", tmp_path / "sent.wav")
    copied = ("--model", tmp_path / "run", "--out", tmp_path / "copied.txt")
    run("morse", "copy", tmp_path / "sent.wav", *copied)

    assert (tmp_path / "copied.txt").exists()


def test_the_task_with_attention(install: Install, tmp_path: Path) -> None:
    run = install("rewrite")
    (tmp_path / "pairs.txt").write_text("1 May\t05-01\n2 June\t06-02\n" * 8, encoding="utf-8")
    settings = ("--set", "epochs=1", "--set", "hidden=8")
    run("train", "rewrite.pairs", tmp_path / "pairs.txt", "--run", tmp_path / "run", *settings)
    (tmp_path / "dates.txt").write_text("3 May\n", encoding="utf-8")
    written = ("--model", tmp_path / "run", "--out", tmp_path / "iso.txt")
    run("rewrite", "apply", tmp_path / "dates.txt", *written)

    assert (tmp_path / "iso.txt").read_text("utf-8").endswith("\n")

"""`train` and `evaluate` in real processes; the front end imports no torch."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.medium
TINY = ("--set", "epochs=1", "--set", "hidden=16", "--set", "inner_hidden=8", "--set", "layers=1")
LOADED = "torch llvmlite librosa seqstudio.core seqstudio_music seqstudio_speech"


@pytest.fixture
def rolls(tmp_path: Path) -> Path:
    """Write six short pieces of random frames to a train and a valid archive."""
    rng = np.random.default_rng(0)
    for split, pieces in (("train", 4), ("valid", 2)):
        lengths = np.full(pieces, 12)
        frames = (rng.random((lengths.sum(), 88)) < 0.04).astype(np.uint8)
        np.savez(tmp_path / f"SET.{split}.npz", frames=frames, lengths=lengths)
    return tmp_path / "SET.train.npz"


def seqstudio(environment: Mapping[str, str], folder: Path, *arguments: object) -> list[str]:
    """Run a command and return its output lines; the last one lists imported heavy modules."""
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print([n for n in {LOADED.split()!r} if n in sys.modules]))\n"
        f"sys.argv[1:] = {list(map(str, arguments))!r}\n"
        "from seqstudio.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_train_evaluate_and_verify_import_no_torch_in_the_front_end(
    environment: Mapping[str, str], rolls: Path, tmp_path: Path
) -> None:
    trained = seqstudio(
        environment, tmp_path, "train", "music.rolls", rolls.name, "--run", "run", *TINY
    )
    measured = seqstudio(
        environment, tmp_path, "evaluate", "run", rolls.name, "--split", "dev", "--json", "-"
    )
    verified = seqstudio(environment, tmp_path, "models", "verify", "run", "--data", rolls.name)

    assert [lines[-1] for lines in (trained, measured, verified)] == ["[]", "[]", "[]"]
    assert trained[0].startswith("epoch 1, step 1: nll_per_frame")
    assert "data: 6 used, 0 refused" in trained
    report = json.loads("\n".join(measured[:-1]))
    assert report["items"] == 2
    assert report["refused"] == []
    assert "1 metric compared" in verified[1]


def test_the_weights_of_a_step_are_listed_and_installed_as_a_model(
    environment: Mapping[str, str], rolls: Path, tmp_path: Path
) -> None:
    settings = ("epochs=3", *TINY[3::2], "keep_every=1")
    flags = [word for setting in settings for word in ("--set", setting)]
    seqstudio(environment, tmp_path, "train", "music.rolls", rolls.name, "--run", "run", *flags)
    shown = seqstudio(environment, tmp_path, "models", "checkpoints", "run")
    listed = seqstudio(environment, tmp_path, "models", "checkpoints", "run", "--json")
    first, *later = json.loads("\n".join(listed[:-1]))
    step = str(first["step"])
    kept = seqstudio(environment, tmp_path, "models", "import", "run", "--step", step)
    verified = seqstudio(environment, tmp_path, "models", "verify", f"run-step-{step}")

    assert [one["epoch"] for one in (first, *later)] == [1, 2, 3]
    assert "nll_per_frame" in shown[1]
    assert kept == [f"run-step-{step}: music.rolls, installed", "[]"]
    assert verified[-1] == shown[-1] == "[]"


def test_a_misspelt_setting_is_refused_with_a_suggestion(
    environment: Mapping[str, str], rolls: Path, tmp_path: Path
) -> None:
    command = ["train", "music.rolls", rolls, "--run", tmp_path / "r", "--set", "epoch=1"]
    done = subprocess.run(
        [sys.executable, "-m", "seqstudio", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Error: setting 'epoch' is unknown, expected epochs")
    assert not (tmp_path / "r").exists()

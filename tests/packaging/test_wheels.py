"""The contents of the wheels, and that they work outside the clone."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any  # for conftest's `Installed`, which test modules cannot import

import pytest

from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.medium


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    "package",
    ["seqstudio", "seqstudio_speech", "seqstudio_music", "seqstudio_forecast", "seqstudio_text"],
)
def test_a_wheel_contains_licence_and_notices(wheels: dict[str, Path], package: str) -> None:
    found = {Path(name).name for name in names(wheels[package]) if ".dist-info/licenses/" in name}

    assert {"LICENSE", "THIRD_PARTY_NOTICES.md"} <= found


def test_the_hosts_wheel_contains_every_demo_file_unchanged(wheels: dict[str, Path]) -> None:
    files = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    with zipfile.ZipFile(wheels["seqstudio"]) as archive:
        for path in files:
            packed = archive.read(f"seqstudio/{path.relative_to(ROOT)}")
            assert hashlib.sha256(packed).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert any(path.suffix == ".flac" for path in files)


def test_the_hosts_wheel_contains_py_typed_and_no_tests(wheels: dict[str, Path]) -> None:
    found = names(wheels["seqstudio"])

    assert "seqstudio/py.typed" in found
    assert not [name for name in found if name.startswith(("tests/", "plugins/", "docs/"))]


def test_a_plugins_wheel_contains_its_manifest_and_models(
    wheels: dict[str, Path],
) -> None:
    for plugin in Catalogue.load(Profile()).plugins:
        top = plugin.folder.name
        if top in wheels:
            found = names(wheels[top])
            assert f"{top}/seqstudio.toml" in found
            for model in plugin.manifest.models:
                assert f"{top}/{model.path}/weights.safetensors" in found


def test_the_installed_wheels_run_from_their_own_files(installed: Any) -> None:
    names = "seqstudio, seqstudio_speech, seqstudio_music, seqstudio_forecast, seqstudio_text"
    program = f"import {names}; print({names})"
    done = subprocess.run(
        [installed.python, "-c", program],
        cwd=installed.work,
        env=installed.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = json.loads(installed.seqstudio("plugins", "list", "--json").stdout)

    assert str(ROOT) not in done.stdout
    assert {plugin["id"] for plugin in listed["plugins"]} >= {"speech", "music", "forecast", "text"}
    assert listed["refused"] == {}


def test_the_installed_wheels_run_the_demo(installed: Any) -> None:
    done = installed.seqstudio("demo", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["recordings"]) == 5
    assert len(found["pieces"]) == 2
    suffixes = {path.suffix for path in (installed.work / "seqstudio-demo").rglob("*.*")}
    assert suffixes == {".txt", ".srt", ".json", ".png", ".mid", ".wav"}


def test_the_installed_models_verify(installed: Any) -> None:
    listed = json.loads(installed.seqstudio("models", "list", "--json").stdout)

    assert listed["damaged"] == {}
    shipped = [path.parent.name for path in ROOT.glob("plugins/*/src/*/models/*/card.json")]
    assert sorted(model["name"] for model in listed["models"]) == sorted(shipped)
    for model in listed["models"]:
        done = installed.seqstudio("models", "verify", model["name"])
        assert done.returncode == 0, done.stderr

"""What is in the wheels, and that they work outside the clone."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any  # of conftest's `Installed`, which no test module can import

import pytest

from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.medium


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.parametrize("package", ["seqstudio", "seqstudio_speech", "seqstudio_music"])
def test_a_wheel_holds_licence_and_notices(wheels: dict[str, Path], package: str) -> None:
    held = {Path(name).name for name in names(wheels[package]) if ".dist-info/licenses/" in name}

    assert {"LICENSE", "THIRD_PARTY_NOTICES.md"} <= held


def test_the_hosts_wheel_holds_every_demo_file_as_it_is(wheels: dict[str, Path]) -> None:
    files = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    with zipfile.ZipFile(wheels["seqstudio"]) as archive:
        for path in files:
            packed = archive.read(f"seqstudio/{path.relative_to(ROOT)}")
            assert hashlib.sha256(packed).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert any(path.suffix == ".flac" for path in files)


def test_the_hosts_wheel_holds_the_mark_of_typed_code_and_no_tests(wheels: dict[str, Path]) -> None:
    held = names(wheels["seqstudio"])

    assert "seqstudio/py.typed" in held
    assert not [name for name in held if name.startswith(("tests/", "plugins/", "docs/"))]


def test_a_plugins_wheel_holds_its_manifest_and_every_model_it_names(
    wheels: dict[str, Path],
) -> None:
    for plugin in Catalogue.load(Profile()).plugins:
        top = plugin.folder.name
        if top in wheels:
            held = names(wheels[top])
            assert f"{top}/seqstudio.toml" in held
            for model in plugin.manifest.models:
                assert f"{top}/{model.path}/weights.safetensors" in held


def test_the_installed_wheels_run_from_their_own_files(installed: Any) -> None:
    program = "import seqstudio, seqstudio_speech, seqstudio_music as m; print(seqstudio, m)"
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
    assert {plugin["id"] for plugin in listed["plugins"]} >= {"speech", "music"}
    assert listed["refused"] == {}


def test_the_installed_wheels_run_the_demo(installed: Any) -> None:
    done = installed.seqstudio("demo", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["heard"]) == 5
    assert len(found["composed"]) == 2
    made = {path.suffix for path in (installed.work / "seqstudio-demo").rglob("*.*")}
    assert made == {".txt", ".srt", ".json", ".png", ".mid", ".wav"}


def test_the_installed_models_verify(installed: Any) -> None:
    listed = json.loads(installed.seqstudio("models", "list", "--json").stdout)

    assert listed["damaged"] == {}
    assert len(listed["models"]) == 5
    for model in listed["models"]:
        done = installed.seqstudio("models", "verify", model["name"])
        assert done.returncode == 0, done.stderr

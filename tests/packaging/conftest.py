"""The wheels of host and plugins, and an environment outside the clone with only these."""

import os
import site
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT, *sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml")))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build the wheels with the installed build tools, without a download."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in SOURCES:
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, source],
            check=True,
            capture_output=True,
        )
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}


@dataclass(frozen=True)
class Installed:
    """An environment with the wheels installed, and a working folder."""

    python: Path
    work: Path
    environment: Mapping[str, str]

    def seqstudio(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run the installed command."""
        return subprocess.run(
            [self.python.with_name("seqstudio"), *map(str, arguments)],
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture(scope="session")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheels in a new environment outside the clone.

    A path file gives it the libraries of this environment (torch and others, gigabytes). Python
    does not read path files in a folder that a path file names, so the clone is not importable.
    """
    folder = tmp_path_factory.mktemp("outside")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, *wheels.values()], check=True, capture_output=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "shared.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    work = folder / "work"
    work.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    environment["SEQSTUDIO_HOME"] = str(folder / "profile")
    return Installed(python=python, work=work, environment=environment)

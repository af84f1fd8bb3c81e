"""Authors of plugins without a model need no torch: `.ci/run` installs this list and tries it."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_list_is_that_of_the_studio_without_torch() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "requirements-author.txt").read_text("utf-8").splitlines()
    listed = {line for line in lines if not line.startswith("#")}

    assert listed - {"pytest>=8.4"} <= set(project["dependencies"])
    assert not [line for line in listed if line.startswith(("torch", "librosa", "PySide6"))]

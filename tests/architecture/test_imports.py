"""Import contracts: those in pyproject.toml hold, and a violation of each is caught."""

import ast
import shutil
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = {
    "seqstudio_speech": "seqstudio-speech",
    "seqstudio_music": "seqstudio-music",
    "seqstudio_forecast": "seqstudio-forecast",
    "seqstudio_text": "seqstudio-text",
    "seqstudio_whisper": "seqstudio-whisper",
    "seqstudio_pocketsphinx": "seqstudio-pocketsphinx",
}

# contract id -> (file in a copy of the tree, a line that breaks this contract)
VIOLATIONS = {
    "rooms": ("seqstudio/core/planted.py", "import seqstudio.media"),
    "host-folders": ("seqstudio/host/jobs/planted.py", "import seqstudio.host.runner"),
    "gui-folders": ("seqstudio/gui/takes/planted.py", "import seqstudio.gui.train"),
    "music-folders": ("seqstudio_music/rolls/planted.py", "import seqstudio_music.voices"),
    "api": ("seqstudio/services/planted_api.py", "import seqstudio.api"),
    "no-plugin": ("seqstudio/contracts/planted.py", "import seqstudio_music"),
    "plugins-see-api": ("seqstudio_speech/planted.py", "from seqstudio import services"),
    "plugins-apart": ("seqstudio_music/voices/planted.py", "import seqstudio_speech"),
    "torch-free": ("seqstudio/media/planted.py", "def late():\n    import torch"),
}


def copy_of_the_tree(target: Path) -> Path:
    target.mkdir()
    shutil.copy(ROOT / "pyproject.toml", target)
    code_only = shutil.ignore_patterns("__pycache__", "models", "assets")
    shutil.copytree(ROOT / "seqstudio", target / "seqstudio", ignore=code_only)
    for package, folder in PLUGINS.items():
        source = ROOT / "plugins" / folder / "src" / package
        shutil.copytree(source, target / package, ignore=code_only)
    return target


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check all contracts of a tree, whose packages shadow the installed ones."""
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from importlinter.cli import lint_imports_command\n"
        "lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def contract_names() -> dict[str, str]:
    """Read each contract's name by its id."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract["name"] for contract in contracts["contracts"]}


def test_every_contract_has_a_violation_to_catch() -> None:
    assert sorted(contract_names()) == sorted(VIOLATIONS)


def test_every_contract_is_kept(tmp_path: Path) -> None:
    found = lint(copy_of_the_tree(tmp_path / "tree"))

    assert found.returncode == 0, found.stdout


def test_a_violation_of_every_contract_is_caught(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path / "tree")
    for path, line in VIOLATIONS.values():
        (tree / path).write_text(line + "\n")
    found = lint(tree)

    assert found.returncode == 1
    unbroken = [i for i, name in contract_names().items() if f"{name} BROKEN" not in found.stdout]
    assert unbroken == []


def modules(tree: Path) -> dict[str, Path]:
    """Map the dotted name of every module in a copy of the tree to its file."""
    found = {}
    for package in ("seqstudio", *PLUGINS):
        for path in (tree / package).rglob("*.py"):
            parts = path.relative_to(tree).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules of the tree that one file names in imports, type checking included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= (inner & known.keys()) or {node.module}
    return names & known.keys()


def circle(tree: Path) -> list[str]:
    """Return the modules of one import circle, or nothing where there is none."""
    known = modules(tree)
    graph = {name: imports(path, known) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.medium
def test_no_modules_import_each_other_in_a_circle(tmp_path: Path) -> None:
    assert circle(copy_of_the_tree(tmp_path / "tree")) == []


@pytest.mark.medium
def test_a_circle_is_caught_even_for_type_checking_only(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path / "tree")
    (tree / "seqstudio/core/one.py").write_text("from seqstudio.core import two\n")
    (tree / "seqstudio/core/two.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from seqstudio.core.one import Something\n"
    )

    assert {"seqstudio.core.one", "seqstudio.core.two"} <= set(circle(tree))

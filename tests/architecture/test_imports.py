"""Who may import whom: the contracts in pyproject.toml hold, and each of them bites."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGINS = {"seqstudio_speech": "seqstudio-speech", "seqstudio_music": "seqstudio-music"}

# contract id -> (file in a copy of the tree, a line that breaks this contract)
VIOLATIONS = {
    "rooms": ("seqstudio/core/planted.py", "import seqstudio.media"),
    "api": ("seqstudio/services/planted_api.py", "import seqstudio.api"),
    "no-plugin": ("seqstudio/contracts/planted.py", "import seqstudio_music"),
    "plugins-see-api": ("seqstudio_speech/planted.py", "from seqstudio import services"),
    "plugins-apart": ("seqstudio_music/planted.py", "import seqstudio_speech"),
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


def test_every_contract_bites(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path / "tree")
    for path, line in VIOLATIONS.values():
        (tree / path).write_text(line + "\n")
    found = lint(tree)

    assert found.returncode == 1
    unbroken = [i for i, name in contract_names().items() if f"{name} BROKEN" not in found.stdout]
    assert unbroken == []

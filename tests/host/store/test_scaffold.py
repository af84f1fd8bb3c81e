"""`plugins new`: what it writes is short, clean, installs, and passes its own tests."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.store.scaffold import KINDS, write_plugin

ROOT = Path(__file__).parents[3]
LINES = {"exporter": 15, "operation": 30, "task": 60}
ALSO = {"Write", "seqstudio_operations"}  # the operation in a task's file, which is counted apart


def code_lines(path: Path) -> int:
    """Count the lines an author writes: no blank ones, docstrings or imports."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        spans: list[ast.stmt] = []
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            spans.append(node.body[0])
        if isinstance(node, ast.Import | ast.ImportFrom):
            spans.append(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in ALSO:
            spans.append(node)
        for span in spans:
            left_out |= set(range(span.lineno, (span.end_lineno or span.lineno) + 1))
    lines = text.splitlines()
    return len([n for n, line in enumerate(lines, 1) if line.strip() and n not in left_out])


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.medium] * (kind != "exporter")) for kind in KINDS],
)
def test_a_new_plugin_is_short_and_passes_its_tests_and_checks(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-parrot"
    write_plugin(folder, "my-parrot", kind)
    source = folder / "src" / "seqstudio_my_parrot"
    for tool in (["ruff", "check"], ["ruff", "format", "--check"]):
        command = [
            sys.executable,
            "-m",
            *tool,
            "--config",
            str(ROOT / "pyproject.toml"),
            str(folder / "src"),
        ]
        subprocess.run(command, check=True, cwd=folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert code_lines(source / "__init__.py") <= LINES[kind]


def test_a_bad_name_and_a_folder_that_is_there_are_refused(tmp_path: Path) -> None:
    for name in ("Parrot", "train", "a_b", ""):
        with pytest.raises(PluginError, match=rf"^name {name!r}, expected lower-case letters"):
            write_plugin(tmp_path / "new", name, "task")
    with pytest.raises(PluginError, match="already exists, expected a new folder"):
        write_plugin(tmp_path, "parrot", "task")

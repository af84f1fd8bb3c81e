"""`plugins new` writes a short plugin that passes the linters and its own tests, and installs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.store.scaffold import KINDS, write_plugin

ROOT = Path(__file__).parents[3]
MAX_LINES = {"exporter": 10, "operation": 25, "task": 48}
OPERATION = {"Write", "seqstudio_operations"}  # the operation in a task's file, not counted


def code_lines(path: Path) -> int:
    """Count lines of code, without blank lines, docstrings and imports."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    excluded: set[int] = set()
    for node in ast.walk(tree):
        spans: list[ast.stmt] = []
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            spans.append(node.body[0])
        if isinstance(node, ast.Import | ast.ImportFrom):
            spans.append(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in OPERATION:
            spans.append(node)
        for span in spans:
            excluded |= set(range(span.lineno, (span.end_lineno or span.lineno) + 1))
    lines = text.splitlines()
    return len([n for n, line in enumerate(lines, 1) if line.strip() and n not in excluded])


@pytest.mark.medium
@pytest.mark.parametrize("kind", KINDS)
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
    assert code_lines(source / "__init__.py") <= MAX_LINES[kind]


def test_an_invalid_name_or_an_existing_folder_is_refused(tmp_path: Path) -> None:
    for name in ("Parrot", "train", "a_b", ""):
        with pytest.raises(PluginError, match=rf"^name {name!r}, expected lower-case letters"):
            write_plugin(tmp_path / "new", name, "task")
    with pytest.raises(PluginError, match="already exists, expected a new folder"):
        write_plugin(tmp_path, "parrot", "task")

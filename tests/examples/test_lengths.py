"""The worked plugins are short because the API does the rest, and import nothing but the API."""

import ast
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "plugins" / "examples"
MAX_LINES = {"lrc": 15, "stm": 30, "key": 40, "morse": 120, "rewrite": 120}


def code_of(name: str) -> tuple[ast.Module, list[str]]:
    """Return the syntax of an example, and its lines but blank ones, comments and docstrings."""
    text = (EXAMPLES / name / "src" / f"seqstudio_{name}" / "__init__.py").read_text("utf-8")
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    excluded = {n for one in docstrings for n in range(one.lineno, (one.end_lineno or 0) + 1)}
    lines = [line for n, line in enumerate(text.splitlines(), 1) if n not in excluded]
    return tree, [line for line in lines if line.strip() and not line.strip().startswith("#")]


def test_the_folder_holds_these_examples() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == MAX_LINES.keys()


@pytest.mark.parametrize("name", MAX_LINES)
def test_an_example_is_short(name: str) -> None:
    assert len(code_of(name)[1]) <= MAX_LINES[name]


@pytest.mark.parametrize("name", MAX_LINES)
def test_an_example_imports_nothing_of_ours_but_the_api(name: str) -> None:
    imports = [node for node in ast.walk(code_of(name)[0]) if isinstance(node, ast.ImportFrom)]
    ours = {node.module for node in imports if (node.module or "").startswith("seqstudio")}

    assert ours <= {"seqstudio.api", "seqstudio.api.media", "seqstudio.api.nn"}

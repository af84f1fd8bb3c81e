"""Ceilings on length, and plain names: checked over the whole tree; violations are caught."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES = 400
FUNCTION_LINES = 40
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff"}
FORBIDDEN_IN_ERRORS = re.compile(
    r"\b(invalid|illegal|oops|please|bad input|unexpected error|something went wrong)\b",
    re.IGNORECASE,
)


def shipped(root: Path) -> list[Path]:
    """Return every module that is shipped: the host's, and those of the plugins in the box."""
    return sorted([*root.glob("seqstudio/**/*.py"), *root.glob("plugins/*/src/**/*.py")])


def faults(path: Path) -> Iterator[str]:
    """Yield what breaks a ceiling or a naming rule in one module."""
    text = path.read_text(encoding="utf-8")
    if (n_lines := len(text.splitlines())) > MODULE_LINES:
        yield f"{path}: {n_lines} lines, expected at most {MODULE_LINES}"
    if vague := VAGUE & set(re.split(r"[_.]", path.stem)):
        yield f"{path}: named {vague}, expected a name that says what it holds"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = body_lines(node)
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno} {node.name}: {length} lines, at most {FUNCTION_LINES}"
        if isinstance(node, ast.Raise) and (word := FORBIDDEN_IN_ERRORS.search(ast.unparse(node))):
            yield f"{path}:{node.lineno}: an error says {word[0]!r}, expected value and expectation"
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{path}:{node.lineno}: bare except, expected the errors that are meant"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without decorators and docstring."""
    end = function.end_lineno or function.lineno
    length = end - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


@pytest.mark.parametrize("path", shipped(ROOT), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_under_the_ceilings(path: Path) -> None:
    assert list(faults(path)) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("long.py", "x = 1\n" * 401, "401 lines, expected at most 400"),
        ("function.py", "def f():\n" + "    x = 1\n" * 40, "f: 41 lines, at most 40"),
        ("audio_utils.py", "", "expected a name that says"),
        ("error.py", "raise ValueError(f'invalid input {x}')", "an error says 'invalid'"),
        ("bare.py", "try:\n    x = 1\nexcept:\n    pass", "bare except"),
    ],
)
def test_a_violation_is_caught(name: str, text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)

    (fault,) = faults(path)
    assert said in fault

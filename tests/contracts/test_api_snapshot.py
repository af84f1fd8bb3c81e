"""API 1 only grows: what a plugin could import, call or declare stays as it was."""

import subprocess
import sys
from pathlib import Path

import pytest

SNAPSHOT = Path(__file__).parent / "api-1.txt"
GENERATOR = Path(__file__).parents[2] / "docs/write_api.py"


@pytest.mark.medium
def test_every_signature_of_api_1_is_still_there() -> None:
    command = [sys.executable, str(GENERATOR), "--signatures"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    gone = set(SNAPSHOT.read_text().splitlines()) - set(printed.splitlines())

    assert gone == set(), "a change that plugins notice needs another version of the API"

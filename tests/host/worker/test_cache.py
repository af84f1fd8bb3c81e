"""The cache of a plugin: kept for later jobs within a budget, and of no harm when it fails."""

import os
from pathlib import Path

import pytest

from seqstudio.host.worker.cache import FileCache


def test_a_value_is_there_for_the_next_job_and_no_other_key_has_it(tmp_path: Path) -> None:
    FileCache(tmp_path, 1000).put("a key", b"value")

    assert FileCache(tmp_path, 1000).get("a key") == b"value"
    assert FileCache(tmp_path, 1000).get("another") is None


def test_what_was_used_longest_ago_goes_when_the_budget_is_passed(tmp_path: Path) -> None:
    for number in range(10):
        FileCache(tmp_path, 1000).put(str(number), bytes(100))
    for number, path in enumerate(sorted(tmp_path.glob("*/*"), key=lambda p: p.stat().st_mtime_ns)):
        os.utime(path, (number, number))
    read = next(n for n in range(10) if FileCache(tmp_path, 1000).get(str(n)))
    FileCache(tmp_path, 1000).put("new", bytes(100))
    left = [n for n in range(10) if FileCache(tmp_path, 1000).get(str(n))]

    assert read in left
    assert len(left) == 8  # a tenth of the budget is freed at once
    assert FileCache(tmp_path, 1000).get("new") == bytes(100)


def test_no_budget_keeps_nothing_and_neither_does_a_value_beyond_it(tmp_path: Path) -> None:
    FileCache(tmp_path, 0).put("a", b"1")
    FileCache(tmp_path, 10).put("b", bytes(11))

    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_a_line_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = FileCache(Path("/dev/full"), 100)  # a file, as a folder
    cache.put("a", b"1")

    assert "not kept" in capsys.readouterr().err
    assert cache.get("a") is None

"""The conformance suite passes correct plugins and names the faults of others."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.host.conformance.check import Check
from seqstudio.host.conformance.isolated import verify
from seqstudio.host.conformance.operation_checks import half_written, lost
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.services.atomic_files import sha256_of_file

BAD = """
import os, random, time
from pathlib import Path
from seqstudio.api import Operation, Result, hookimpl


class Reverse:
    name = "reverse"

    def run(self, request, job):
        (path,) = request.inputs["words"]
        Path("~/stray.txt").expanduser().write_text("stray")
        text = path.read_text()
        if not text:
            os._exit(1)
        try:
            time.sleep(0.2)
            job.check()
        except BaseException:
            time.sleep(60)
        yield Result(outputs={"text": str(random.random())})


@hookimpl
def seqstudio_operations():
    return [Reverse()]
"""


LOCKING = """
import time
from seqstudio.api import DataError, Result, hookimpl


class Reverse:
    name = "reverse"

    def run(self, request, job):
        (path,) = request.inputs["words"]
        lock = path.parent / "busy.lock"
        if lock.exists():
            raise DataError(f"{path}: locked, expected one run at a time")
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: {error}") from error
        lock.touch()
        yield Result(outputs={"text": text})
        time.sleep(0.5)
        lock.unlink()


@hookimpl
def seqstudio_operations():
    return [Reverse()]
"""


STREAM = """
[[operations]]
name = "level"
title = "Level"
runs = "stream"
inputs = [{ name = "audio", kind = "stream.audio", rate_hz = 16000 }]
outputs = [{ name = "text", kind = "text", formats = ["txt"] }]
"""
LEVEL = """
import time
from array import array
from seqstudio.api import Result, hookimpl


class Level:
    name = "level"

    def run(self, request, job):
        peak = 0.0
        try:
            for block in job.input_blocks():
                peak = max(peak, *array("f", block))
        except BaseException:
            STUBBORN
        yield Result(outputs={"text": f"{peak:.3f}"})


@hookimpl
def seqstudio_operations():
    return [Level()]
"""


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if check.outcome == "fail"}


@pytest.mark.medium
def test_a_new_plugin_conforms(tmp_path: Path) -> None:
    write_plugin(tmp_path / "turner", "turner", "operation")
    checks = list(verify(str(tmp_path / "turner")))

    assert failed(checks) == {}
    assert len(checks) == 14
    detail = {check.name: check.detail for check in checks}
    assert detail["reverse: partial results survive a kill"].endswith("of 6 items done")
    assert detail["reverse: resume repeats no item"].endswith("of 6 items ran")


@pytest.mark.medium
def test_each_fault_of_a_bad_plugin_is_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "bad", "bad", "operation")
    (tmp_path / "bad" / "src" / "seqstudio_bad" / "__init__.py").write_text(BAD)
    found = failed(list(verify(str(tmp_path / "bad"))))

    assert found.pop("reverse: the same run gives the same bytes") == "valid.txt"
    assert found.pop("it writes only where it was asked to").endswith("stray.txt")
    name = "reverse: {} as words gives a result or a clear error"
    assert "exited with status 1" in found.pop(name.format("an empty file"))
    assert "UnicodeDecodeError" in found.pop(name.format("noise"))
    assert "FileNotFoundError" in found.pop(name.format("a missing file"), "FileNotFoundError")
    assert found == {}


@pytest.mark.medium
def test_files_left_by_a_kill_and_a_failed_resume_are_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "bad", "bad", "operation")
    (tmp_path / "bad" / "src" / "seqstudio_bad" / "__init__.py").write_text(LOCKING)
    found = failed(list(verify(str(tmp_path / "bad"))))

    left = found.pop("reverse: partial results survive a kill")
    assert left == "busy.lock is left next to the input"
    assert "locked, expected one run" in found.pop("reverse: resume repeats no item")
    assert found == {}


@pytest.mark.medium
@pytest.mark.parametrize(("when_cancelled", "faults"), [("raise", 0), ("time.sleep(60)", 1)])
def test_an_operation_on_a_stream_gets_a_sample_and_is_cancelled(
    tmp_path: Path, when_cancelled: str, faults: int
) -> None:
    write_plugin(tmp_path / "meter", "meter", "operation")
    package = tmp_path / "meter" / "src" / "seqstudio_meter"
    (package / "__init__.py").write_text(LEVEL.replace("STUBBORN", when_cancelled))
    manifest = (package / "seqstudio.toml").read_text()
    (package / "seqstudio.toml").write_text(manifest.partition("[[operations]]")[0] + STREAM)
    checks = list(verify(str(tmp_path / "meter")))

    assert list(failed(checks)) == ["level: stops within 2 s"] * faults
    outcomes = {check.name: check.outcome for check in checks}
    assert outcomes["level: the same run gives the same bytes"] == "pass"
    assert outcomes["level: resume repeats no item"] == "skip"


def test_a_lost_or_half_written_output_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    output = FinishedOutput(path, sha256_of_file(path))
    row = ItemRow(number=1, batch=1, name="a", take=0, seed=0, inputs={}, targets={}, state="done")
    intact = replace(row, outputs=(output,), provenance={"plugin": "tiny"})
    changed = replace(intact, outputs=(FinishedOutput(path, "0" * 64),))

    assert lost([intact, replace(row, state="queued")]) == []
    assert lost([replace(intact, provenance={})]) == ["a: its provenance is lost"]
    assert lost([changed]) == ["a: its output is lost"]
    assert half_written({path: b"a"}, [], {path: b"ab"}) == ["a.txt is half-written"]
    assert half_written({path: b"a"}, [], {path: b"a"}) == []
    assert half_written({path: b"a"}, [intact], {}) == []


def test_a_refused_wheel_is_not_checked_further(tmp_path: Path) -> None:
    (tmp_path / "x-1.0-py3-none-any.whl").write_bytes(b"")
    (check,) = verify(str(tmp_path / "x-1.0-py3-none-any.whl"))

    assert (check.name, check.outcome) == ("it passes inspection", "fail")


@pytest.mark.medium
@pytest.mark.parametrize("plugin", ["speech", "music"])
def test_the_built_in_plugins_conform(plugin: str) -> None:
    checks = list(verify(plugin))

    assert failed(checks) == {}
    assert any(check.outcome == "pass" for check in checks)

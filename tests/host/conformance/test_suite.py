"""The suite passes what is sound, and names what is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.host.conformance.check import Check
from seqstudio.host.conformance.interruption import half_written, lost
from seqstudio.host.conformance.isolated import verify
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
        except (OSError, ValueError) as bad:
            raise DataError(f"{path}: {bad}") from bad
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
inputs = [{ name = "heard", kind = "stream.audio", rate_hz = 16000 }]
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

    assert found.pop("reverse: the same run gives the same bytes") == "sound.txt"
    assert found.pop("it writes nowhere but where it was asked to").endswith("stray.txt")
    odd = "reverse: {} as words gets a reason or a result"
    assert "exited with status 1" in found.pop(odd.format("an empty file"))
    assert "UnicodeDecodeError" in found.pop(odd.format("noise"))
    assert "FileNotFoundError" in found.pop(odd.format("no file"), "FileNotFoundError")
    assert found == {}


@pytest.mark.medium
def test_what_a_kill_leaves_behind_and_what_cannot_go_on_is_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "bad", "bad", "operation")
    (tmp_path / "bad" / "src" / "seqstudio_bad" / "__init__.py").write_text(LOCKING)
    found = failed(list(verify(str(tmp_path / "bad"))))

    left = found.pop("reverse: partial results survive a kill")
    assert left == "busy.lock is left beside the input"
    assert "locked, expected one run" in found.pop("reverse: resume repeats no item")
    assert found == {}


@pytest.mark.medium
@pytest.mark.parametrize(("when_cancelled", "faults"), [("raise", 0), ("time.sleep(60)", 1)])
def test_an_operation_on_a_stream_is_fed_and_cancelled(
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


def test_a_lost_or_torn_output_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    right = FinishedOutput(path, sha256_of_file(path))
    row = ItemRow(number=1, batch=1, name="a", take=0, seed=0, inputs={}, targets={}, state="done")
    sound = replace(row, outputs=(right,), provenance={"plugin": "tiny"})

    assert lost([sound, replace(row, state="queued")]) == []
    assert lost([replace(sound, provenance={})]) == ["a: its record is lost"]
    assert lost([replace(sound, outputs=(FinishedOutput(path, "0" * 64),))]) == ["a: its output is lost"]
    assert half_written({path: b"a"}, [], {path: b"ab"}) == ["a.txt is half-written"]
    assert half_written({path: b"a"}, [], {path: b"a"}) == []
    assert half_written({path: b"a"}, [sound], {}) == []


def test_a_wheel_that_is_refused_is_tried_no_further(tmp_path: Path) -> None:
    (tmp_path / "x-1.0-py3-none-any.whl").write_bytes(b"")
    (check,) = verify(str(tmp_path / "x-1.0-py3-none-any.whl"))

    assert (check.name, check.outcome) == ("it passes the inspection", "fail")


@pytest.mark.medium
@pytest.mark.parametrize("plugin", ["speech", "music"])
def test_the_plugins_in_the_box_conform(plugin: str) -> None:
    checks = list(verify(plugin))

    assert failed(checks) == {}
    assert any(check.outcome == "pass" for check in checks)

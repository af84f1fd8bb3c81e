"""The conformance suite passes correct plugins and names the faults of others."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.host.conformance.check import Check
from seqstudio.host.conformance.isolated import verify
from seqstudio.host.conformance.kill_checks import half_written, lost
from seqstudio.host.conformance.operation_checks import seconds_to_stop
from seqstudio.host.conformance.suite import ASKS
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.services.atomic_files import sha256_of_file

BAD = """
import contextlib, os, random, time
from pathlib import Path
from seqstudio.api import Operation, Result, hookimpl


class Reverse:
    name = "reverse"

    def run(self, request, job):
        (path,) = request.inputs["words"]
        with contextlib.suppress(OSError):
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
        lock = job.folder.parent / "busy.lock"
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


NEVER = """
        from seqstudio.api import DataError
        raise DataError("never")
        config = """
NEEDS = """
        if not request.options["times"]:
            raise DataError("times=0, expected 1 or more")
"""
TIMES = """

[operations.options.times]
type = "int"
default = 0
"""
DAEMON = """
        import subprocess
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        path = request"""
PROCESSES = """
[permissions]
processes = "It starts a daemon."
[[operations]]"""


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if check.outcome == "fail"}


@pytest.mark.medium
def test_a_new_plugin_conforms(tmp_path: Path) -> None:
    write_plugin(tmp_path / "turner", "turner", "operation")
    checks = list(verify(str(tmp_path / "turner")))

    assert failed(checks) == {}
    assert len(checks) == 16
    detail = {check.name: check.detail for check in checks}
    assert detail["reverse: partial results survive a kill"].endswith("of 6 items done")
    assert detail["reverse: resume repeats no item"].endswith("of 6 items ran")


@pytest.mark.medium
def test_each_fault_of_a_bad_plugin_is_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "bad", "bad", "operation")
    (tmp_path / "bad" / "src" / "seqstudio_bad" / "__init__.py").write_text(BAD)
    found = failed(list(verify(str(tmp_path / "bad"))))

    assert found.pop("reverse: the same run gives the same bytes") == "valid.txt"
    assert found.pop(ASKS).startswith("asked to write ~/stray.txt: refused")
    name = "reverse: {} as words gives a result or a clear error"
    assert "exited with status 1" in found.pop(name.format("an empty file"))
    assert "UnicodeDecodeError" in found.pop(name.format("noise"))
    assert "FileNotFoundError" in found.pop(name.format("a missing file"), "FileNotFoundError")
    assert found == {}


@pytest.mark.medium
def test_a_task_trains_two_steps_and_its_operation_runs_on_that_model(tmp_path: Path) -> None:
    write_plugin(tmp_path / "parrot", "parrot", "task")
    checks = list(verify(str(tmp_path / "parrot")))
    passed = {check.name: check.detail for check in checks if check.outcome == "pass"}

    assert failed(checks) == {}
    assert passed["parrot.lines: trains two steps"].count(",") == 1, "two losses"
    assert passed["parrot.lines: measures its model"].startswith("nats_per_byte")
    assert "write: runs with its defaults on a model of two training steps" in passed


@pytest.mark.medium
def test_an_operation_that_always_fails_and_data_without_a_sample_are_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "parrot", "parrot", "task")
    package = tmp_path / "parrot" / "src" / "seqstudio_parrot"
    code, manifest = package / "__init__.py", package / "seqstudio.toml"
    code.write_text(code.read_text().replace("        config = ", NEVER))
    found = failed(list(verify(str(tmp_path / "parrot"))))
    manifest.write_text(manifest.read_text().replace('data = ["text"]', 'data = ["runes"]'))
    skipped = {c.name: c.detail for c in verify(str(tmp_path / "parrot")) if c.outcome == "skip"}

    assert found == {"write: runs with its defaults on a model of two training steps": "never"}
    assert skipped["parrot.lines: trains two steps"].startswith("no sample data of kind runes")
    assert skipped["write: runs"].startswith("it needs a model of parrot.lines")


@pytest.mark.medium
def test_an_operation_that_needs_an_option_runs_as_in_its_example(tmp_path: Path) -> None:
    write_plugin(tmp_path / "turner", "turner", "operation")
    package = tmp_path / "turner" / "src" / "seqstudio_turner"
    code, manifest = package / "__init__.py", package / "seqstudio.toml"
    code.write_text(code.read_text().replace("        path = ", f"{NEEDS}        path = "))
    example = 'poem.txt --out reversed"]'
    text = manifest.read_text().replace(example, f'poem.txt --times 2 --out reversed"]{TIMES}')
    manifest.write_text(text)
    checks = {check.name: check.outcome for check in verify(str(tmp_path / "turner"))}

    assert checks["reverse: runs as in its example"] == "pass"
    assert checks["reverse: resume repeats no item"] == "pass"
    assert "fail" not in checks.values()


@pytest.mark.medium
def test_a_process_that_outlives_the_job_is_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "bad", "bad", "operation")
    package = tmp_path / "bad" / "src" / "seqstudio_bad"
    code, manifest = package / "__init__.py", package / "seqstudio.toml"
    code.write_text(code.read_text().replace("        path = request", DAEMON))
    manifest.write_text(manifest.read_text().replace("[[operations]]", PROCESSES, 1))
    found = failed(list(verify(str(tmp_path / "bad"))))

    assert found.pop("it leaves no process behind").startswith("left sleep running: ended")
    assert found == {}


@pytest.mark.medium
def test_a_failed_resume_is_named(tmp_path: Path) -> None:
    write_plugin(tmp_path / "bad", "bad", "operation")
    (tmp_path / "bad" / "src" / "seqstudio_bad" / "__init__.py").write_text(LOCKING)
    found = failed(list(verify(str(tmp_path / "bad"))))

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


def on_one_cpu(code: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-S", "-c", code])
    os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
    return process


class Computing:
    """Stands for a job that computes for a fifth of a second after it is cancelled."""

    def cancel(self) -> None:
        self.worker = on_one_cpu("import time\nwhile time.process_time() < 0.2: pass")

    def ends_within(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self.worker.poll() is not None


@pytest.mark.medium
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a process waits")
def test_a_busy_machine_does_not_change_how_long_an_operation_takes_to_stop() -> None:
    others = [on_one_cpu("while True: pass") for _ in range(4)]
    try:
        start_s = time.monotonic()
        stopped_s = seconds_to_stop(Computing())
        elapsed_s = time.monotonic() - start_s
    finally:
        for other in others:
            other.kill()
            other.wait()

    assert elapsed_s > 0.4
    assert stopped_s < elapsed_s / 2


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


@pytest.mark.parametrize(
    "plugin",
    [
        *(
            pytest.param(one, marks=pytest.mark.medium)
            for one in ("forecast", "pocketsphinx", "sherpa", "whisper")
        ),
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("text", "music", "speech")),
    ],
)
def test_the_built_in_plugins_conform(plugin: str) -> None:
    checks = list(verify(plugin))

    assert failed(checks) == {}
    assert any(check.outcome == "pass" for check in checks)

"""The suite passes what is sound, and names what is not."""

from pathlib import Path

import pytest

from seqstudio.host.conformance.apart import verify
from seqstudio.host.conformance.check import Check
from seqstudio.host.store.scaffold import write_plugin

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


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.said for check in checks if check.outcome == "fail"}


def test_a_new_plugin_conforms(tmp_path: Path) -> None:
    write_plugin(tmp_path / "turner", "turner", "operation")
    checks = list(verify(str(tmp_path / "turner")))

    assert failed(checks) == {}
    assert len(checks) == 12


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

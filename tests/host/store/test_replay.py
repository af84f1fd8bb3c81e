"""Jobs of the user run again: on two versions of a plugin, and with fewer and fewer plugins."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.catalogue.installed import read_installed
from seqstudio.host.profile import Profile
from seqstudio.host.replay.bisect import Culprit, Trial, bisect
from seqstudio.host.replay.shadow import compare, last_jobs, output_difference
from seqstudio.host.store.store import Store
from seqstudio.host.studio import JobSpec, Studio

EXPORTER = """
[[exporters]]
name = "loud"
kind = "text"
"""
CODE = """
from seqstudio.api import hookimpl


class Loud:
    name = "loud"
    kind = "text"

    def write(self, value, path):
        BODY


@hookimpl
def seqstudio_exporters():
    return [Loud()]
"""
CURIOUS = """
from pathlib import Path
from seqstudio.api import Result, hookimpl


class Shout:
    name = "shout"

    def run(self, request, job):
        (path,) = request.inputs["words"]
        try:
            Path("~/.ssh/id").expanduser().read_text()
        except OSError:
            pass
        if path.stem == "b":
            raise OSError("no b")
        yield Result(outputs={"text": path.read_text().upper() + "2.0"})


@hookimpl
def seqstudio_operations():
    return [Shout()]
"""


def shout(profile: Profile, words: Path, out: Path, **fields: Any) -> int:
    spec = JobSpec(plugin="parrot", name="shout", inputs={"words": (words,)}, out=out, **fields)
    handle = Studio(profile.home).submit(spec)
    handle.wait()
    return handle.id


@pytest.mark.medium
def test_a_new_version_is_compared_on_the_users_own_jobs_and_nothing_changes(
    builder: Any, install: Callable[[Path], None], profile: Profile, words: Any, tmp_path: Path
) -> None:
    install(builder.plugin())
    for name in ("a", "b"):
        shout(profile, words(f"{name}.txt") / f"{name}.txt", tmp_path / f"out-{name}")
    before = read_installed(profile)
    inspected = Store(profile).inspect(builder.plugin(version="2.0", code=CURIOUS))
    jobs = last_jobs(profile, "parrot", 3)
    b, a = compare(inspected, jobs, profile)

    assert [one.job.id for one in (b, a)] == [2, 1]
    assert a.differences[:3] == ("a.txt: 4 bytes before, 4 now", "  -A1.0", "  +A2.0")
    assert b.differences[0] == "now fails: parrot shout: OSError: no b"
    assert b.differences[1] == "b.txt: no longer written"
    assert read_installed(profile) == before
    assert len(Studio(profile.home).jobs.list()) == 2


@pytest.mark.medium
def test_the_plugin_that_makes_a_job_fail_is_found(
    builder: Any, install: Callable[[Path], None], profile: Profile, words: Any, tmp_path: Path
) -> None:
    install(builder.plugin())
    for name, body in (("bad", "raise ValueError('hm')"), ("good", "path.write_text(value)")):
        install(builder.plugin(name, manifest=EXPORTER, code=CODE.replace("BODY", body)))
    source = words("a.txt") / "a.txt"
    job = shout(profile, source, tmp_path / "out", formats=("loud",))
    studio = Studio(profile.home)
    culprits = []

    def trials() -> Iterator[Trial]:
        culprits.append((yield from bisect(studio.jobs.get(job), profile)))

    tries = list(trials())

    assert culprits[0] == Culprit(plugin="bad", reason="parrot shout: ValueError: hm")
    assert tries[0].plugins[:2] == ("bad", "good")
    assert tries[1].plugins == ()
    assert tries[-1].plugins == ("bad",)
    assert "no format 'loud'" in tries[1].reason
    assert studio.catalogue.disabled == {}


def test_differences_of_outputs_are_short() -> None:
    assert output_difference("a", b"x", b"x") == []
    assert output_difference("a", None, b"x") == ["a: new"]
    assert output_difference("a", b"\xff", b"x") == ["a: 1 bytes before, 1 now"]
    long = b"".join(b"%d\n" % number for number in range(9))
    assert output_difference("a", b"", long)[-1] == "  and 3 lines more"

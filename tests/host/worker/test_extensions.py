"""A format that another plugin exports: its plugin is loaded only for jobs that request it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.data import Example, Ledger
from seqstudio.contracts.messages import Acting, Notice
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.worker.announcer import Announcer
from seqstudio.host.worker.extensions import NamedImporter, NamedMetric

EXPORTER = """
from seqstudio.api import hookimpl


class Html:
    name = "html"
    kind = "text"

    def write(self, value, path):
        path.write_text(f"<p>{value}</p>")


@hookimpl
def seqstudio_exporters():
    return [Html()]
"""


@pytest.mark.medium
def test_a_format_of_another_plugin_is_written_on_request(
    site: Any, shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    site.install("html", '[[exporters]]\nname = "html"\nkind = "text"\n', EXPORTER)
    studio = Studio(shouter.profile.home)
    inputs = {"words": (words("a.txt"),)}
    spec = JobSpec(
        plugin="tiny", name="shout", inputs=inputs, out=tmp_path / "out", formats=("txt", "html")
    )
    handle = studio.submit(spec)
    assert handle.wait().done == 1
    assert (tmp_path / "out/a.html").read_text() == "<p>A</p>"
    assert (tmp_path / "out/a.txt").read_text() == "A"
    (item,) = studio.jobs.items(handle.id)
    assert item.provenance["extensions"] == {"html": "1.0"}
    plain = studio.submit(JobSpec(plugin="tiny", name="shout", inputs=inputs, out=tmp_path / "b"))
    plain.wait()
    assert studio.jobs.items(plain.id)[0].provenance["extensions"] == {}


class Lines:
    """An importer that reads nothing."""

    name, kind = "lines", "text"

    def recognises(self, source: Path) -> bool:
        return True

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        return iter(())


def test_an_importer_of_another_plugin_is_named_when_it_reads(tmp_path: Path) -> None:
    sent: list[object] = []
    importer = NamedImporter(Lines(), "extra", Announcer("speech", sent.append))
    assert list(importer.read(tmp_path, Ledger())) == []

    text = f"{tmp_path}: read by importer 'lines' of plugin 'extra'"
    assert sent == [Notice(text=text), Acting(plugin="extra"), Acting(plugin="")]


class Doubled:
    """A metric of a fixed value."""

    name = "doubled"

    def __init__(self, task: str) -> None:
        self.task = task

    def compute(self, task: object, measurements: object) -> dict[str, float]:
        return {"doubled": 2.0}


def test_figures_of_a_plugins_own_task_keep_their_names_and_others_carry_its_id() -> None:
    found = [
        NamedMetric(Doubled(task), "tiny", Announcer("tiny")).compute(None, [])  # type: ignore[arg-type]
        for task in ("tiny.words", "other.words")
    ]

    assert found == [{"doubled": 2.0}, {"tiny.doubled": 2.0}]

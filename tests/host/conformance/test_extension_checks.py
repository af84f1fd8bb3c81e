"""The conformance suite tries importers, callbacks, metrics and exporters on what they serve."""

from pathlib import Path

import pytest

from seqstudio.host.conformance.extension_checks import writable
from seqstudio.host.conformance.isolated import verify
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.studio import Studio

EXTENSIONS = """
[[importers]]
name = "cards"
kind = "text"
sample = "cards.txt"

[[train_callbacks]]
name = "watch"

[[metrics]]
name = "constant"
task = "text.write"
"""
EXTENDING = """
from dataclasses import dataclass
from seqstudio.api import Example, hookimpl


@dataclass(frozen=True, kw_only=True)
class Card(Example):
    text: str
    where: str = ""


class Cards:
    name, kind = "cards", "text"

    def recognises(self, source):
        return False

    def read(self, source, ledger):
        for number, line in enumerate(source.read_text().splitlines()):
            READ
            ledger.use(str(number))
            yield Card(id=str(number), text=line)


class Watch:
    name = "watch"

    def on_event(self, event):
        return WATCH


class Constant:
    name, task = "constant", "text.write"

    def compute(self, task, measurements):
        return {"constant": FIGURE}


@hookimpl
def seqstudio_importers():
    return [Cards()]


@hookimpl
def seqstudio_train_callbacks():
    return [Watch()]


@hookimpl
def seqstudio_metrics():
    return [Constant()]
"""


@pytest.mark.medium
@pytest.mark.parametrize(
    ("read", "watch", "figure", "outcome"),
    [("pass", "False", "2.0", "pass"), ("1 / 0", "event.missing", "float('nan')", "fail")],
)
def test_importers_callbacks_and_metrics_are_tried_on_a_task_that_they_serve(
    tmp_path: Path, read: str, watch: str, figure: str, outcome: str
) -> None:
    write_plugin(tmp_path / "extra", "extra", "exporter")
    package = tmp_path / "extra" / "src" / "seqstudio_extra"
    code = EXTENDING.replace("READ", read).replace("WATCH", watch).replace("FIGURE", figure)
    (package / "__init__.py").write_text(code)
    (package / "cards.txt").write_text("one two three\nfour five six\n" * 16)
    manifest = (package / "seqstudio.toml").read_text()
    (package / "seqstudio.toml").write_text(manifest.partition("[[exporters]]")[0] + EXTENSIONS)
    found = {check.name.partition(":")[0]: check for check in verify(str(tmp_path / "extra"))}

    tried = [found[name] for name in ("importer cards", "callback watch", "metric constant")]
    assert [check.outcome for check in tried] == [outcome] * 3
    if outcome == "pass":
        assert tried[2].detail == "extra.constant 2"


def test_an_exporter_is_tried_on_an_operation_that_names_its_format(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    text = studio.catalogue.plugin("text")
    tried = writable(studio, text, text.manifest.exporters[0])

    assert tried[0][1].name == "translate"
    assert [entry.name for one, entry in tried if one == text][:2] == ["translate", "classify"]

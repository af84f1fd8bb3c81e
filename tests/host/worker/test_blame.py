"""The death of a worker counts against the plugin whose code ran; the work of others goes on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemStarted, JobEvent, JobFinished, Notice
from seqstudio.host.profile import Profile
from seqstudio.host.runner.losses import Losses
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.runs import open_run

EXPORTS = '[[exporters]]\nname = "html"\nkind = "text"\n'
HTML = """
from seqstudio.api import hookimpl
import os


class Html:
    name = "html"
    kind = "text"

    def write(self, value, path):
        AT_WORK
        path.write_text(value)


@hookimpl
def seqstudio_exporters():
    return [Html()]
"""
DYING = HTML.replace("import os", "import os; os._exit(7)").replace("AT_WORK", "pass")
LETTERS = Path(__file__).parents[2] / "plugins/letters"

Words = Callable[..., Path]


def run_with_html(
    studio: Studio, words: Words, out: Path, *formats: str
) -> tuple[list[JobEvent], JobFinished]:
    inputs = {"words": (words("a.txt", "b.txt"),)}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, out=out, formats=formats)
    events = list(Studio(studio.profile.home).submit(spec).events())
    assert isinstance(events[-1], JobFinished)
    return events, events[-1]


def notices(events: list[JobEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def left_out(events: list[JobEvent]) -> list[str]:
    return [event.left_out for event in events if isinstance(event, Notice) and event.left_out]


def crashes(studio: Studio) -> dict[str, int]:
    table = json.loads((studio.profile.home / "crashes.json").read_text())
    return {name: len(times) for name, times in table.items()}


@pytest.mark.medium
def test_an_extension_that_dies_on_import_is_blamed_and_left_out(
    site: Any, shouter: Studio, words: Words, tmp_path: Path
) -> None:
    site.install("html", EXPORTS, DYING)
    events, finished = run_with_html(shouter, words, tmp_path / "out", "txt", "html")

    died = "plugin 'html': its worker exited with status 7 while it was loading"
    assert notices(events) == [
        f"{died}; it is tried once more",
        f"{died}; the job goes on without this plugin",
    ]
    assert left_out(events) == ["html"]
    assert crashes(shouter) == {"html": 2}
    assert finished.failed == 2  # what only the extension can write is not written
    assert len([event for event in events if isinstance(event, ItemStarted)]) == 2


@pytest.mark.medium
def test_an_extension_that_dies_at_work_is_blamed_and_the_items_run_again_without_it(
    site: Any, shouter: Studio, words: Words, tmp_path: Path
) -> None:
    site.install("html", EXPORTS, HTML.replace("AT_WORK", "os._exit(7)"))
    events, _ = run_with_html(shouter, words, tmp_path / "out", "html")

    assert notices(events) == [
        "plugin 'html': its worker exited with status 7 while it was running;"
        " the job goes on without this plugin"
    ]
    assert crashes(shouter) == {"html": 1}


def test_an_extension_that_raises_an_error_on_import_is_left_out_with_its_reason(
    site: Any, shouter: Studio, words: Words, tmp_path: Path
) -> None:
    site.install("html", EXPORTS, HTML.replace("import os", "import os; 1 / 0"))
    events, finished = run_with_html(shouter, words, tmp_path / "out", "html")

    why = "plugin 'html': importing plugin_html: ZeroDivisionError: division by zero"
    assert notices(events) == [f"{why}; the job goes on without this plugin"]
    assert left_out(events) == ["html"]
    assert finished.failed == 2
    failures = {item.reason for item in shouter.jobs.items(1)}
    assert failures == {f"tiny shout: no exporter writes text as 'html'; {why}"}


@pytest.mark.medium
def test_a_worker_killed_while_loading_is_retried_once(
    site: Any, home: Path, words: Words, tmp_path: Path
) -> None:
    marker = home / "jobs/1/seen"
    once = f"""
    import os, signal
    from pathlib import Path

    if not Path({str(marker)!r}).exists():
        Path({str(marker)!r}).touch()
        os.kill(os.getpid(), signal.SIGKILL)


    def shout(request, job):
        yield Result(outputs={{"text": "done"}})


    RUN = {{"shout": shout}}
    """
    site.batch("tiny", once)
    events, finished = run_with_html(Studio(home), words, tmp_path / "out", "txt")

    how = "plugin 'tiny': its worker ended by SIGKILL while it was loading"
    assert notices(events) == [f"{how}; it is tried once more"]
    assert left_out(events) == []
    assert finished.done == 2


def test_a_worker_cannot_blame_a_plugin_that_is_not_in_its_job(
    site: Any, home: Path, words: Words, tmp_path: Path
) -> None:
    code = """
    import os, struct

    def shout(request, job):
        body = b'{"type": "acting", "plugin": "speech"}'
        for name in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                    os.write(int(name), struct.pack(">I", len(body)) + body)
            except OSError:
                pass
        os._exit(1)


    RUN = {"shout": shout}
    """
    site.batch("tiny", code)
    _, finished = run_with_html(Studio(home), words, tmp_path / "out", "txt")

    assert finished.failed == 2
    assert crashes(Studio(home)).keys() == {"tiny"}


EXTRAS = """
from seqstudio.api import hookimpl
import os


class Metric:
    name = "mine"
    task = "letters.words"

    def compute(self, task, measurements):
        return {"nll_per_token": 0.0, "items": 7}


class Callback:
    name = "ender"

    def on_event(self, event):
        if type(event).__name__ == "TrainingStep":
            CALLBACK
        return True


class Importer:
    name = "everything"
    kind = "lines"

    def recognises(self, source):
        return True

    def read(self, source, ledger):
        return iter(())


@hookimpl
def seqstudio_metrics():
    return [Metric()]


@hookimpl
def seqstudio_train_callbacks():
    return [Callback()]


@hookimpl
def seqstudio_importers():
    return [Importer()]
"""
EXTRAS_MANIFEST = """
metrics = [{ name = "mine" }]
train_callbacks = [{ name = "ender" }]
importers = [{ name = "everything", kind = "lines" }]
"""


@pytest.fixture
def letters(site: Any, tmp_path: Path) -> Callable[[str], Studio]:
    """Return a function that installs the letters plugin and the extras, with a callback's code."""

    def install(callback: str) -> Studio:
        site.install("letters", "", (LETTERS / "__init__.py").read_text())
        shutil.copy(LETTERS / "seqstudio.toml", site.folder / "plugin_letters")
        site.install("extras", EXTRAS_MANIFEST, EXTRAS.replace("CALLBACK", callback))
        (tmp_path / "words.txt").write_text("abc\nbcd\ncde\ndea\nabcd\n" * 4)
        return Studio(tmp_path / "home")

    return install


def train(studio: Studio, folder: Path, **more: Any) -> list[JobEvent]:
    arguments = {"data": str(folder / "words.txt"), "run": str(folder / "run"), **more}
    spec = JobSpec(plugin="letters", verb="train", name="letters.words", arguments=arguments)
    return list(studio.submit(spec).events())


@pytest.mark.medium
def test_extensions_take_no_data_end_no_training_and_replace_no_figure(
    letters: Callable[[str], Studio], tmp_path: Path
) -> None:
    studio = letters("pass")
    events = train(studio, tmp_path)

    assert notices(events) == [
        "callback 'ender' of plugin 'extras' asked to end the training: refused, since only the"
        " plugin of the task may"
    ]
    finished = open_run(tmp_path / "run").finished()
    assert finished is not None
    assert finished.reason == "epochs"
    ledger = json.loads((tmp_path / "run/ledger.json").read_text())
    assert ledger["reader"] == "letters.words"
    measured = studio.submit(
        JobSpec(
            plugin="letters",
            verb="evaluate",
            name="letters.words",
            model=str(tmp_path / "run"),
            arguments={"data": str(tmp_path / "words.txt"), "split": "valid"},
        )
    ).wait()
    report = measured.value
    assert report["extras.nll_per_token"] == 0.0
    assert report["extras.items"] == 7
    assert report["nll_per_token"] > 0
    assert report["items"] != 7


@pytest.mark.medium
def test_a_training_goes_on_without_the_callback_that_killed_its_worker(
    letters: Callable[[str], Studio], tmp_path: Path
) -> None:
    studio = letters("os._exit(9)")
    events = train(studio, tmp_path, preset="tiny")

    assert notices(events) == [
        "plugin 'extras': its worker exited with status 9 while it was running;"
        " the job goes on without this plugin"
    ]
    assert open_run(tmp_path / "run").finished() is not None
    assert Profile(studio.profile.home).home.joinpath("crashes.json").exists()


def test_each_plugin_has_one_more_attempt_at_loading() -> None:
    from seqstudio.contracts.messages import PluginSource, Start

    sources = [PluginSource(id=x, module=x, version="1", manifest={}) for x in ("mine", "other")]
    start = Start(
        plugin=sources[0], extensions=(sources[1],), verb="operation", name="x", folder=""
    )
    counted = []
    losses = Losses(start, lambda plugin, how: counted.append(plugin) or "")
    judged = [
        losses.judge(acting, "died", loading=True, killed=False)
        for acting in ("other", "other", "", "")
    ]

    assert [one.again for one in judged] == [True, True, True, False]
    assert losses.start.extensions == ()
    assert counted == ["other", "other", "mine", "mine"]
    assert judged[-1].failure == "plugin 'mine': its worker died while it was loading"

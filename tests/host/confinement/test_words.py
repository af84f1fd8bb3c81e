"""How far plugins are confined, and what they were refused: the same words everywhere."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from seqstudio.cli.doctor import confinement_finding
from seqstudio.cli.plugins import plugins, sheet_text
from seqstudio.gui.plugins_and_models.consent import consent_text
from seqstudio.gui.plugins_and_models.plugin_rows import PluginRow, read_plugins
from seqstudio.host.confinement import landlock
from seqstudio.host.profile import Profile
from seqstudio.host.store.refusals import record_refusal
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.store.store import Store

Command = Callable[..., str]
HOSTILE = "\x1b[2J\u202egpj"


def spaced_once(text: str) -> str:
    return re.sub(" +", " ", text)


@pytest.fixture
def command(home: Path) -> Command:
    """Return a function that runs `seqstudio plugins` and returns what it prints."""

    def run(*arguments: str) -> str:
        result = CliRunner(env={"SEQSTUDIO_HOME": str(home)}).invoke(plugins, arguments)
        assert result.exception is None, result.output
        return spaced_once(result.stdout)

    home.mkdir(exist_ok=True)
    return run


def row(home: Path, plugin: str) -> PluginRow:
    """Return the plugin as the app shows it."""
    return next(one for one in read_plugins(Profile(home)) if one.id == plugin)


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    ("layers", "word", "files"),
    [
        (("files", "calls", "limits"), "enforced", "enforced"),
        (("files",), "partly", "enforced"),
        ((), "declared only", "declared only"),
    ],
)
def test_how_far_plugins_are_confined_is_said_before_and_after_an_installation(
    command: Command, home: Path, tmp_path: Path, layers: tuple[str, ...], word: str, files: str
) -> None:
    (home / "limits.json").write_text(json.dumps({"confine": layers}))
    write_plugin(tmp_path / "turner", "turner", "operation")
    sheet = Store(Profile(home)).inspect(tmp_path / "turner").sheet
    limit = f"it reads and writes only the files of its jobs: {files}"
    limits = next(one for one in consent_text(sheet).groups if one.title.startswith("Limits: "))

    assert f"limits {word}" in spaced_once(sheet_text(sheet))
    assert f"limits {limit}" in spaced_once(sheet_text(sheet))
    assert limits.title.startswith(f"Limits: {word}")
    assert limit in [fact.text for fact in limits.facts]
    assert f"Limits of plugins: {word}" in command("list")
    assert json.loads(command("list", "--json"))["limits"] == word
    assert f"limits {word}" in command("show", "forecast")
    assert confinement_finding(Profile(home)).fact.startswith(word)
    assert any(group.title.startswith(f"Limits: {word}") for group in row(home, "forecast").groups)


def test_a_refusal_is_shown_on_the_command_line_and_in_the_app(
    command: Command, home: Path
) -> None:
    key = Path.home() / ".ssh/id_ed25519"
    record_refusal(Profile(home), 7, "forecast", f"read {key}")
    sentence = "asked to read ~/.ssh/id_ed25519: refused (job 7)"

    assert f"refused {sentence}" in command("show", "forecast")
    shown = {one.title: [f.text for f in one.facts] for one in row(home, "forecast").groups}
    assert shown["Asked for and refused"] == [sentence]
    others = {one.title: [f.text for f in one.facts] for one in row(home, "music").groups}
    assert others["Asked for and refused"] == ["nothing"]


def test_a_refused_path_cannot_pass_for_another_fact(command: Command, home: Path) -> None:
    record_refusal(Profile(home), 7, "forecast", f"read /{HOSTILE}\nlimits enforced")
    shown = command("show", "forecast")
    (group,) = (one for one in row(home, "forecast").groups if one.title == "Asked for and refused")

    assert r"asked to read /\x1b[2J\u202egpj\nlimits enforced: refused (job 7)" in shown
    assert group.facts[0].text in shown


def test_a_hostile_folder_is_one_line_of_the_sheet(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / f"turner{HOSTILE}\nlimits enforced"
    write_plugin(folder, "turner", "operation")
    sheet = Store(Profile(home)).inspect(folder).sheet
    file = next(one for one in consent_text(sheet).groups if one.title == "File")
    shown = r"turner\x1b[2J\u202egpj\nlimits enforced"

    assert shown in sheet_text(sheet)
    assert next(fact.text for fact in file.facts if fact.label == "Source").endswith(shown)

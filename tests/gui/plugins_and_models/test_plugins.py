"""The page of plugins without its widgets: real wheels, a real store, real workers."""

import time
import zipfile
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.plugins_and_models.consent import Consent
from seqstudio.gui.plugins_and_models.plugins import PluginsModel
from seqstudio.gui.widgets.facts import FactGroup
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.catalogue import SAFE_MODE
from seqstudio.host.store.crashes import count_crash
from seqstudio.host.store.project_wheel import project_wheel
from seqstudio.host.store.scaffold import write_plugin


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A third-party plugin, as `plugins new` writes it."""
    folder = tmp_path / "turner"
    write_plugin(folder, "turner", "operation")
    return folder


@pytest.fixture
def model(workspace: Workspace, qtbot: QtBot) -> PluginsModel:
    model = PluginsModel(workspace, workspace)
    qtbot.waitUntil(lambda: bool(model.rows))
    return model


def wait_until_idle(qtbot: QtBot, model: PluginsModel, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: not model.background_task.busy and not workspace.background.busy)


def install(qtbot: QtBot, model: PluginsModel, workspace: Workspace, path: Path) -> Consent:
    with qtbot.waitSignal(model.consent_asked) as asked:
        model.install(path)
    with qtbot.waitSignal(workspace.installed_changed):
        model.accept()
    wait_until_idle(qtbot, model, workspace)
    consent: Consent = asked.args[0]
    return consent


def facts(groups: tuple[FactGroup, ...], title: str) -> list[str]:
    (found,) = (one for one in groups if one.title == title)
    return [f"{fact.label}: {fact.text}" if fact.label else fact.text for fact in found.facts]


def test_the_built_in_plugins_are_listed_with_their_contents(model: PluginsModel) -> None:
    speech = next(row for row in model.rows if row.id == "speech")

    assert (speech.state, speech.origin, speech.stored) == ("on", "built in", False)
    assert "transcribe: Transcribe recordings" in facts(speech.groups, "Operations")
    assert any(line.startswith("speech.ctc") for line in facts(speech.groups, "Tasks to train"))


@pytest.mark.medium
def test_a_project_is_installed_after_consent_and_in_the_catalogue_at_once(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    consent = install(qtbot, model, workspace, project)

    assert consent.question == "Install Turner 0.1.0?"
    assert f"Source: {project}" in facts(consent.groups, "File")
    assert workspace.studio.catalogue.plugin("turner").version == "0.1.0"
    assert model.selected == "turner"
    assert model.row is not None
    assert model.row.origin == f"installed from {project}"
    assert model.background_task.message == "Turner 0.1.0 is installed and enabled."
    model.disable()
    wait_until_idle(qtbot, model, workspace)
    assert model.row.status == "off: disabled by you"
    assert (model.can_disable(), model.can_enable(), model.can_uninstall()) == (False, True, True)
    assert "turner" not in [one.id for one in workspace.studio.catalogue.plugins]
    model.enable()
    wait_until_idle(qtbot, model, workspace)
    assert model.row.status == "on"
    model.uninstall()
    wait_until_idle(qtbot, model, workspace)
    assert "turner" not in [row.id for row in model.rows]
    assert "Sessions are unchanged" in model.background_task.message


def test_nothing_is_installed_without_consent(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    with qtbot.waitSignal(model.consent_asked):
        model.install(project)
    model.decline()
    model.accept()  # nothing was agreed to

    assert model.background_task.message == "Not installed."
    assert not (workspace.studio.profile.home / "plugins").exists()


@pytest.mark.medium
def test_a_new_version_says_what_changed_and_can_be_rolled_back(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    install(qtbot, model, workspace, project)
    for file, old, new in (
        ("pyproject.toml", '"0.1.0"', '"0.2.0"'),
        ("src/seqstudio_turner/seqstudio.toml", 'license = "MIT"', 'license = "GPL-3.0-only"'),
    ):
        path = project / file
        path.write_text(path.read_text().replace(old, new, 1))
    consent = install(qtbot, model, workspace, project)

    assert consent.summary.startswith("Replaces version 0.1.0")
    assert consent.groups[0].title == "What changed since 0.1.0"
    assert facts(consent.groups, "What changed since 0.1.0") == [
        "licence: + GPL-3.0-only",
        "licence: - MIT",
        "code: 1 file changed: seqstudio_turner/seqstudio.toml",
    ]
    assert model.can_roll_back()
    model.roll_back()
    wait_until_idle(qtbot, model, workspace)
    assert workspace.studio.catalogue.plugin("turner").version == "0.1.0"
    assert model.background_task.message == "Turner is back at 0.1.0. Roll back again for 0.2.0."


def test_a_malicious_wheel_is_refused_in_one_sentence(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path, tmp_path: Path
) -> None:
    packed = project_wheel(project)
    wheel = tmp_path / packed.path.name
    wheel.write_bytes(packed.packed)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("turner.pth", "import os")
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.install(wheel)
    wait_until_idle(qtbot, model, workspace)

    assert refusals[-1].startswith(f"{wheel.name}: turner.pth: runs at every start of Python")
    assert not model.background_task.busy


@pytest.mark.medium
def test_a_plugin_that_fails_its_probe_is_not_installed(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    code = project / "src" / "seqstudio_turner" / "__init__.py"
    code.write_text("raise SystemExit(3)\n")
    with qtbot.waitSignal(model.consent_asked):
        model.install(project)
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.accept()
    wait_until_idle(qtbot, model, workspace)

    assert "turner" in refusals[-1]
    assert "\n" not in refusals[-1]
    assert [row.id for row in model.rows if row.stored] == []


@pytest.mark.medium
def test_after_three_crashes_a_plugin_is_off_with_its_reason(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    install(qtbot, model, workspace, project)
    plugin = workspace.studio.catalogue.plugin("turner")
    for _ in range(3):
        count_crash(workspace.studio.profile, plugin, "ended by SIGSEGV")
    with qtbot.waitSignal(workspace.installed_changed):
        workspace.refresh_if_changed()
    wait_until_idle(qtbot, model, workspace)

    assert model.row is not None
    assert model.row.status == (
        "off: 3 of its workers crashed within 10 minutes, the last ended by SIGSEGV"
    )
    assert model.can_enable()


@pytest.mark.medium
def test_safe_mode_is_explained_and_a_plugin_can_still_be_disabled_or_removed(
    workspace: Workspace,
    qtbot: QtBot,
    model: PluginsModel,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(qtbot, model, workspace, project)
    monkeypatch.setenv(SAFE_MODE, "1")
    safe = PluginsModel(workspace, workspace)
    wait_until_idle(qtbot, safe, workspace)
    safe.select("turner")

    assert "only built-in plugins are enabled" in safe.safe_mode
    assert safe.row is not None
    assert safe.row.status == "off: safe mode: only built-in plugins"
    assert (safe.can_enable(), safe.can_disable(), safe.can_uninstall()) == (False, True, True)
    safe.disable()
    wait_until_idle(qtbot, safe, workspace)
    assert safe.row.status == "off: disabled by you"


@pytest.mark.medium
def test_a_damaged_plugin_is_listed_as_broken_and_can_be_removed(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    install(qtbot, model, workspace, project)
    (receipt,) = (workspace.studio.profile.home / "plugins" / "turner").glob("*/receipt.json")
    receipt.write_text("{")
    model.reload()
    wait_until_idle(qtbot, model, workspace)

    assert model.row is not None
    assert model.row.status.startswith("broken: ")
    assert model.row.status.endswith("expected a receipt; install it again")
    assert (model.can_disable(), model.can_enable(), model.can_uninstall()) == (False, False, True)
    model.uninstall()
    wait_until_idle(qtbot, model, workspace)
    assert "turner" not in [row.id for row in model.rows]


def test_a_second_change_is_refused_while_the_first_runs(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.install(project)
    model.install(project)
    wait_until_idle(qtbot, model, workspace)

    assert "Inspecting turner: wait until this has finished." in refusals


@pytest.mark.medium
def test_a_plugin_is_verified_check_by_check_and_nothing_is_installed(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    seen: list[int] = []
    model.verification.changed.connect(lambda: seen.append(len(model.verification.checks)))
    model.verify(project)
    qtbot.waitUntil(lambda: not model.background_task.busy)

    assert seen == list(range(1, len(seen) + 1))
    assert (model.title, model.highlighted, model.can_disable()) == ("turner", "", False)
    assert "passed: reverse: the same run gives the same bytes" in facts(
        model.groups, "Checks of turner"
    )
    assert model.background_task.message.startswith("turner: all ")
    assert not (workspace.studio.profile.home / "plugins").exists()
    model.select("music")
    assert model.title == "Music"


@pytest.mark.medium
def test_closing_stops_a_running_verification(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    model.verify(project)
    qtbot.waitUntil(lambda: bool(model.verification.checks))
    start_s = time.monotonic()
    workspace.closing.emit()
    workspace.background.finish()

    assert time.monotonic() - start_s < 2

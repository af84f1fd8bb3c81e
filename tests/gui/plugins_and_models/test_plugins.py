"""The page of plugins without its widgets: real wheels, a real store, real workers."""

import time
import zipfile
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.plugins_and_models.consent import Consent
from seqstudio.gui.plugins_and_models.plugins import PluginsModel
from seqstudio.gui.widgets.facts import Group
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.catalogue import SAFE_MODE
from seqstudio.host.store.crashes import count_death
from seqstudio.host.store.pack import pack
from seqstudio.host.store.scaffold import write_plugin


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A stranger's plugin, as `plugins new` writes it."""
    folder = tmp_path / "turner"
    write_plugin(folder, "turner", "operation")
    return folder


@pytest.fixture
def model(workspace: Workspace, qtbot: QtBot) -> PluginsModel:
    model = PluginsModel(workspace, workspace)
    qtbot.waitUntil(lambda: bool(model.rows))
    return model


def settled(qtbot: QtBot, model: PluginsModel, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: not model.errand.busy and not workspace.background.busy, timeout=30_000)


def installed(qtbot: QtBot, model: PluginsModel, workspace: Workspace, path: Path) -> Consent:
    with qtbot.waitSignal(model.offered) as asked:
        model.bring(path)
    with qtbot.waitSignal(workspace.installed_changed, timeout=30_000):
        model.install()
    settled(qtbot, model, workspace)
    consent: Consent = asked.args[0]
    return consent


def facts(groups: tuple[Group, ...], title: str) -> list[str]:
    (found,) = (one for one in groups if one.title == title)
    return [f"{fact.label}: {fact.text}" if fact.label else fact.text for fact in found.facts]


def test_the_plugins_in_the_box_are_listed_with_what_they_bring(model: PluginsModel) -> None:
    speech = next(row for row in model.rows if row.id == "speech")

    assert (speech.state, speech.origin, speech.stored) == ("on", "in the box", False)
    assert "transcribe: Transcribe recordings" in facts(speech.groups, "Operations")
    assert any(line.startswith("speech.ctc") for line in facts(speech.groups, "Tasks to train"))


def test_a_project_is_offered_agreed_to_installed_and_in_the_catalogue_at_once(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    consent = installed(qtbot, model, workspace, project)

    assert consent.question == "Install Turner 0.1.0?"
    assert f"From: {project}" in facts(consent.groups, "File")
    assert workspace.studio.catalogue.plugin("turner").version == "0.1.0"
    assert model.chosen == "turner"
    assert model.row is not None
    assert model.row.origin == f"installed from {project}"
    assert model.errand.said == "Turner 0.1.0 is installed and on."
    model.disable()
    settled(qtbot, model, workspace)
    assert model.row.said == "off: switched off by you"
    assert (model.can_disable(), model.can_enable(), model.can_uninstall()) == (False, True, True)
    assert "turner" not in [one.id for one in workspace.studio.catalogue.plugins]
    model.enable()
    settled(qtbot, model, workspace)
    assert model.row.said == "on"
    model.uninstall()
    settled(qtbot, model, workspace)
    assert "turner" not in [row.id for row in model.rows]
    assert "Sessions stay as they are" in model.errand.said


def test_nothing_is_installed_without_consent(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    with qtbot.waitSignal(model.offered):
        model.bring(project)
    model.decline()
    model.install()  # nothing was agreed to

    assert model.errand.said == "Not installed."
    assert not (workspace.studio.profile.home / "plugins").exists()


@pytest.mark.medium
def test_a_new_version_says_what_changed_and_can_be_rolled_back(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    installed(qtbot, model, workspace, project)
    for file, old, new in (
        ("pyproject.toml", '"0.1.0"', '"0.2.0"'),
        ("src/seqstudio_turner/seqstudio.toml", 'license = "MIT"', 'license = "GPL-3.0-only"'),
    ):
        path = project / file
        path.write_text(path.read_text().replace(old, new, 1))
    consent = installed(qtbot, model, workspace, project)

    assert "takes the place of version 0.1.0" in consent.lead
    assert consent.groups[0].title == "What changed since 0.1.0"
    assert facts(consent.groups, "What changed since 0.1.0") == [
        "licence: + GPL-3.0-only",
        "licence: - MIT",
    ]
    assert model.can_roll_back()
    model.roll_back()
    settled(qtbot, model, workspace)
    assert workspace.studio.catalogue.plugin("turner").version == "0.1.0"
    assert model.errand.said == "Turner is at 0.1.0 again; once more returns to 0.2.0."


def test_a_wheel_that_means_harm_is_refused_in_one_sentence(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path, tmp_path: Path
) -> None:
    packed = pack(project)
    wheel = tmp_path / packed.path.name
    wheel.write_bytes(packed.packed)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("turner.pth", "import os")
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.bring(wheel)
    settled(qtbot, model, workspace)

    assert refusals[-1].startswith(f"{wheel.name}: turner.pth: runs at every start of Python")
    assert not model.errand.busy


@pytest.mark.medium
def test_what_fails_its_trial_is_not_installed(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    code = project / "src" / "seqstudio_turner" / "__init__.py"
    code.write_text("raise SystemExit(3)\n")
    with qtbot.waitSignal(model.offered):
        model.bring(project)
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.install()
    settled(qtbot, model, workspace)

    assert "turner" in refusals[-1]
    assert "\n" not in refusals[-1]
    assert [row.id for row in model.rows if row.stored] == []


@pytest.mark.medium
def test_after_three_deaths_a_plugin_is_off_with_its_reason(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    installed(qtbot, model, workspace, project)
    plugin = workspace.studio.catalogue.plugin("turner")
    for _ in range(3):
        count_death(workspace.studio.profile, plugin, "ended by SIGSEGV")
    with qtbot.waitSignal(workspace.installed_changed):
        workspace.look_again()
    settled(qtbot, model, workspace)

    assert model.row is not None
    assert model.row.said == ("off: 3 workers of it died in 10 minutes, the last ended by SIGSEGV")
    assert model.can_enable()


@pytest.mark.medium
def test_safe_mode_is_explained_and_leaves_a_way_to_remove_what_makes_trouble(
    workspace: Workspace,
    qtbot: QtBot,
    model: PluginsModel,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(qtbot, model, workspace, project)
    monkeypatch.setenv(SAFE_MODE, "1")
    safe = PluginsModel(workspace, workspace)
    settled(qtbot, safe, workspace)
    safe.choose("turner")

    assert "only the plugins in the box are in use" in safe.safe_mode
    assert safe.row is not None
    assert safe.row.said == "off: safe mode: only plugins in the box"
    assert (safe.can_enable(), safe.can_disable(), safe.can_uninstall()) == (False, True, True)
    safe.disable()
    settled(qtbot, safe, workspace)
    assert safe.row.said == "off: switched off by you"


@pytest.mark.medium
def test_a_damaged_plugin_is_listed_as_broken_and_can_be_removed(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    installed(qtbot, model, workspace, project)
    (receipt,) = (workspace.studio.profile.home / "plugins" / "turner").glob("*/receipt.json")
    receipt.write_text("{")
    model.look()
    settled(qtbot, model, workspace)

    assert model.row is not None
    assert model.row.said.startswith("broken: ")
    assert model.row.said.endswith("expected a receipt; install it again")
    assert (model.can_disable(), model.can_enable(), model.can_uninstall()) == (False, False, True)
    model.uninstall()
    settled(qtbot, model, workspace)
    assert "turner" not in [row.id for row in model.rows]


def test_a_second_change_waits_for_the_first(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.bring(project)
    model.bring(project)
    settled(qtbot, model, workspace)

    assert "Looking into turner: this has to end before the next change." in refusals


@pytest.mark.medium
def test_a_plugin_is_tried_check_by_check_and_nothing_is_installed(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    seen: list[int] = []
    model.trial.changed.connect(lambda: seen.append(len(model.trial.checks)))
    model.verify(project)
    qtbot.waitUntil(lambda: not model.errand.busy, timeout=120_000)

    assert seen == list(range(1, len(seen) + 1))
    assert (model.title, model.marked, model.can_disable()) == ("turner", "", False)
    assert "passed: reverse: the same run gives the same bytes" in facts(
        model.groups, "Checks of turner"
    )
    assert model.errand.said.startswith("turner: all ")
    assert not (workspace.studio.profile.home / "plugins").exists()
    model.choose("music")
    assert model.title == "Music"


@pytest.mark.medium
def test_closing_ends_a_trial_that_is_under_way(
    workspace: Workspace, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    model.verify(project)
    qtbot.waitUntil(lambda: bool(model.trial.checks), timeout=30_000)
    began = time.monotonic()
    workspace.closing.emit()
    workspace.background.finish()

    assert time.monotonic() - began < 2

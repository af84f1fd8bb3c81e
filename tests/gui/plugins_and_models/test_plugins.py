"""The page of plugins without its widgets: real wheels, a real store, real workers."""

import time
import zipfile
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.plugins_and_models.consent import Consent
from seqstudio.gui.plugins_and_models.plugins import PluginsModel
from seqstudio.gui.widgets.facts import Group
from seqstudio.gui.workspace.workspace import Desk
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
def model(desk: Desk, qtbot: QtBot) -> PluginsModel:
    model = PluginsModel(desk, desk)
    qtbot.waitUntil(lambda: bool(model.rows))
    return model


def settled(qtbot: QtBot, model: PluginsModel, desk: Desk) -> None:
    qtbot.waitUntil(lambda: not model.errand.busy and not desk.background.busy, timeout=30_000)


def installed(qtbot: QtBot, model: PluginsModel, desk: Desk, path: Path) -> Consent:
    with qtbot.waitSignal(model.offered) as asked:
        model.bring(path)
    with qtbot.waitSignal(desk.installed_changed, timeout=30_000):
        model.install()
    settled(qtbot, model, desk)
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
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    consent = installed(qtbot, model, desk, project)

    assert consent.question == "Install Turner 0.1.0?"
    assert f"From: {project}" in facts(consent.groups, "File")
    assert desk.studio.catalogue.plugin("turner").version == "0.1.0"
    assert model.chosen == "turner"
    assert model.row is not None
    assert model.row.origin == f"installed from {project}"
    assert model.errand.said == "Turner 0.1.0 is installed and on."
    model.disable()
    settled(qtbot, model, desk)
    assert model.row.said == "off: switched off by you"
    assert (model.can_disable(), model.can_enable(), model.can_uninstall()) == (False, True, True)
    assert "turner" not in [one.id for one in desk.studio.catalogue.plugins]
    model.enable()
    settled(qtbot, model, desk)
    assert model.row.said == "on"
    model.uninstall()
    settled(qtbot, model, desk)
    assert "turner" not in [row.id for row in model.rows]
    assert "Sessions stay as they are" in model.errand.said


def test_nothing_is_installed_without_consent(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    with qtbot.waitSignal(model.offered):
        model.bring(project)
    model.decline()
    model.install()  # nothing was agreed to

    assert model.errand.said == "Not installed."
    assert not (desk.studio.profile.home / "plugins").exists()


@pytest.mark.medium
def test_a_new_version_says_what_changed_and_can_be_rolled_back(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    installed(qtbot, model, desk, project)
    for file, old, new in (
        ("pyproject.toml", '"0.1.0"', '"0.2.0"'),
        ("src/seqstudio_turner/seqstudio.toml", 'license = "MIT"', 'license = "GPL-3.0-only"'),
    ):
        path = project / file
        path.write_text(path.read_text().replace(old, new, 1))
    consent = installed(qtbot, model, desk, project)

    assert "takes the place of version 0.1.0" in consent.lead
    assert consent.groups[0].title == "What changed since 0.1.0"
    assert facts(consent.groups, "What changed since 0.1.0") == [
        "licence: + GPL-3.0-only",
        "licence: - MIT",
    ]
    assert model.can_roll_back()
    model.roll_back()
    settled(qtbot, model, desk)
    assert desk.studio.catalogue.plugin("turner").version == "0.1.0"
    assert model.errand.said == "Turner is at 0.1.0 again; once more returns to 0.2.0."


def test_a_wheel_that_means_harm_is_refused_in_one_sentence(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path, tmp_path: Path
) -> None:
    packed = pack(project)
    wheel = tmp_path / packed.path.name
    wheel.write_bytes(packed.packed)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("turner.pth", "import os")
    refusals: list[str] = []
    model.troubled.connect(refusals.append)
    model.bring(wheel)
    settled(qtbot, model, desk)

    assert refusals[-1].startswith(f"{wheel.name}: turner.pth: runs at every start of Python")
    assert not model.errand.busy


@pytest.mark.medium
def test_what_fails_its_trial_is_not_installed(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    code = project / "src" / "seqstudio_turner" / "__init__.py"
    code.write_text("raise SystemExit(3)\n")
    with qtbot.waitSignal(model.offered):
        model.bring(project)
    refusals: list[str] = []
    model.troubled.connect(refusals.append)
    model.install()
    settled(qtbot, model, desk)

    assert "turner" in refusals[-1]
    assert "\n" not in refusals[-1]
    assert [row.id for row in model.rows if row.stored] == []


@pytest.mark.medium
def test_after_three_deaths_a_plugin_is_off_with_its_reason(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    installed(qtbot, model, desk, project)
    plugin = desk.studio.catalogue.plugin("turner")
    for _ in range(3):
        count_death(desk.studio.profile, plugin, "ended by SIGSEGV")
    with qtbot.waitSignal(desk.installed_changed):
        desk.look_again()
    settled(qtbot, model, desk)

    assert model.row is not None
    assert model.row.said == ("off: 3 workers of it died in 10 minutes, the last ended by SIGSEGV")
    assert model.can_enable()


@pytest.mark.medium
def test_safe_mode_is_explained_and_leaves_a_way_to_remove_what_makes_trouble(
    desk: Desk,
    qtbot: QtBot,
    model: PluginsModel,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(qtbot, model, desk, project)
    monkeypatch.setenv(SAFE_MODE, "1")
    safe = PluginsModel(desk, desk)
    settled(qtbot, safe, desk)
    safe.choose("turner")

    assert "only the plugins in the box are in use" in safe.safe_mode
    assert safe.row is not None
    assert safe.row.said == "off: safe mode: only plugins in the box"
    assert (safe.can_enable(), safe.can_disable(), safe.can_uninstall()) == (False, True, True)
    safe.disable()
    settled(qtbot, safe, desk)
    assert safe.row.said == "off: switched off by you"


@pytest.mark.medium
def test_a_damaged_plugin_is_listed_as_broken_and_can_be_removed(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    installed(qtbot, model, desk, project)
    (receipt,) = (desk.studio.profile.home / "plugins" / "turner").glob("*/receipt.json")
    receipt.write_text("{")
    model.look()
    settled(qtbot, model, desk)

    assert model.row is not None
    assert model.row.said.startswith("broken: ")
    assert model.row.said.endswith("expected a receipt; install it again")
    assert (model.can_disable(), model.can_enable(), model.can_uninstall()) == (False, False, True)
    model.uninstall()
    settled(qtbot, model, desk)
    assert "turner" not in [row.id for row in model.rows]


def test_a_second_change_waits_for_the_first(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    refusals: list[str] = []
    model.troubled.connect(refusals.append)
    model.bring(project)
    model.bring(project)
    settled(qtbot, model, desk)

    assert "Looking into turner: this has to end before the next change." in refusals


@pytest.mark.medium
def test_a_plugin_is_tried_check_by_check_and_nothing_is_installed(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
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
    assert not (desk.studio.profile.home / "plugins").exists()
    model.choose("music")
    assert model.title == "Music"


@pytest.mark.medium
def test_closing_ends_a_trial_that_is_under_way(
    desk: Desk, qtbot: QtBot, model: PluginsModel, project: Path
) -> None:
    model.verify(project)
    qtbot.waitUntil(lambda: bool(model.trial.checks), timeout=30_000)
    began = time.monotonic()
    desk.closing.emit()
    desk.background.finish()

    assert time.monotonic() - began < 2

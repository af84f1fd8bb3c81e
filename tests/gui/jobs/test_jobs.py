"""The page of jobs, driven by mouse and keys, with real workers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.jobs.jobs import JobsModel
from seqstudio.gui.jobs.jobs_view import JobsView
from seqstudio.gui.jobs.tree_view import HEADING, PROGRESS, STATE, TEXT, TITLE
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.job_progress import MIN_ELAPSED_S, JobProgress
from seqstudio.gui.workspace.job_queue import JobQueue
from seqstudio.gui.workspace.state_words import time_left
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, ItemStarted, PartialText
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.session import Session


@pytest.fixture
def page(parrot_studio: Studio, window: Window) -> JobsView:
    """The page of jobs of a window, with a third-party plugin installed."""
    page = window.show_page("jobs")
    assert isinstance(page, JobsView)
    return page


@pytest.fixture
def echo(workspace: Workspace, tmp_path: Path) -> Callable[..., int]:
    """Return a function that queues a job, which repeats texts, and returns its number."""

    def submit(*files: str) -> int:
        paths = []
        for file in files:
            name, _, text = file.partition("=")
            paths.append(tmp_path / f"{name}.txt")
            paths[-1].write_text(text or name)
        spec = JobSpec(plugin="parrot", name="echo", inputs={"words": tuple(paths)})
        return workspace.submit(spec, "Echo", ())

    return submit


def row_of(page: JobsView, at: int) -> list[str]:
    row = page.tree.topLevelItem(at)
    return [row.text(column) for column in (TITLE, STATE, PROGRESS, TEXT)] if row else []


def test_the_time_left_leaves_out_loading_pauses_and_skipped_items(
) -> None:  # fmt: skip
    progress = JobProgress({1: 1, 2: 2, 3: 3, 4: 3})
    progress.on_event(ItemStarted(item=1, name="a"), 0)
    assert progress.remaining_s(50) is None
    progress.on_event(ItemDone(item=1, name="a", skipped=True), 50)
    progress.on_event(ItemStarted(item=2, name="b"), 50)
    progress.on_event(ItemProgress(item=2, fraction=0.0), 100)  # 50 s of loading
    progress.on_event(ItemProgress(item=2, fraction=0.5), 110)
    assert progress.remaining_s(110) == pytest.approx(50)  # an eighth took 10 s, five are left
    progress.pause(110)
    assert progress.remaining_s(500) is None
    progress.resume(510)
    assert progress.remaining_s(510) == pytest.approx(50)
    progress.on_event(ItemFailed(item=2, name="b", reason="x"), 520)
    for take in (3, 4):
        progress.on_event(ItemStarted(item=take, name="c"), 520)
    progress.on_event(ItemProgress(item=3, fraction=0.5), 530)
    assert progress.fraction == pytest.approx(0.75)  # takes of one input move together
    progress.on_event(PartialText(item=3, text="so far"), 530)
    assert {one.text for one in progress.running.values()} == {"so far"}
    assert MIN_ELAPSED_S < 10


def test_the_time_left_is_rounded() -> None:
    assert [time_left(s) for s in (4, 31, 89, 4000)] == [
        "a few seconds left",
        "about 30 s left",
        "about 1 min left",
        "about 67 min left",
    ]


@pytest.mark.medium
def test_the_chip_says_what_runs_and_its_pop_over_stops_it(
    page: JobsView, echo: Callable[..., int], window: Window, qtbot: QtBot
) -> None:
    assert page.summary.text() == "No jobs"
    assert window.chip.text() == "No jobs"
    job = echo("one=slow")
    qtbot.waitUntil(lambda: "Echo one" in window.chip.text())
    qtbot.mouseClick(window.chip, Qt.MouseButton.LeftButton)
    names = {one.accessibleName(): one for one in window.chip.pop_over.findChildren(QPushButton)}
    qtbot.mouseClick(names["Stop Echo one"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.jobs[0].state == "cancelled")
    assert page.model.jobs[0].id == job
    assert row_of(page, 0)[1:3] == ["Stopped", ""]
    window.chip.pop_over.hide()


@pytest.mark.medium
def test_a_job_is_shown_live_and_controlled_by_keys(
    page: JobsView, echo: Callable[..., int], qtbot: QtBot
) -> None:
    echo("one", "two=slow", "three=bad")
    echo("four")
    qtbot.waitUntil(lambda: row_of(page, 0)[3] == "slow...")
    heard = "Running, 1 of 3 done, clearing its throat"  # two files at once: either may be first
    qtbot.waitUntil(lambda: row_of(page, 0)[1].startswith(heard))
    title, _, progress, _ = row_of(page, 0)
    assert title == "Echo 3 files"
    assert progress in ("33%", "34%", "35%")
    assert row_of(page, 1)[1] == "Waiting"
    page.tree.setFocus()
    qtbot.keyClick(page.tree, Qt.Key.Key_Right)
    first = page.tree.topLevelItem(0)
    assert first is not None
    assert [first.child(at).text(TITLE) for at in range(3)] == ["two.txt", "one.txt", "three.txt"]
    qtbot.keyClick(page.tree, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: row_of(page, 0)[1].startswith("Paused"))
    qtbot.keyClick(page.tree, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: row_of(page, 0)[1].startswith("Running"))
    qtbot.keyClick(page.tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.model.jobs[-1].state == "cancelled")
    qtbot.waitUntil(lambda: not page.model.busy)


@pytest.mark.medium
def test_a_failed_job_has_a_report_and_is_retried_with_the_mouse(
    page: JobsView, echo: Callable[..., int], window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    echo("one=bad")
    qtbot.waitUntil(lambda: page.model.jobs[0].state == "failed")
    buttons = {button.text(): button for button in page.buttons.findChildren(QPushButton)}
    report_action = window.commands.action("jobs.report")
    qtbot.waitUntil(report_action.isEnabled)
    report_action.trigger()
    report = QGuiApplication.clipboard().text()
    assert "one.txt: parrot echo: ValueError: cannot be said" in report
    assert "a feather in the throat" in report
    assert not buttons["Outputs…"].isEnabled()
    (tmp_path / "one.txt").write_text("good")
    qtbot.mouseClick(buttons["Retry"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.jobs[0].state == "done")
    qtbot.waitUntil(lambda: buttons["Outputs…"].isEnabled())
    titles = [action.text() for action in page.outputs_menu().actions() if action.text()]
    assert titles == ["one.txt", "one.counts.tsv", "Show in folder"]
    copy = tmp_path / "mine.txt"
    with qtbot.waitSignal(page.model.failed):
        page.model.save_copy(page.model.outputs()[0], copy)
    assert copy.read_text() == "goodgood"
    with qtbot.waitSignal(page.model.failed) as failed:
        page.model.save_copy(page.model.outputs()[0], tmp_path / "nowhere/mine.txt")
    assert "nowhere/mine.txt" in failed.args[0]


@pytest.mark.medium
def test_waiting_jobs_are_reordered_by_keys_and_the_queue_is_paused(
    page: JobsView, echo: Callable[..., int], qtbot: QtBot
) -> None:
    a, b, c = echo("a=slow"), echo("b"), echo("c")
    page.model.select(c)
    page.tree.setFocus()
    assert [job.id for job in page.model.jobs] == [a, b, c]
    qtbot.keyClick(page.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [job.id for job in page.model.jobs] == [a, c, b]
    assert not page.model.can("move_up")
    assert page.tree.currentItem().text(TITLE) == "Echo c"
    page.model.pause_queue()
    assert page.start_button.isVisible()
    qtbot.keyClick(page.tree, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: page.model.selected_id == a)
    qtbot.keyClick(page.tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.model.jobs[-1].state == "cancelled")
    assert [job.state_text for job in page.model.jobs[:2]] == ["Waiting, queue paused"] * 2
    qtbot.mouseClick(page.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.model.busy)
    page.model.clear_ended()
    assert page.model.jobs == ()
    assert page.model.summary == "No jobs"


def test_jobs_from_before_are_below_a_heading_and_are_cleared_for_good(
    parrot_studio: Studio, workspace: Workspace, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    spec = JobSpec(plugin="parrot", name="echo", inputs={"words": (tmp_path / "a.txt",)})
    first, second = parrot_studio.enqueue(spec), parrot_studio.enqueue(spec)
    parrot_studio.jobs.fail(first, "no reason")
    later = Workspace(Studio(parrot_studio.profile.home), Session.untitled(parrot_studio.profile))
    later.queue.pause_queue()
    page = JobsView(later, Commands(window))
    qtbot.addWidget(page)
    page.show()
    assert page.summary.text() == "1 waiting, queue paused, 1 earlier"
    later.queue.cancel(second)
    assert page.summary.text() == "1 ended, 1 earlier"
    assert [row_of(page, at)[0] for at in range(3)] == ["Echo a", HEADING, "Echo a"]
    assert row_of(page, 2)[3] == "no reason"
    page.tree.setFocus()
    page.model.select(second)
    qtbot.keyClick(page.tree, Qt.Key.Key_Down)
    assert page.model.selected_id == first
    assert f"job {first}: Echo a: Failed" in page.model.report()
    page.model.clear_ended()
    assert page.summary.text() == "No jobs"
    assert JobQueue(Studio(parrot_studio.profile.home), later).jobs() == ()
    later.close()
    later.deleteLater()


def test_a_report_needs_a_job(workspace: Workspace) -> None:
    assert JobsModel(workspace, workspace).report() == ""

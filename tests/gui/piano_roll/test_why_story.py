"""A user asks why a note is there, takes another one, and has what follows written anew."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.piano_roll.why_view import WhyView
from seqstudio.gui.shell.window_view import Window
from seqstudio.media.midi import Score
from seqstudio.session.note_array import Notes

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(window: Window, qtbot: QtBot, tune: Path) -> ScoreView:
    window.workspace.import_files([tune])
    return opened(window, qtbot)


def opened(window: Window, qtbot: QtBot) -> ScoreView:
    window.activateWindow()
    qtbot.waitUntil(lambda: window.workspace.take is not None)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.target is not None and page.panel is not None)
    page.roll_view.setFocus()
    return page


def why_view(page: ScoreView) -> WhyView:
    assert page.panel is not None
    shown = page.panel.tabs.currentWidget()
    assert isinstance(shown, WhyView)
    return shown


def explained(page: ScoreView, window: Window, qtbot: QtBot, at: int) -> WhyView:
    """Ask about the note at an index of the melody, with the keyboard."""
    page.roll.go_to_note(at)
    qtbot.keyClick(page.roll_view, Qt.Key.Key_W)
    view = why_view(page)
    qtbot.waitUntil(lambda: bool(view.heading.text()) or not page.why.asks)
    assert view.heading.text(), page.why.status
    return view


def pitches(notes: Notes) -> list[int]:
    return [int(pitch) for pitch in notes.pitches]


@pytest.mark.medium
def test_a_note_says_why_and_another_takes_its_place_alone(
    page: ScoreView, window: Window, qtbot: QtBot
) -> None:
    workspace, before = window.workspace, page.roll.notes
    view = explained(page, window, qtbot, 12)
    jobs = len(workspace.queue.jobs())
    assert "melody, bar " in view.heading.text()
    assert " % by music-folk, its " in view.verdict.text()
    assert len(view.others) == 5
    assert all("times less likely" in one.accessibleDescription() for one in view.leans)
    assert len(workspace.document.takes) == 1  # the table is no file of the session
    assert len(workspace.document.clips) == 1

    first = view.heading.text()
    page.roll.go_to_note(13)
    assert view.heading.text() not in ("", first)  # at once
    assert len(workspace.queue.jobs()) == jobs
    page.roll.go_to_note(12)
    assert view.heading.text() == first

    track = page.roll.score.track
    lean, before_it = page.why.leans[0], page.roll.notes[12].onset_ticks
    qtbot.mouseClick(view.leans[0], LEFT)
    assert [note.onset_ticks for note in page.roll.selected_notes] == [lean.tick]
    assert page.roll.score.track == lean.track
    assert lean.tick <= before_it
    assert view.heading.text() != first
    page.roll.score.edit_track(track)
    page.roll.go_to_note(12)

    qtbot.mouseClick(view.rest, LEFT, pos=QPoint(8, view.rest.height() // 2))
    assert not page.why.rewrites
    at = next(n for n, other in enumerate(page.why.others) if other.pitches)
    other = page.why.others[at]
    qtbot.mouseClick(view.others[at], LEFT)
    assert pitches(page.roll.notes)[12] == other.pitches[0]
    assert pitches(page.roll.notes)[:12] == pitches(before)[:12]
    assert workspace.undo_title.endswith(f"becomes {other.name}")
    assert page.why.can_ask  # the notes have changed
    assert view.ask.isVisible()

    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.roll.notes == before
    page.roll.go_to_note(12)
    assert view.heading.text() == first  # what was said of these notes holds again


@pytest.mark.medium
def test_what_follows_another_note_is_written_anew_as_a_take_that_can_be_undone(
    page: ScoreView, window: Window, qtbot: QtBot
) -> None:
    workspace, before = window.workspace, page.roll.notes
    tune = workspace.take
    assert tune is not None
    view = explained(page, window, qtbot, 12)
    at = next(n for n, other in enumerate(page.why.others) if other.pitches)
    other, tick = page.why.others[at], before[12].onset_ticks
    span = page.why.span
    assert span is not None
    assert f"bars {span[0]} to {span[1]}" in view.span.text()
    qtbot.mouseClick(view.others[at], LEFT)

    qtbot.waitUntil(lambda: len(workspace.document.takes) == 2)
    made = workspace.document.takes[1]
    new = made.tracks[page.score.track]
    assert made.parent == tune.id
    assert made.name.startswith(f"{tune.name} with {other.name}")
    kept = new.select(new.onsets <= tick)
    assert pitches(kept) == [*pitches(before)[:12], other.pitches[0]]
    start, _ = page.roll.bar_ticks(span)
    assert pitches(new.select(new.onsets > tick)) != pitches(before)[13:]
    assert made.provenance["options"]["bars"] == f"{span[0]}-{span[1]}"
    assert workspace.document.take(tune.id).tracks == tune.tracks  # nothing in place
    assert start <= tick

    window.commands.action("session.undo").trigger()
    assert len(workspace.document.takes) == 1


@pytest.mark.medium
def test_why_a_piece_that_no_model_reads_is_not_explained_is_said(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    score = Score.new()
    for part in range(3):
        chords = [Note(480 * n, 50 + 12 * part + k, 480) for n in range(4) for k in (0, 4, 7)]
        score = score.with_new_track(chords)
    (tmp_path / "trio.mid").write_bytes(score.to_bytes())
    window.workspace.import_files([tmp_path / "trio.mid"])
    page = opened(window, qtbot)
    page.roll.go_to_note(3)
    qtbot.keyClick(page.roll_view, Qt.Key.Key_W)
    view = why_view(page)
    qtbot.waitUntil(lambda: "trio.mid: 3 parts" in view.status.text())

    assert "scratch" not in view.status.text()
    assert view.ask.isVisible()

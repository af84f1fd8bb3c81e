"""A user continues a tune, compares the takes, accepts one and drags it out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.sound.devices import SoundError
from seqstudio.gui.sound.output import Output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.gui.takes.playback import render_take
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake
from seqstudio.session.session import Session

Open = Callable[[Workspace], TakesPanel]


def silence() -> Output:
    raise SoundError("This computer has no sound output that can be used.")


@pytest.fixture
def open_panel(qtbot: QtBot) -> Iterator[Open]:
    windows: list[QMainWindow] = []

    def open_panel(workspace: Workspace) -> TakesPanel:
        window = QMainWindow()
        windows.append(window)
        commands = Commands(window)
        panel = TakesPanel(
            workspace,
            commands,
            Transport(workspace, Player(workspace.background, window, find=silence)),
        )
        window.setCentralWidget(panel)
        window.resize(340, 760)
        window.show()
        qtbot.waitExposed(window)
        qtbot.waitUntil(lambda: not workspace.background.busy)
        return panel

    yield open_panel
    for window in windows:
        window.hide()
        window.deleteLater()


def click_card(panel: TakesPanel, row: int, qtbot: QtBot) -> None:
    point = panel.list.visualRect(panel.list.rows.index(row)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=point)


def notes_in(path: Path) -> int:
    return sum(
        message.type == "note_on" and message.velocity > 0 for message in mido.MidiFile(path)
    )


def test_a_midi_file_is_imported_selected_renamed_and_removed(
    workspace: Workspace, open_panel: Open, qtbot: QtBot, tune: Path
) -> None:
    panel = open_panel(workspace)
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Generate"  # there are no takes yet
    workspace.import_files([tune])
    qtbot.waitUntil(lambda: [card.take.name for card in panel.model.takes.cards] == [tune.stem])
    panel.tabs.setCurrentIndex(0)
    assert panel.list.selected == [workspace.selected_id]
    assert panel.source.title == tune.stem
    transport = workspace.findChild(Transport)
    assert isinstance(transport, Transport)
    assert not transport.ready
    assert transport.title == "This computer has no sound output that can be used."

    click_card(panel, 0, qtbot)
    panel.commands.action("takes.rename").trigger()
    editor = panel.list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("Evening")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: workspace.document.takes[0].name == "Evening")

    panel.list.setFocus()
    panel.commands.action("takes.remove").trigger()
    assert workspace.document.takes == ()
    workspace.undo()
    assert [take.name for take in workspace.document.takes] == ["Evening"]


@pytest.mark.medium
def test_continue_compare_accept_drag_out_and_reopen(
    workspace: Workspace, open_panel: Open, qtbot: QtBot, tune: Path, tmp_path: Path
) -> None:
    panel = open_panel(workspace)
    with qtbot.waitSignal(workspace.selection_changed):
        workspace.import_files([tune])
    root = workspace.selected_id
    form = panel.form.model
    assert form.operation is not None
    assert form.operation.entry.name == "continue"
    form.options.set("bars", 4)
    form.amount.set("takes", 3)
    form.amount.set("seed", 5)
    panel.show_form()
    qtbot.mouseClick(panel.form.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.model.takes.cards) == 4)
    qtbot.waitUntil(lambda: all(card.summary for card in panel.model.takes.cards))

    assert panel.tabs.currentIndex() == 0  # new takes are shown at once
    takes = [card.take for card in panel.model.takes.cards[1:]]
    assert [take.provenance["take"] for take in takes] == [1, 2, 3]
    assert {take.provenance["base_seed"] for take in takes} == {5}
    assert {take.provenance["options"]["bars"] for take in takes} == {4}
    assert {take.parent for take in takes} == {root}
    for card in panel.model.takes.cards[1:]:
        assert card.summary is not None
        assert (card.summary.missing, card.summary.first_added_bar) == (0, 10)

    click_card(panel, 2, qtbot)
    assert workspace.selected_id == takes[1].id
    audio = render_take(takes[1])
    assert audio.duration_s == pytest.approx(takes[1].score.seconds(takes[1].score.end_tick), abs=2)
    added = audio.samples[round(takes[0].score.seconds(9 * 1440) * audio.rate_hz) :]
    assert np.sqrt(np.mean(added**2)) > 0.01

    panel.commands.action("takes.accept").trigger()
    assert workspace.document.take(takes[1].id).accepted
    workspace.undo()
    assert not workspace.document.take(takes[1].id).accepted
    workspace.redo()

    data = panel.list.rows.mimeData(panel.list.selectedIndexes())
    path = Path(data.urls()[0].toLocalFile())
    assert path.name == f"{takes[1].name}.mid"
    assert path.read_bytes() == takes[1].midi
    assert notes_in(path) == sum(map(len, takes[1].tracks))

    home, file = workspace.studio, tmp_path / "songs.seqstudio"
    workspace.save_as(file)
    before = workspace.document
    reopened = Workspace(home, workspace.session)
    workspace.session = Session.untitled(home.profile)
    reopened.session.close()
    reopened.session = Session.open(file)
    assert reopened.document == before
    assert [take.accepted for take in reopened.document.takes] == [True, False, True, False]
    reopened.close()


@pytest.mark.medium
def test_a_take_is_generated_again_byte_for_byte(
    workspace: Workspace, open_panel: Open, qtbot: QtBot
) -> None:
    panel = open_panel(workspace)
    spec = JobSpec(plugin="music", name="generate", options={"bars": 2}, seed=3, takes=2)
    workspace.submit(spec, "Compose")
    qtbot.waitUntil(lambda: len(workspace.document.takes) == 2)
    assert workspace.selected_id == workspace.document.takes[0].id  # no take was selected
    assert len(panel.model.takes.cards) == 2  # made by one job

    qtbot.waitUntil(lambda: not workspace.queue.running)

    click_card(panel, 1, qtbot)
    panel.commands.action("takes.rerun").trigger()
    qtbot.waitUntil(lambda: len(workspace.document.takes) == 3)
    _, second, repeated = workspace.document.takes
    assert repeated.midi == second.midi
    assert repeated.id != second.id
    may_differ = {"models": "", "work_s": 0}
    assert {**repeated.provenance, **may_differ} == {**second.provenance, **may_differ}
    assert len(panel.model.takes.cards) == 3
    qtbot.waitUntil(lambda: not workspace.queue.running)


@pytest.mark.medium
def test_compose_a_new_piece_and_report_what_cannot_be_continued(
    window: Window, workspace: Workspace, qtbot: QtBot
) -> None:
    window.commands.action("music.compose").trigger()
    qtbot.waitUntil(lambda: window.findChild(TakesPanel) is not None)
    panel = window.findChild(TakesPanel)
    assert panel is not None
    form = panel.form.model
    assert form.operation is not None
    assert form.operation.entry.name == "generate"
    form.options.set("bars", 2)
    form.amount.set("seed", 3)
    qtbot.mouseClick(panel.form.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.take is not None)
    qtbot.waitUntil(lambda: not workspace.queue.running)
    assert window.commands.action("takes.accept").isEnabled()
    assert panel.page.facts.text().startswith("Made by: Compose a new piece (music")

    empty = Take.of(Score.new().to_bytes(), "empty")
    workspace.do(AddTake(empty))
    workspace.select(empty.id)
    assert form.operation.entry.name == "continue"
    panel.show_form()
    qtbot.mouseClick(panel.form.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(panel.banner.text))
    assert panel.banner.text.endswith("Continue empty: empty.mid: 0 notes, expected at least 1")
    qtbot.waitUntil(lambda: not workspace.queue.running)

"""What can be done with a recording and its words, as commands of the window."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog

from seqstudio.gui.recording.files import filters, with_suffix
from seqstudio.gui.recording.peaks import clock
from seqstudio.gui.workspace.commands import Command, Commands

if TYPE_CHECKING:
    from seqstudio.gui.recording.recording_view import RecordingView

MENU = "Recording"
CLOSER = 1.5


def add_commands(commands: Commands, page: "RecordingView") -> None:
    """Offer them; they can be done while the page is shown."""
    _add_playing(commands, page)
    _add_looking(commands, page)
    _add_words(commands, page)
    _add_segments(commands, page)
    _add_selected(commands, page)
    _add_files(commands, page)


def _add_playing(commands: Commands, page: "RecordingView") -> None:
    model = page.model
    commands.add(
        Command(
            "recording.play", "Play", MENU, "Space", "Play from the playhead, or what is selected."
        ),
        model.toggle,
        ready=lambda: model.can_play,
        within=page.work,
    )
    commands.add(
        Command(
            "recording.back", "To start", MENU, "Ctrl+Home", "Go to the start, or the selection's."
        ),
        model.back,
        ready=lambda: model.sounds,
        page=page,
    )
    commands.add(
        Command("recording.follow", "Follow", MENU, "Ctrl+Shift+F", "Keep the playhead in sight."),
        lambda: model.set_follow(follow=not model.follow),
        ready=lambda: model.sounds,
        checked=lambda: model.follow,
        page=page,
    )


def _add_looking(commands: Commands, page: "RecordingView") -> None:
    model, wave = page.model, page.model.wave
    for name, title, keys, run in (
        ("zoom_in", "Zoom in", "Ctrl+=", lambda: wave.zoom(CLOSER)),
        ("zoom_out", "Zoom out", "Ctrl+-", lambda: wave.zoom(1 / CLOSER)),
        ("zoom_all", "Show all of it", "Ctrl+0", wave.fit),
    ):
        commands.add(
            Command(f"recording.{name}", title, MENU, keys),
            run,
            ready=lambda: model.sounds,
            page=page,
        )
    commands.add(
        Command("recording.zoom_selection", "Zoom to the selection", MENU, "Ctrl+9"),
        wave.zoom_to_selection,
        ready=lambda: wave.selection is not None,
        page=page,
    )


def _add_words(commands: Commands, page: "RecordingView") -> None:
    words = page.model.transcript
    commands.add(
        Command("transcript.edit", "Edit the word", MENU, "F2", "Tab goes on to the next one."),
        page.transcript.begin_edit,
        ready=lambda: words.current is not None or words.lit is not None,
        within=page.transcript,
    )
    commands.add(
        Command("transcript.copy", "Copy text", MENU, "Ctrl+Shift+C", "Copy all words."),
        lambda: QGuiApplication.clipboard().setText(page.model.copied),
        ready=lambda: bool(page.model.copied),
        page=page,
    )


def _add_segments(commands: Commands, page: "RecordingView") -> None:
    words = page.model.transcript
    commands.add(
        Command(
            "transcript.split",
            "Begin a segment at the word",
            MENU,
            "Ctrl+Shift+J",
            "Words without times of their own are parted at the playhead.",
        ),
        lambda: words.split(page.model.wave.playhead_s),
        ready=lambda: words.can_split,
        page=page,
    )
    commands.add(
        Command("transcript.merge", "Join with the next segment", MENU, "Ctrl+J"),
        words.merge,
        ready=lambda: words.can_merge,
        page=page,
    )


def _add_selected(commands: Commands, page: "RecordingView") -> None:
    commands.add(
        Command(
            "transcript.times",
            "Give the segment the selected time",
            MENU,
            "Ctrl+Shift+T",
            "Select from where to where in the waveform, by dragging or with Shift.",
        ),
        page.model.set_times,
        ready=lambda: page.model.can_set_times,
        page=page,
    )
    commands.add(
        Command(
            "transcript.add",
            "Add a segment in the selected time…",
            MENU,
            "Ctrl+Shift+A",
            "Write words that were missed. Select their time in the waveform first.",
        ),
        lambda: ask_words(page),
        ready=lambda: page.model.wave.selection is not None,
        page=page,
    )


def _add_files(commands: Commands, page: "RecordingView") -> None:
    model = page.model

    def written() -> bool:
        return model.transcript.transcript is not None

    commands.add(
        Command(
            "transcript.export",
            "Export…",
            MENU,
            "Ctrl+E",
            "Write the words as txt, srt, vtt, json.",
        ),
        lambda: ask_export(page),
        ready=written,
        page=page,
    )
    commands.add(
        Command(
            "transcript.import",
            "Import…",
            MENU,
            "Ctrl+I",
            "Put the words of a .json file in the place of these.",
        ),
        lambda: ask_import(page),
        ready=lambda: model.sounds,
        page=page,
    )


def ask_words(page: "RecordingView") -> None:
    """Ask what is said in the selection."""
    if selection := page.model.wave.selection:
        start, stop = (clock(second, 0.1) for second in selection)
        text, given = QInputDialog.getText(
            page, "Add a segment", f"What is said from {start} to {stop}?"
        )
        if given:
            page.model.add_segment(text)


def ask_export(page: "RecordingView") -> None:
    """Ask where to, and in which format by the suffix."""
    clip = page.model.clip
    proposed = str(clip.path.with_suffix(".srt")) if clip else ""
    chosen = "SubRip subtitles (*.srt)"
    name, kind = QFileDialog.getSaveFileName(
        page, "Export the transcript", proposed, filters(), chosen
    )
    if name:
        page.model.export(with_suffix(Path(name), kind))


def ask_import(page: "RecordingView") -> None:
    """Ask for a transcript."""
    clip = page.model.clip
    folder = str(clip.path.parent) if clip else ""
    name, _ = QFileDialog.getOpenFileName(page, "Import a transcript", folder, "*.json")
    if name:
        page.model.import_transcript(Path(name))

"""The commands of the recording page."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from seqstudio.gui.recording.files import file_filters, with_suffix
from seqstudio.gui.recording.peaks import format_time
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.transcript_view import TranscriptView
from seqstudio.gui.workspace.commands import Command, Commands

MENU = "Recording"
ZOOM_STEP = 1.5


def add_commands(
    commands: Commands,
    model: RecordingModel,
    page: QWidget,
    work: QWidget,
    transcript: TranscriptView,
) -> None:
    """Add the commands; they are enabled while the page is shown.

    Parameters
    ----------
    commands : of the window
    model : to act on
    page : the widget that they belong to
    work : the part of the page where the space bar plays
    transcript : whose words are edited
    """
    _add_playback(commands, model, page, work)
    _add_zoom(commands, model, page)
    _add_words(commands, model, page, transcript)
    _add_segments(commands, model, page)
    _add_selection(commands, model, page)
    _add_files(commands, model, page)


def _add_playback(commands: Commands, model: RecordingModel, page: QWidget, work: QWidget) -> None:
    commands.add(
        Command(
            "recording.play", "Play", MENU, "Space", "Play from the playhead, or the selection."
        ),
        model.toggle_playback,
        ready=lambda: model.can_play,
        within=work,
    )
    commands.add(
        Command(
            "recording.go_to_start",
            "Go to start",
            MENU,
            "Ctrl+Home",
            "Move the playhead to the start of the recording, or of the selection.",
        ),
        model.go_to_start,
        ready=lambda: model.is_audio,
        page=page,
    )
    commands.add(
        Command(
            "recording.follow",
            "Follow playhead",
            MENU,
            "Ctrl+Shift+F",
            "Scroll so that the playhead stays visible.",
        ),
        lambda: model.set_follow(follow=not model.follow),
        ready=lambda: model.is_audio,
        checked=lambda: model.follow,
        page=page,
    )


def _add_zoom(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    waveform = model.waveform
    for name, title, keys, run in (
        ("zoom_in", "Zoom in", "Ctrl+=", lambda: waveform.zoom(ZOOM_STEP)),
        ("zoom_out", "Zoom out", "Ctrl+-", lambda: waveform.zoom(1 / ZOOM_STEP)),
        ("zoom_to_fit", "Zoom to fit", "Ctrl+0", waveform.fit),
    ):
        commands.add(
            Command(f"recording.{name}", title, MENU, keys),
            run,
            ready=lambda: model.is_audio,
            page=page,
        )
    commands.add(
        Command("recording.zoom_to_selection", "Zoom to selection", MENU, "Ctrl+9"),
        waveform.zoom_to_selection,
        ready=lambda: waveform.selection is not None,
        page=page,
    )


def _add_words(
    commands: Commands, model: RecordingModel, page: QWidget, transcript: TranscriptView
) -> None:
    words = model.transcript
    commands.add(
        Command(
            "transcript.edit",
            "Edit word",
            MENU,
            "F2",
            "Edit the current word. Tab continues with the next one.",
        ),
        transcript.start_editing,
        ready=lambda: words.current is not None or words.highlighted is not None,
        within=transcript,
    )
    commands.add(
        Command("transcript.copy", "Copy text", MENU, "Ctrl+Shift+C", "Copy all words as text."),
        lambda: QGuiApplication.clipboard().setText(model.plain_text),
        ready=lambda: bool(model.plain_text),
        page=page,
    )


def _add_segments(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    transcript = model.transcript
    commands.add(
        Command(
            "transcript.split",
            "Split segment at word",
            MENU,
            "Ctrl+Shift+J",
            "Start a new segment at the current word. "
            "Segments without word times are split at the playhead.",
        ),
        lambda: transcript.split(model.waveform.playhead_s),
        ready=lambda: transcript.can_split,
        page=page,
    )
    commands.add(
        Command("transcript.merge", "Merge with next segment", MENU, "Ctrl+J"),
        transcript.merge,
        ready=lambda: transcript.can_merge,
        page=page,
    )


def _add_selection(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    commands.add(
        Command(
            "transcript.set_times",
            "Set segment times to selection",
            MENU,
            "Ctrl+Shift+T",
            "Set when the current segment starts and ends. "
            "Select the time in the waveform first, by dragging or with Shift.",
        ),
        model.set_times,
        ready=lambda: model.can_set_times,
        page=page,
    )
    commands.add(
        Command(
            "transcript.add_segment",
            "Add segment at selection…",
            MENU,
            "Ctrl+Shift+A",
            "Add words that were missed. Select their time in the waveform first.",
        ),
        lambda: _ask_words(model, page),
        ready=lambda: model.waveform.selection is not None,
        page=page,
    )


def _add_files(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    commands.add(
        Command(
            "transcript.export",
            "Export…",
            MENU,
            "Ctrl+E",
            "Save the transcript as txt, srt, vtt or json.",
        ),
        lambda: _ask_export(model, page),
        ready=lambda: model.transcript.transcript is not None,
        page=page,
    )
    commands.add(
        Command(
            "transcript.import",
            "Import…",
            MENU,
            "Ctrl+I",
            "Replace the transcript with one from a .json file.",
        ),
        lambda: _ask_import(model, page),
        ready=lambda: model.is_audio,
        page=page,
    )


def _ask_words(model: RecordingModel, parent: QWidget) -> None:
    """Ask for the words of a new segment at the selection."""
    if selection := model.waveform.selection:
        start, stop = (format_time(second, 0.1) for second in selection)
        text, accepted = QInputDialog.getText(
            parent, "Add segment", f"Words from {start} to {stop}:"
        )
        if accepted:
            model.add_segment(text)


def _ask_export(model: RecordingModel, parent: QWidget) -> None:
    """Ask for a file to export to, whose suffix determines the format."""
    clip = model.clip
    proposed = str(clip.path.with_suffix(".srt")) if clip else ""
    default_filter = "SubRip subtitles (*.srt)"
    name, chosen_filter = QFileDialog.getSaveFileName(
        parent, "Export transcript", proposed, file_filters(), default_filter
    )
    if name:
        model.export(with_suffix(Path(name), chosen_filter))


def _ask_import(model: RecordingModel, parent: QWidget) -> None:
    """Ask for a transcript to import."""
    clip = model.clip
    folder = str(clip.path.parent) if clip else ""
    name, _ = QFileDialog.getOpenFileName(parent, "Import transcript", folder, "*.json")
    if name:
        model.import_transcript(Path(name))

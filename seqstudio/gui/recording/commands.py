"""The commands of the recording page."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from seqstudio.gui.recording.export_view import ExportDialog
from seqstudio.gui.recording.find_view import FindBar
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.transcript_view import TranscriptView
from seqstudio.gui.recording.word_alternatives_view import WordAlternatives
from seqstudio.gui.widgets.time_text import format_time
from seqstudio.gui.workspace.commands import Command, Commands

MENU = "Recording"
ZOOM_STEP = 1.5


def add_commands(
    commands: Commands,
    model: RecordingModel,
    page: QWidget,
    transcript: TranscriptView,
    find_bar: FindBar,
) -> None:
    """Add the commands; they are enabled while the page is shown.

    Parameters
    ----------
    commands : of the window
    model : to act on
    page : the widget that they belong to
    transcript : whose words are edited
    find_bar : finds and replaces words
    """
    _add_playback(commands, model, page)
    _add_spectrogram(commands, model, page)
    _add_zoom(commands, model, page)
    _add_words(commands, model, page, transcript)
    _add_alternatives(commands, model, page)
    _add_word_alternatives(commands, model, page, transcript)
    _add_find(commands, model, page, find_bar)
    _add_segments(commands, model, page)
    _add_selection(commands, model, page)
    _add_by_hand(commands, model, page)
    _add_files(commands, model, page)


def _add_playback(commands: Commands, model: RecordingModel, page: QWidget) -> None:
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
        Command("recording.back", "Back 3 seconds", MENU, "F5", "Hear the last 3 seconds again."),
        model.go_back,
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


def _add_spectrogram(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    commands.add(
        Command(
            "recording.spectrogram",
            "Spectrogram",
            MENU,
            "F4",
            "Show how loud each frequency is, in place of the waveform.",
        ),
        model.toggle_spectrogram,
        ready=lambda: model.is_audio,
        checked=lambda: model.shows_spectrogram,
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


def _add_alternatives(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    words = model.transcript

    def ask() -> None:
        text, chosen = QInputDialog.getItem(
            page, "Alternatives", "What the model may have heard", words.alternatives, 0,
            editable=False,
        )  # fmt: skip
        if chosen:
            words.use_alternative(text)

    commands.add(
        Command(
            "transcript.alternatives",
            "Alternatives…",
            MENU,
            "Ctrl+Shift+Y",
            "Choose among what else the model may have heard.",
        ),
        ask,
        ready=lambda: bool(words.alternatives),
        page=page,
    )


def _add_word_alternatives(
    commands: Commands, model: RecordingModel, page: QWidget, view: TranscriptView
) -> None:
    words = model.transcript

    def show() -> None:
        if position := words.current:
            view.scroll_to(position)
            corner = view.word_rect(position).bottomLeft().toPoint()
            WordAlternatives(words, page).popup(view.viewport().mapToGlobal(corner))

    commands.add(
        Command(
            "transcript.word_alternatives",
            "Other words here…",
            MENU,
            "Ctrl+Alt+Shift+Y",
            "What else the current word may be, and how likely; choose one to take it.",
        ),
        show,
        ready=lambda: words.current is not None,
        page=page,
    )


def _add_find(commands: Commands, model: RecordingModel, page: QWidget, find_bar: FindBar) -> None:
    words = model.transcript
    commands.add(
        Command(
            "transcript.find", "Find and replace", MENU, "Ctrl+F", "Find words, or replace them."
        ),
        find_bar.open_bar,
        ready=lambda: words.transcript is not None,
        page=page,
    )
    commands.add(
        Command(
            "transcript.doubtful",
            "Next doubtful word",
            MENU,
            "F7",
            "Go to the next word that the model was unsure of.",
        ),
        model.go_to_doubtful,
        ready=lambda: words.transcript is not None,
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


def _add_by_hand(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    commands.add(
        Command(
            "transcript.mark",
            "Mark a segment, then type it",
            MENU,
            "F9",
            "Mark the start of a segment as you hear it, then its end, and type its words.",
        ),
        lambda: _mark(model, page),
        ready=lambda: model.is_audio,
        page=page,
    )
    commands.add(
        Command(
            "transcript.speaker",
            "Speaker…",
            MENU,
            "Ctrl+K",
            "Name the speaker of the current segment, here or everywhere.",
        ),
        lambda: _ask_speaker(model, page),
        ready=lambda: model.transcript.current is not None,
        page=page,
    )


def _add_files(commands: Commands, model: RecordingModel, page: QWidget) -> None:
    commands.add(
        Command(
            "transcript.export",
            "Export…",
            MENU,
            "Ctrl+E",
            "Save the transcript: documents, subtitles, annotations or tables.",
        ),
        lambda: ExportDialog(model, page).open(),
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


def _mark(model: RecordingModel, parent: QWidget) -> None:
    """Mark a start, or the end of a segment whose words are then typed."""
    if model.mark():
        _ask_words(model, parent)


def _ask_words(model: RecordingModel, parent: QWidget) -> None:
    """Ask for the words of a new segment at the selection."""
    if selection := model.waveform.selection:
        start, stop = (format_time(second, 0.1) for second in selection)
        text, accepted = QInputDialog.getText(
            parent, "Add segment", f"Words from {start} to {stop}:"
        )
        if accepted:
            model.add_segment(text)


def _ask_speaker(model: RecordingModel, parent: QWidget) -> None:
    """Ask for the name of the current segment's speaker."""
    words = model.transcript
    names = [words.speaker, *(name for name in words.speakers if name != words.speaker)]
    everywhere = f"Speaker, for all segments of {words.speaker}" if words.speaker else "Speaker"
    name, chosen = QInputDialog.getItem(parent, "Speaker", everywhere, names, 0, editable=True)
    if chosen:
        known = name in words.speakers
        words.name_speaker(name, everywhere=not known)  # another known one spoke here alone


def _ask_import(model: RecordingModel, parent: QWidget) -> None:
    """Ask for a transcript to import."""
    clip = model.clip
    folder = str(clip.path.parent) if clip else ""
    name, _ = QFileDialog.getOpenFileName(parent, "Import transcript", folder, "*.json")
    if name:
        model.import_transcript(Path(name))

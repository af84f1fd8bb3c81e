"""The state and actions of the recording page."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.transcript import Transcript
from seqstudio.gui.operations.provenance import known_models, made_with
from seqstudio.gui.recording.characters import characters_for
from seqstudio.gui.recording.files import export, is_transcript_of, read_page, read_text
from seqstudio.gui.recording.spectrogram import SpectrogramModel
from seqstudio.gui.recording.transcript import TranscriptModel
from seqstudio.gui.recording.waveform import WaveformModel
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.transport import BACK_S, TIME_STEP_S, Transport
from seqstudio.gui.widgets.time_text import format_time
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.subtitles import read_transcript, to_txt
from seqstudio.session.document import Clip
from seqstudio.session.edits import CompoundEdit, Edit, SetTranscript

PLAIN = ("text", "table")  # kinds that are shown as they are written
PARTIAL_LENGTH = 1200  # characters shown of the text recognised so far
NO_TRANSCRIPT = (
    "No transcript yet. Press Transcribe at the right, import a transcript, or play and mark the "
    "start and the end of a segment (F9) to type its words."
)
FILE_MISSING = "The file of this recording was moved or deleted."
FILE_UNREADABLE = "This recording cannot be read."


class RecordingModel(QObject):
    """The current clip: its audio, waveform and transcript, which share one playhead."""

    changed = Signal()  # another clip, or what can be done with it
    kind_changed = Signal(str)  # another kind of clip is current
    playhead_moved = Signal()
    job_progressed = Signal()  # progress or text of a job that runs for the clip
    failed = Signal(str)  # one sentence; "" clears it

    def __init__(
        self, workspace: Workspace, parent: QObject | None = None, *, player: Player | None = None
    ) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.player = player or Transport.of(workspace).player
        self.waveform = WaveformModel(workspace.background, self)
        self.transcript = TranscriptModel(workspace.do, self)
        self.spectrogram = SpectrogramModel(workspace.background, self)
        self.shows_spectrogram = False
        self.follow = True
        self._marked_s: float | None = None  # where the user marked the start of a segment
        self.clip: Clip | None = None
        self.text = self.page = ""  # of a text file, and of the page beside it
        self.waveform_message = ""  # why there is no waveform
        self._message = ""  # about the last action on this clip
        self._until_s: float | None = None
        self.player.position_changed.connect(self._on_player_moved)
        self.player.changed.connect(self.changed)
        self.player.failed.connect(self.failed)
        self.waveform.failed.connect(self._on_unreadable)
        workspace.live.changed.connect(self._on_job_progress)
        workspace.selection_changed.connect(self.refresh)
        workspace.changed.connect(self.refresh)
        workspace.installed_changed.connect(self._refresh_models)
        self._refresh_models()

    @property
    def kind(self) -> str:
        """The kind of the current clip; "audio" if there is none."""
        return self.clip.kind if self.clip else "audio"

    @property
    def is_audio(self) -> bool:
        """Whether the current clip is a recording."""
        return self.clip is not None and self.clip.kind == "audio"

    @property
    def is_text(self) -> bool:
        """Whether the current clip is a plain text, without times, or a table shown as one."""
        return self.clip is not None and self.clip.kind in PLAIN

    @property
    def can_play(self) -> bool:
        """Whether the clip can be played."""
        return self.is_audio and not self.player.reason

    @property
    def status(self) -> str:
        """The message about the last action."""
        return self._message

    @property
    def placeholder_text(self) -> str:
        """The text to show while there are no words."""
        if self.clip and (done := self.workspace.live.fraction(self.clip.id)) is not None:
            return f"Transcribing: {done:.0%}"
        return NO_TRANSCRIPT if self.is_audio else "This transcript has no words."

    @property
    def partial_text(self) -> str:
        """The end of the text that a running job has recognised so far."""
        text = self.workspace.live.text(self.clip.id) if self.clip else ""
        if len(text) <= PARTIAL_LENGTH:
            return text
        return "… " + text[-PARTIAL_LENGTH:].partition(" ")[2]

    @property
    def provenance_text(self) -> str:
        """What made the transcript, and what must be known of the recording."""
        transcript = self.transcript.transcript
        if transcript is None:
            return ""
        made = made_with(transcript.provenance, self.workspace.studio.catalogue, self._models)
        return "; ".join(filter(None, (made, *transcript.notes)))

    @property
    def characters(self) -> tuple[str, ...]:
        """The letters that a keyboard may lack, of the session's transcripts."""
        if self.transcript.transcript is None:
            return ()
        clips = self.workspace.document.clips
        return characters_for(clip.transcript for clip in clips if clip.transcript)

    def refresh(self) -> None:
        """Show the workspace's current clip."""
        clip = self.workspace.clip
        if clip is None:
            self.stop()
            return
        other_kind = clip.kind != self.kind
        other_file = self.clip is None or (clip.id, clip.path) != (self.clip.id, self.clip.path)
        if other_file:
            self._open_clip(clip)
        self.clip = clip
        if other_kind:
            self.kind_changed.emit(clip.kind)
        self.transcript.show(clip.id, clip.transcript)
        self.transcript.highlight(self.waveform.playhead_s)
        self.changed.emit()
        if other_file:
            self.playhead_moved.emit()

    def stop(self) -> None:
        """Stop playback."""
        if self.player.plays(self):
            self.player.stop()

    def toggle_playback(self) -> None:
        """Pause, or play from the playhead or the selection."""
        if self.player.plays(self):
            self.player.stop()
        elif self.can_play:
            selection = self.waveform.selection
            self._until_s = selection[1] if selection else None
            start = self.waveform.playhead_s
            if selection and not selection[0] <= start < selection[1] - 0.01:
                start = selection[0]
            self._play(0.0 if start >= self.waveform.duration_s - 0.01 else start)

    def go_to_start(self) -> None:
        """Move the playhead to the start of the recording, or of the selection."""
        self.seek(self.waveform.selection[0] if self.waveform.selection else 0.0)

    def seek(self, second: float) -> None:
        """Move the playhead; playback continues from there."""
        if not self.is_audio:
            return
        second = min(max(second, 0.0), self.waveform.duration_s)
        self._until_s = None
        if self.player.plays(self):
            self._play(second)
        self._set_playhead(second)

    def seek_word(self, position: WordPosition) -> None:
        """Move the playhead to the start of a word, and make it the current word."""
        self.transcript.set_current(position)
        self.seek(self.transcript.word(position).start_s)

    def go_to_doubtful(self) -> None:
        """Go to the next word that the model was unsure of."""
        if position := self.transcript.next_doubtful():
            self.seek_word(position)

    def find_next(self, text: str) -> bool:
        """Go to the next place of a text; return whether there is one."""
        position = self.transcript.find_next(text)
        if position:
            self.seek_word(position)
        return position is not None

    def replace_all(self, text: str, by: str) -> int:
        """Replace a text everywhere; return the number of places."""
        return self.transcript.replace_all(text, by)

    def go_back(self, seconds: float = BACK_S) -> None:
        """Move the playhead back, as a foot pedal does."""
        self.seek(self.waveform.playhead_s - seconds)

    def toggle_spectrogram(self) -> None:
        """Show the spectrogram in place of the waveform, or the waveform again."""
        self.shows_spectrogram = not self.shows_spectrogram
        self.changed.emit()

    def mark(self) -> bool:
        """Mark where a segment starts, then where it ends; return whether it is complete.

        A complete segment is the selection; the next one starts at its end.
        """
        here, start = self.waveform.playhead_s, self._marked_s
        if start is None or here <= start:
            self._marked_s = here
            self._set_message(f"Segment from {format_time(here, TIME_STEP_S)}: mark its end.")
            return False
        self._marked_s = here
        self.waveform.select(start, here)
        self._set_message("")
        return True

    @property
    def can_set_times(self) -> bool:
        """Whether there are a current segment and a selection."""
        return self.waveform.selection is not None and self.transcript.current is not None

    def set_times(self) -> None:
        """Set the times of the current segment to the selection."""
        if self.can_set_times and self.waveform.selection:
            self.transcript.set_times(*self.waveform.selection)

    def add_segment(self, text: str) -> None:
        """Add a segment with this text at the selection."""
        text, clip = " ".join(text.split()), self.clip
        if not text or not clip or not self.waveform.selection:
            return
        steps: list[Edit] = [self.transcript.insertion(text, *self.waveform.selection)]
        if clip.transcript is None:
            empty = Transcript(
                audio=clip.path.name, duration_s=self.waveform.duration_s, text="", origin="human"
            )
            steps.insert(0, SetTranscript(clip.id, empty))
        if self.workspace.do(CompoundEdit("Add a segment", tuple(steps))):
            self.transcript.set_current(self.transcript.word_index.near(self.waveform.selection[0]))

    def set_follow(self, *, follow: bool) -> None:
        """Set whether the views scroll to keep the playhead visible."""
        if follow != self.follow:
            self.follow = follow
            self.changed.emit()
            self.playhead_moved.emit()

    def export(self, path: Path) -> None:
        """Save the transcript in the format of the suffix, on a thread."""
        if (transcript := self.transcript.transcript) and (clip := self.clip):
            self.workspace.background.run(
                partial(export, transcript, path, clip.path),
                lambda saved: self._set_message(f"Saved to {saved}"),
                self.failed.emit,
            )

    def import_transcript(self, path: Path) -> None:
        """Replace the transcript with one from a file, on a thread; one step to undo."""
        if clip := self.clip:
            self.workspace.background.run(
                partial(read_transcript, path),
                lambda read: self.workspace.do(SetTranscript(clip.id, read)),
                self.failed.emit,
            )

    def accepts_drop(self, paths: list[Path]) -> bool:
        """Whether these files are the transcript of the current recording."""
        return (
            self.is_audio
            and len(paths) == 1
            and self.clip is not None
            and is_transcript_of(paths[0], self.clip.path)
        )

    @property
    def plain_text(self) -> str:
        """The words as text, one segment per line."""
        return to_txt(self.transcript.transcript) if self.transcript.transcript else self.text

    def _refresh_models(self) -> None:
        self._models = known_models(self.workspace.studio)
        self.refresh()

    def _play(self, second: float) -> None:
        if self.clip:
            self.player.play_file(self.clip.path, second, owner=self)

    def _open_clip(self, clip: Clip) -> None:
        self.stop()
        self.failed.emit("")
        self.text = self.page = self.waveform_message = self._message = ""
        self._marked_s = None
        if clip.kind == "audio":
            self.waveform.show(clip.sha256, clip.path)
            self.spectrogram.show(clip.sha256, clip.path)
            return
        self.waveform.clear()
        if clip.kind in PLAIN:
            read = partial(_text_and_page, clip.path)
            self.workspace.background.run(read, partial(self._show_text, clip.id), self.failed.emit)

    def _show_text(self, clip: str, read: tuple[str, str]) -> None:
        if self.clip and self.clip.id == clip:
            self.text, self.page = read
            self.changed.emit()

    def _on_unreadable(self, reason: str) -> None:
        """Report why a recording cannot be read; the window reports missing files itself."""
        exists = self.clip is not None and self.clip.path.exists()
        self.waveform_message = FILE_UNREADABLE if exists else FILE_MISSING
        self.failed.emit(reason if exists else "")
        self.changed.emit()

    def _on_job_progress(self, id: str) -> None:
        if self.clip and self.clip.id == id:
            self.job_progressed.emit()

    def _set_message(self, message: str) -> None:
        self._message = message
        self.changed.emit()

    def _on_player_moved(self, second: float) -> None:
        if not self.player.plays(self):
            return
        looped = self.player.loop is not None
        if not looped and self._until_s is not None and second >= self._until_s:
            second = self._until_s
            self.player.stop()
        self._set_playhead(second)

    def _set_playhead(self, second: float) -> None:
        self.waveform.set_playhead(second, follow=self.follow)
        self.transcript.highlight(self.waveform.playhead_s)
        self.playhead_moved.emit()


def _text_and_page(path: Path) -> tuple[str, str]:
    return read_text(path), read_page(path)

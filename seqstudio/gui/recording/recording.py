"""What the page of a recording shows and does."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.transcript import Transcript
from seqstudio.gui.operations.provenance import known_models, made_with
from seqstudio.gui.recording.files import belongs, export, read_text
from seqstudio.gui.recording.peaks import clock
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.recording.transcript import TranscriptModel
from seqstudio.gui.recording.waveform import WaveModel
from seqstudio.gui.sound.player import Player
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.subtitles import read_transcript, to_txt
from seqstudio.session.document import Clip
from seqstudio.session.operations import Operation, SetTranscript, Together

TENTH = 0.1
HEARD = 1200  # letters of what a job has heard so far
NO_WORDS = "No words yet. Run Transcribe at the right, or import a transcript."
MOVED = "The file of this recording is not where it was."
UNREADABLE = "This recording cannot be read."


class RecordingModel(QObject):
    """The clip in front: its sound, its picture and its words, which move together."""

    changed = Signal()  # another clip, or it can or cannot be played
    moved = Signal()  # the playhead
    progressed = Signal()  # what a job has heard so far
    failed = Signal(str)  # one sentence; "" when all is well again

    def __init__(
        self, workspace: Workspace, parent: QObject | None = None, *, player: Player | None = None
    ) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.player = player or Player(workspace.background, self)
        self.wave = WaveModel(workspace.background, self)
        self.transcript = TranscriptModel(workspace.do, self)
        self.follow = True
        self.clip: Clip | None = None
        self.text = ""  # of a text file
        self.absence = ""  # why there is no picture of the sound
        self._told = ""  # what was done last to this clip
        self._until_s: float | None = None
        self.player.moved.connect(self._hear)
        self.player.changed.connect(self.changed)
        self.player.failed.connect(self.failed)
        self.wave.failed.connect(self._explain)
        workspace.live.changed.connect(self._hear_job)
        workspace.chosen_changed.connect(self.draw)
        workspace.changed.connect(self.draw)
        workspace.installed_changed.connect(self._look_for_models)
        self._look_for_models()

    @property
    def sounds(self) -> bool:
        """Whether what is in front is a recording."""
        return self.clip is not None and self.clip.kind == "audio"

    @property
    def shows_text(self) -> bool:
        """Whether what is in front is a text, without times."""
        return self.clip is not None and self.clip.kind == "text"

    @property
    def can_play(self) -> bool:
        """Whether play would do something."""
        return self.sounds and not self.player.reason

    @property
    def time_text(self) -> str:
        """Where the playhead is, and how long the recording is."""
        return f"{clock(self.wave.playhead_s, TENTH)} / {clock(self.wave.duration_s, TENTH)}"

    @property
    def hint(self) -> str:
        """What was done last, or why nothing can be heard."""
        return self._told or (self.player.reason if self.sounds else "")

    @property
    def waiting_text(self) -> str:
        """What is said where there are no words."""
        if self.clip and (done := self.workspace.live.fraction(self.clip.id)) is not None:
            return f"Listening: {done:.0%}"
        return NO_WORDS if self.sounds else "This transcript has no words."

    @property
    def heard_text(self) -> str:
        """The end of what a job has heard so far; provisional."""
        heard = self.workspace.live.text(self.clip.id) if self.clip else ""
        return heard if len(heard) <= HEARD else "… " + heard[-HEARD:].partition(" ")[2]

    @property
    def made_text(self) -> str:
        """What the transcript was made with, and whether the sound was strange to the model."""
        transcript = self.transcript.transcript
        if transcript is None:
            return ""
        made = made_with(transcript.provenance, self.workspace.studio.catalogue, self._models)
        strange = "unlike what the model learned from" if transcript.unlike_training else ""
        return "; ".join(filter(None, (made, strange)))

    def draw(self) -> None:
        """Show what is in front now."""
        clip = self.workspace.clip
        if clip is None:
            self.leave()
            return
        turned = self.clip is None or (clip.id, clip.path) != (self.clip.id, self.clip.path)
        if turned:
            self._turn_to(clip)
        self.clip = clip
        self.transcript.show(clip.id, clip.transcript)
        self.transcript.light(self.wave.playhead_s)
        self.changed.emit()
        if turned:
            self.moved.emit()

    def leave(self) -> None:
        """Be silent; nothing of this page is in front."""
        self.player.stop()

    def toggle(self) -> None:
        """Play from the playhead, or what is selected, or pause."""
        if self.player.playing:
            self.player.stop()
        elif self.can_play:
            selection = self.wave.selection
            self._until_s = selection[1] if selection else None
            start = self.wave.playhead_s
            if selection and not selection[0] <= start < selection[1] - 0.01:
                start = selection[0]
            self._play(0.0 if start >= self.wave.duration_s - 0.01 else start)

    def back(self) -> None:
        """Go to the beginning, or to that of the selection."""
        self.seek(self.wave.selection[0] if self.wave.selection else 0.0)

    def seek(self, second: float) -> None:
        """Put the playhead somewhere; what plays goes on from there."""
        if not self.sounds:
            return
        second = min(max(second, 0.0), self.wave.duration_s)
        self._until_s = None
        if self.player.playing:
            self._play(second)
        self._place(second)

    def seek_word(self, place: Place) -> None:
        """Put the playhead where a word begins."""
        self.transcript.take_up(place)
        self.seek(self.transcript.word(place).start_s)

    @property
    def can_set_times(self) -> bool:
        """Whether there is a segment in hand, and a selection that it can last."""
        return self.wave.selection is not None and self.transcript.current is not None

    def set_times(self) -> None:
        """Let the segment in hand last as long as the selection."""
        if self.can_set_times and self.wave.selection:
            self.transcript.set_times(*self.wave.selection)

    def add_segment(self, text: str) -> None:
        """Write what is said in the selection, where no segment has it."""
        text, clip = " ".join(text.split()), self.clip
        if not text or not clip or not self.wave.selection:
            return
        steps: list[Operation] = [self.transcript.adding(text, *self.wave.selection)]
        if clip.transcript is None:
            nothing = Transcript(
                audio=clip.path.name, duration_s=self.wave.duration_s, text="", origin="human"
            )
            steps.insert(0, SetTranscript(clip.id, nothing))
        if self.workspace.do(Together("Add a segment", tuple(steps))):
            self.transcript.take_up(self.transcript.timeline.near(self.wave.selection[0]))

    def set_follow(self, *, follow: bool) -> None:
        """Keep the playhead in sight, or leave the view where it is."""
        if follow != self.follow:
            self.follow = follow
            self.changed.emit()
            self.moved.emit()

    def export(self, path: Path) -> None:
        """Write the transcript in the format of the suffix; troubles are told."""
        if transcript := self.transcript.transcript:
            self.workspace.background.run(
                partial(export, transcript, path),
                lambda written: self._tell(f"Written: {written}"),
                self.failed.emit,
            )

    def import_transcript(self, path: Path) -> None:
        """Put what a file holds in the place of the words; one step to undo."""
        if clip := self.clip:
            self.workspace.background.run(
                partial(read_transcript, path),
                lambda read: self.workspace.do(SetTranscript(clip.id, read)),
                self.failed.emit,
            )

    def takes(self, paths: list[Path]) -> bool:
        """Whether a drop of these files is the transcript of what is in front."""
        return (
            self.sounds
            and len(paths) == 1
            and self.clip is not None
            and belongs(paths[0], self.clip.path)
        )

    @property
    def copied(self) -> str:
        """The words as text, a segment a line."""
        return to_txt(self.transcript.transcript) if self.transcript.transcript else self.text

    def _look_for_models(self) -> None:
        self._models = known_models(self.workspace.studio)
        self.draw()

    def _play(self, second: float) -> None:
        if self.clip:
            self.player.play_file(self.clip.path, second)

    def _turn_to(self, clip: Clip) -> None:
        self.player.stop()
        self.failed.emit("")
        self.text = self.absence = self._told = ""
        if clip.kind == "audio":
            self.wave.show(clip.sha256, clip.path)
            return
        self.wave.clear()
        if clip.kind == "text":
            read = partial(read_text, clip.path)
            self.workspace.background.run(read, partial(self._show_text, clip.id), self.failed.emit)

    def _show_text(self, clip: str, text: str) -> None:
        if self.clip and self.clip.id == clip:
            self.text = text
            self.changed.emit()

    def _explain(self, reason: str) -> None:
        """Tell why a recording cannot be read; of one that has moved, the window offers to look."""
        there = self.clip is not None and self.clip.path.exists()
        self.absence = UNREADABLE if there else MOVED
        self.failed.emit(reason if there else "")
        self.changed.emit()

    def _hear_job(self, id: str) -> None:
        if self.clip and self.clip.id == id:
            self.progressed.emit()

    def _tell(self, told: str) -> None:
        self._told = told
        self.changed.emit()

    def _hear(self, second: float) -> None:
        if self._until_s is not None and second >= self._until_s:
            second = self._until_s
            self.player.stop()
        self._place(second)

    def _place(self, second: float) -> None:
        self.wave.place(second, follow=self.follow)
        self.transcript.light(self.wave.playhead_s)
        self.moved.emit()

"""The take in front as a score: its bars and tempos, its tracks, and which of them is edited."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import DataError
from seqstudio.gui.piano_roll.note_index import NO_NOTES
from seqstudio.gui.piano_roll.note_names import DRUM_CHANNEL
from seqstudio.gui.piano_roll.signatures import Signs
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.media.timing import Timeline
from seqstudio.services.atomic_files import faults_as, write_durably
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes


@dataclass(frozen=True)
class Sheet:
    """What a take's MIDI says beside its notes; editing does not change it."""

    timeline: Timeline
    bars: Bars
    signs: Signs
    names: tuple[str, ...]  # of the tracks, "" where they have none
    channels: tuple[int, ...]  # of the tracks: that of new notes

    @classmethod
    def of(cls, midi: bytes, name: str) -> "Sheet":
        """Read it; up to a second for a long piece.

        Raises
        ------
        DataError
            If the bytes are no MIDI file.
        """
        score = Score.from_bytes(midi, name)
        channels = (
            next((event.channel for event in track.events if 0x80 <= event.kind < 0xF0), 0)
            for track in score.tracks
        )
        timeline = score.timeline
        names = tuple(track.name for track in score.tracks)
        return cls(timeline, Bars.of(timeline), Signs.of(timeline), names, tuple(channels))

    @property
    def ticks_per_beat(self) -> int:
        """Ticks in a quarter note."""
        return self.timeline.ticks_per_beat


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One line of the list of tracks."""

    title: str
    notes: int
    edited: bool
    hidden: bool
    muted: bool


@dataclass(frozen=True, slots=True)
class _Choices:
    """What a person chose for one take."""

    track: int
    hidden: frozenset[int] = frozenset()
    muted: frozenset[int] = frozenset()


class ScoreModel(QObject):
    """Follows the take in front. Its MIDI is parsed once, on a thread."""

    changed = Signal()  # the take, its sheet, or which track is edited or hidden
    muted_changed = Signal(object)  # frozenset of the tracks that are not to sound
    failed = Signal(str)
    exported = Signal(str)  # where to

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._sheets: dict[bytes, Sheet] = {}
        self._choices: dict[str, _Choices] = {}
        self.take: Take | None = None
        for signal in (workspace.changed, workspace.chosen_changed):
            signal.connect(self._follow)
        workspace.session_changed.connect(self._sheets.clear)
        self._follow()

    @property
    def sheet(self) -> Sheet | None:
        """The sheet of the take in front; None while it is read."""
        return self._sheets.get(self.take.midi) if self.take else None

    @property
    def track(self) -> int:
        """The track that is edited; -1 where there is none."""
        return self._chosen.track

    @property
    def hidden(self) -> frozenset[int]:
        """The tracks that are not shown."""
        return self._chosen.hidden

    @property
    def muted(self) -> frozenset[int]:
        """The tracks that are not to sound."""
        return self._chosen.muted

    @property
    def notes(self) -> Notes:
        """The notes of the track that is edited."""
        return self.take.tracks[self.track] if self.take and self.track >= 0 else NO_NOTES.notes

    @property
    def is_drums(self) -> bool:
        """Whether the track that is edited holds hits of drums."""
        return self.channel == DRUM_CHANNEL

    @property
    def channel(self) -> int:
        """The channel of the track that is edited."""
        if self.notes:
            return self.notes[0].channel
        return self.sheet.channels[self.track] if self.sheet and self.track >= 0 else 0

    @property
    def rows(self) -> tuple[TrackRow, ...]:
        """The tracks of the take in front."""
        if self.take is None:
            return ()
        names = self.sheet.names if self.sheet else ("",) * len(self.take.tracks)
        return tuple(
            TrackRow(
                names[number] or f"Track {number + 1}",
                len(notes),
                edited=number == self.track,
                hidden=number in self.hidden,
                muted=number in self.muted,
            )
            for number, notes in enumerate(self.take.tracks)
        )

    def edit(self, track: int) -> None:
        """Edit another track; it is shown, whatever was chosen before."""
        if track != self.track:
            self._choose(replace(self._chosen, track=track, hidden=self.hidden - {track}))

    def hide(self, track: int, *, hidden: bool) -> None:
        """Show a track no longer, or again; the one that is edited stays."""
        if track != self.track and hidden != (track in self.hidden):
            self._choose(replace(self._chosen, hidden=self.hidden ^ {track}))

    def mute(self, track: int, *, muted: bool) -> None:
        """Let a track sound no longer, or again."""
        if muted != (track in self.muted):
            self._choose(replace(self._chosen, muted=self.muted ^ {track}))
            self.muted_changed.emit(self.muted)

    def export(self, path: Path) -> None:
        """Write the take as edited to a MIDI file, on a thread."""
        if take := self.take:
            self._workspace.background.run(
                _writing(take, path), lambda _: self.exported.emit(str(path)), self.failed.emit
            )

    @property
    def _chosen(self) -> _Choices:
        return self._choices[self.take.id] if self.take else _Choices(-1)

    def _choose(self, choices: _Choices) -> None:
        if self.take:
            self._choices[self.take.id] = choices
            self.changed.emit()

    def _follow(self) -> None:
        before, self.take = self.take, self._workspace.take
        if self.take is before:
            return
        if self.take:
            self._choices.setdefault(self.take.id, _Choices(_first(self.take.tracks)))
            if self.sheet is None:
                self._read(self.take)
        self.changed.emit()
        if (before.id if before else "") != (self.take.id if self.take else ""):
            self.muted_changed.emit(self.muted)

    def _read(self, take: Take) -> None:
        self._workspace.background.run(
            lambda: Sheet.of(take.midi, take.name),
            lambda sheet: self._learn(take.midi, sheet),
            self.failed.emit,
        )

    def _learn(self, midi: bytes, sheet: Sheet) -> None:
        self._sheets[midi] = sheet
        if self.take and self.take.midi == midi:
            self.changed.emit()


def _first(tracks: tuple[Notes, ...]) -> int:
    """Choose the track to begin with: the first that has notes, else the last; -1 for none."""
    return next((number for number, notes in enumerate(tracks) if notes), len(tracks) - 1)


def _writing(take: Take, path: Path) -> Callable[[], None]:
    def write() -> None:
        content = take.score.to_bytes()
        with faults_as(DataError, path):
            write_durably(path, content)

    return write

"""The current take as a score: its bars and tempos, its tracks, and the track to edit."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import DataError
from seqstudio.gui.piano_roll.note_index import NO_NOTES
from seqstudio.gui.piano_roll.note_names import DRUM_CHANNEL
from seqstudio.gui.piano_roll.signatures import Signatures
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.instruments import INSTRUMENTS
from seqstudio.media.midi import Score
from seqstudio.media.musicxml_writer import to_musicxml, to_mxl
from seqstudio.media.score_edits import with_meter, with_program, with_tempo
from seqstudio.media.tempo_map import TempoMap
from seqstudio.services.atomic_files import os_errors_as, write_atomic
from seqstudio.session.document import Take
from seqstudio.session.edits import SetScore
from seqstudio.session.note_array import Notes


@dataclass(frozen=True)
class ScoreInfo:
    """What a take's MIDI contains besides notes; editing does not change it."""

    tempo_map: TempoMap
    bars: Bars
    signatures: Signatures
    names: tuple[str, ...]  # of the tracks, "" if a track has none
    channels: tuple[int, ...]  # of new notes in each track
    programs: tuple[int, ...]  # the General MIDI instrument of each track

    @classmethod
    def of(cls, midi: bytes, name: str) -> "ScoreInfo":
        """Read a MIDI file; takes up to a second for a long piece.

        Raises
        ------
        DataError
            If the bytes are not a MIDI file.
        """
        score = Score.from_bytes(midi, name)
        channels = (
            next((event.channel for event in track.events if 0x80 <= event.kind < 0xF0), 0)
            for track in score.tracks
        )
        tempo_map = score.tempo_map
        names = tuple(track.name for track in score.tracks)
        programs = tuple(track.program for track in score.tracks)
        bars, signatures = Bars.of(tempo_map), Signatures.of(tempo_map)
        return cls(tempo_map, bars, signatures, names, tuple(channels), programs)

    @property
    def ticks_per_beat(self) -> int:
        """Ticks in a quarter note."""
        return self.tempo_map.ticks_per_beat


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A row of the track list."""

    title: str
    notes: int
    edited: bool
    hidden: bool
    muted: bool
    solo: bool
    program: int  # 0 to 127; -1 where drums play

    @property
    def instrument(self) -> str:
        """The name of its instrument."""
        return INSTRUMENTS[self.program] if self.program >= 0 else "Drums"


@dataclass(frozen=True, slots=True)
class _TrackSettings:
    """The user's settings for the tracks of one take."""

    track: int
    hidden: frozenset[int] = frozenset()
    muted: frozenset[int] = frozenset()
    solo: frozenset[int] = frozenset()


class ScoreModel(QObject):
    """Follows the current take. Its MIDI is parsed once, on a thread."""

    changed = Signal()  # the take, its info, or which track is edited or hidden
    silent_changed = Signal(object)  # frozenset of the tracks that are not heard
    failed = Signal(str)
    exported = Signal(str)  # path

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._infos: dict[bytes, ScoreInfo] = {}
        self._settings: dict[str, _TrackSettings] = {}
        self.take: Take | None = None
        for signal in (workspace.changed, workspace.selection_changed):
            signal.connect(self._on_workspace_changed)
        workspace.session_changed.connect(self._infos.clear)
        self._on_workspace_changed()

    @property
    def info(self) -> ScoreInfo | None:
        """Bars and tempos of the current take; None while they are being read."""
        return self._infos.get(self.take.midi) if self.take else None

    @property
    def track(self) -> int:
        """The track that is edited; -1 if there is none."""
        return self._current_settings.track

    @property
    def hidden(self) -> frozenset[int]:
        """The hidden tracks."""
        return self._current_settings.hidden

    @property
    def muted(self) -> frozenset[int]:
        """The muted tracks."""
        return self._current_settings.muted

    @property
    def solo(self) -> frozenset[int]:
        """The tracks that alone are heard; empty: all that are not muted."""
        return self._current_settings.solo

    @property
    def silent(self) -> frozenset[int]:
        """The tracks that are not heard."""
        tracks = frozenset(range(len(self.take.tracks))) if self.take else frozenset()
        return self.muted | (tracks - self.solo if self.solo else frozenset())

    @property
    def notes(self) -> Notes:
        """The notes of the track that is edited."""
        return self.take.tracks[self.track] if self.take and self.track >= 0 else NO_NOTES.notes

    @property
    def is_drums(self) -> bool:
        """Whether the track that is edited is a drum track."""
        return self.channel == DRUM_CHANNEL

    @property
    def channel(self) -> int:
        """The channel of the track that is edited."""
        if self.notes:
            return self.notes[0].channel
        return self.info.channels[self.track] if self.info and self.track >= 0 else 0

    @property
    def rows(self) -> tuple[TrackRow, ...]:
        """The tracks of the current take."""
        if self.take is None:
            return ()
        names = self.info.names if self.info else ("",) * len(self.take.tracks)
        return tuple(
            TrackRow(
                names[number] or f"Track {number + 1}",
                len(notes),
                edited=number == self.track,
                hidden=number in self.hidden,
                muted=number in self.muted,
                solo=number in self.solo,
                program=self._program(number, notes),
            )
            for number, notes in enumerate(self.take.tracks)
        )

    def set_program(self, track: int, program: int) -> None:
        """Let a General MIDI instrument play a track."""
        self._change("Change the instrument", lambda score: with_program(score, track, program))

    def set_tempo_and_meter(self, tick: int, bpm: float, beats: int, unit: int) -> None:
        """Change tempo and meter from a tick on; what is so already stays untouched."""

        def change(score: Score) -> Score:
            now = score.tempo_map
            if round(now.tempo_at(tick).bpm, 2) != round(bpm, 2):
                score = with_tempo(score, tick, bpm)
            meter = now.meter_at(tick)
            if (meter.beats, meter.unit) != (beats, unit):
                score = with_meter(score, tick, beats, unit)
            return score

        self._change("Change tempo and meter", change)

    def _change(self, title: str, change: Callable[[Score], Score]) -> None:
        """Change the take's MIDI file, on a thread, as one undo step; its notes stay."""
        if (take := self.take) is None:
            return

        def changed() -> bytes:
            return change(Score.from_bytes(take.midi, take.name)).to_bytes()

        def store(midi: bytes) -> None:
            now = next((one for one in self._workspace.document.takes if one.id == take.id), None)
            if now and midi != now.midi and now.midi == take.midi:
                self._workspace.do(SetScore(now.id, midi, now.tracks), title=title)

        self._workspace.background.run(changed, store, self.failed.emit)

    def _program(self, number: int, notes: Notes) -> int:
        if len(notes) and int(notes.channels[0]) == DRUM_CHANNEL:
            return -1
        return self.info.programs[number] if self.info else 0

    def edit_track(self, track: int) -> None:
        """Edit another track, and show it if it was hidden."""
        if track != self.track:
            self._update_settings(
                replace(self._current_settings, track=track, hidden=self.hidden - {track})
            )

    def set_hidden(self, track: int, *, hidden: bool) -> None:
        """Hide or show a track; the edited track is never hidden."""
        if track != self.track and hidden != (track in self.hidden):
            self._update_settings(replace(self._current_settings, hidden=self.hidden ^ {track}))

    def set_muted(self, track: int, *, muted: bool) -> None:
        """Mute or unmute a track."""
        if muted != (track in self.muted):
            self._update_settings(replace(self._current_settings, muted=self.muted ^ {track}))
            self.silent_changed.emit(self.silent)

    def set_solo(self, track: int, *, solo: bool) -> None:
        """Hear this track and other soloed ones alone, or not."""
        if solo != (track in self.solo):
            self._update_settings(replace(self._current_settings, solo=self.solo ^ {track}))
            self.silent_changed.emit(self.silent)

    def export(self, path: Path) -> None:
        """Write the edited take to a MIDI file, or as MusicXML by its suffix, on a thread."""
        if take := self.take:
            self._workspace.background.run(
                _writing(take, path), lambda _: self.exported.emit(str(path)), self.failed.emit
            )

    @property
    def _current_settings(self) -> _TrackSettings:
        return self._settings[self.take.id] if self.take else _TrackSettings(-1)

    def _update_settings(self, settings: _TrackSettings) -> None:
        if self.take:
            self._settings[self.take.id] = settings
            self.changed.emit()

    def _on_workspace_changed(self) -> None:
        before, self.take = self.take, self._workspace.take
        if self.take is before:
            return
        if self.take:
            self._settings.setdefault(self.take.id, _TrackSettings(_first_track(self.take.tracks)))
            if self.info is None:
                self._read(self.take)
        self.changed.emit()
        if (before.id if before else "") != (self.take.id if self.take else ""):
            self.silent_changed.emit(self.silent)

    def _read(self, take: Take) -> None:
        self._workspace.background.run(
            lambda: ScoreInfo.of(take.midi, take.name),
            lambda info: self._on_read(take.midi, info),
            self.failed.emit,
        )

    def _on_read(self, midi: bytes, info: ScoreInfo) -> None:
        self._infos[midi] = info
        if self.take and self.take.midi == midi:
            self.changed.emit()


def _first_track(tracks: tuple[Notes, ...]) -> int:
    """Return the track to edit first: the first with notes, else the last; -1 for none."""
    return next((number for number, notes in enumerate(tracks) if notes), len(tracks) - 1)


def _writing(take: Take, path: Path) -> Callable[[], None]:
    def write() -> None:
        score = take.score
        match path.suffix.lower():
            case ".mxl":
                content = to_mxl(score)
            case ".musicxml" | ".xml":
                content = to_musicxml(score).encode()
            case _:
                content = score.to_bytes()
        with os_errors_as(DataError, path):
            write_atomic(path, content)

    return write

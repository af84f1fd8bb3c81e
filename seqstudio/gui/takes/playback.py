"""Hears takes: each is rendered once, on a thread, and played where the one before it stopped."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SessionError
from seqstudio.gui.sound.player import Player
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import Audio, write_wav
from seqstudio.media.synth import render
from seqstudio.services.atomic_files import faults_as
from seqstudio.session.document import Take

KEPT = 6  # renderings: an A/B comparison of a few takes needs no waiting
NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a take sounds, as it was then."""

    take: Take
    muted: frozenset[int]  # tracks that do not sound
    audio: Audio

    def is_of(self, take: Take, muted: frozenset[int]) -> bool:
        """Whether the take still sounds like this."""
        was = self.take
        same = was.id == take.id and was.midi == take.midi and was.tracks == take.tracks
        return same and self.muted == muted


def sound_of(take: Take, muted: frozenset[int] = NOTHING) -> Audio:
    """Render a take without its muted tracks; slow for long ones, so call it on a thread.

    Raises
    ------
    SeqStudioError
        If its MIDI cannot be read, or it lasts more than an hour.
    """
    score = take.score
    for track in sorted(muted & set(range(len(score.tracks)))):
        score = score.with_track_notes(track, ())
    return render(score)


class Hearing(QObject):
    """Plays one take at a time; another one goes on from the same second."""

    changed = Signal()  # what sounds, what is being rendered, or why nothing can sound
    moved = Signal(str, float)  # id of the take that sounds, and the second that is heard
    failed = Signal(str)
    said = Signal(str)  # what was done

    def __init__(
        self, background: Background, player: Player, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background, self._player = background, player
        self._kept: list[Rendering] = []
        self._muted = NOTHING
        self._sounding: Rendering | None = None
        self._preparing: Take | None = None
        self._at_s = 0.0
        player.moved.connect(self._move)
        player.ended.connect(self._end)
        player.changed.connect(self.changed)
        player.failed.connect(self._fail)

    @property
    def reason(self) -> str:
        """Why nothing can be heard; "" if it can."""
        return self._player.reason

    @property
    def sounding(self) -> str:
        """The id of the take that sounds, or ""."""
        return self._sounding.take.id if self._sounding else ""

    @property
    def preparing(self) -> str:
        """The id of the take that is being rendered to be heard, or ""."""
        return self._preparing.id if self._preparing else ""

    @property
    def position_s(self) -> float:
        """The second from which a take is heard next."""
        return self._at_s

    def hear(self, take: Take) -> None:
        """Play a take from where the last one stopped, as soon as it is rendered."""
        if self.reason:
            return
        if found := self._found(take):
            self._preparing = None
            self._play(found)
            return
        self._preparing = take
        muted = self._muted
        self._background.run(
            lambda: sound_of(take, muted),
            lambda audio: self._rendered(Rendering(take, muted, audio)),
            partial(self._not_rendered, take),
        )
        self.changed.emit()

    def stop(self) -> None:
        """Be silent; the next take, or the same, goes on from here."""
        self._preparing = None
        self._sounding = None
        if self._player.playing:
            self._player.stop()
            self._at_s = self._player.position_s
        self.changed.emit()

    def rewind(self) -> None:
        """Begin at the first second when a take is heard next."""
        self._at_s = 0.0

    def go_to(self, second: float) -> None:
        """Hear from another second; what sounds goes on there."""
        self._at_s = second
        if self._sounding:
            self._play(self._sounding)

    def update(self, take: Take) -> None:
        """Go on with a take that has been put in front, or edited, while one sounds."""
        if self._preparing or (self._sounding and not self._sounding.is_of(take, self._muted)):
            self.hear(take)

    def mute(self, tracks: frozenset[int]) -> None:
        """Leave tracks of what is heard out, from now on."""
        self._muted = tracks
        if self._preparing:
            self.hear(self._preparing)
        elif self._sounding:
            self.update(self._sounding.take)

    def save(self, take: Take, path: Path) -> None:
        """Write how a take sounds as a WAV file, all its tracks; told if it cannot be written."""
        found = next((one.audio for one in self._kept if one.is_of(take, NOTHING)), None)

        def write() -> None:
            with faults_as(SessionError, path):
                write_wav(path, found or sound_of(take))

        self.said.emit(f"Writing {path.name}…")
        self._background.run(
            write, lambda _: self.said.emit(f"Written to {path}"), self.failed.emit
        )

    def _found(self, take: Take) -> Rendering | None:
        return next((one for one in self._kept if one.is_of(take, self._muted)), None)

    def _rendered(self, rendering: Rendering) -> None:
        self._kept = [rendering, *self._kept][:KEPT]
        wanted = self._preparing
        if wanted and rendering.is_of(wanted, self._muted):
            self._preparing = None
            self._play(rendering)

    def _not_rendered(self, take: Take, reason: str) -> None:
        if self._preparing is take:
            self._preparing = None
        self.failed.emit(reason)
        self.changed.emit()

    def _play(self, rendering: Rendering) -> None:
        audio = rendering.audio
        if self._at_s >= audio.duration_s:
            self._at_s = 0.0
        self._sounding = rendering
        self._player.play(audio.samples, audio.rate_hz, self._at_s)
        self.changed.emit()

    def _move(self, second: float) -> None:
        if self._sounding:
            self._at_s = second
            self.moved.emit(self._sounding.take.id, second)

    def _end(self) -> None:
        if self._sounding:  # to its end: `stop` has none
            self._sounding = None
            self._at_s = 0.0
            self.changed.emit()

    def _fail(self, reason: str) -> None:
        self._sounding = None
        self.failed.emit(reason)
        self.changed.emit()

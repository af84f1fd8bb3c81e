"""Playback of takes: each is rendered once, on a thread, and continues where the last stopped."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SessionError
from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.clicks import with_clicks
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import Audio, write_wav
from seqstudio.media.render_process import render_apart
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.session.document import Take

KEPT_RENDERINGS = 6  # enough to compare a few takes without rendering again
NO_TRACKS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rendering:
    """The audio of a take in one state."""

    take: Take
    muted: frozenset[int]  # tracks
    metronome: bool
    audio: Audio

    def matches(self, take: Take, muted: frozenset[int], *, metronome: bool) -> bool:
        """Whether the take in its present state has this audio."""
        own = self.take
        same = own.id == take.id and own.midi == take.midi and own.tracks == take.tracks
        return same and self.muted == muted and self.metronome == metronome


def render_take(take: Take, muted: frozenset[int] = NO_TRACKS, *, metronome: bool = False) -> Audio:
    """Render a take without its muted tracks; slow for long takes, so call it on a thread.

    Raises
    ------
    SeqStudioError
        If its MIDI cannot be read, or it lasts more than an hour.
    """
    score = take.score
    for track in sorted(muted & set(range(len(score.tracks)))):
        score = score.with_track_notes(track, ())
    audio = render_apart(score)
    return with_clicks(audio, score) if metronome else audio


class TakePlayback(QObject):
    """Plays one take at a time; another take continues from the same second."""

    changed = Signal()  # what is playing or being rendered, or why nothing can be played
    position_changed = Signal(str, float)  # id of the playing take, and the second
    failed = Signal(str)
    message = Signal(str)  # about a WAV file that was saved

    def __init__(
        self, background: Background, player: Player, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background, self._player = background, player
        self._kept: list[Rendering] = []
        self._muted = NO_TRACKS
        self._metronome = False
        self._playing: Rendering | None = None
        self._rendering: Take | None = None
        self._position_s = 0.0
        player.position_changed.connect(self._on_player_moved)
        player.ended.connect(self._on_ended)
        player.changed.connect(self.changed)
        player.failed.connect(self._on_player_failed)

    @property
    def reason(self) -> str:
        """Why nothing can be played; "" if it can."""
        return self._player.reason

    @property
    def playing_id(self) -> str:
        """The id of the take that is playing, or ""."""
        return self._playing.take.id if self._playing else ""

    @property
    def rendering_id(self) -> str:
        """The id of the take that is being rendered to be played, or ""."""
        return self._rendering.id if self._rendering else ""

    @property
    def position_s(self) -> float:
        """The second from which the next take plays."""
        return self._position_s

    def play(self, take: Take) -> None:
        """Play a take from where the last one stopped, as soon as it is rendered."""
        if self.reason:
            return
        if found := self._kept_rendering(take):
            self._rendering = None
            self._play(found)
            return
        self._rendering = take
        muted, clicks = self._muted, self._metronome
        self._background.run(
            lambda: render_take(take, muted, metronome=clicks),
            lambda audio: self._on_rendered(Rendering(take, muted, clicks, audio)),
            partial(self._on_render_failed, take),
        )
        self.changed.emit()

    def stop(self) -> None:
        """Stop; this or another take continues from here."""
        self._rendering = None
        self._playing = None
        if self._player.plays(self):
            self._player.stop()
            self._position_s = self._player.position_s
        self.changed.emit()

    def rewind(self) -> None:
        """Let the next take play from its start."""
        self._position_s = 0.0

    def seek(self, second: float) -> None:
        """Continue from another second."""
        self._position_s = second
        if self._playing:
            self._play(self._playing)

    def update(self, take: Take) -> None:
        """Switch to a take that was selected or edited, if one is playing."""
        if self._rendering or (self._playing and not self._matches(self._playing, take)):
            self.play(take)

    def set_metronome(self, *, on: bool) -> None:
        """Hear the beats, or not."""
        if on != self._metronome:
            self._metronome = on
            self._play_again()

    def mute(self, tracks: frozenset[int]) -> None:
        """Mute these tracks, and no others."""
        self._muted = tracks
        self._play_again()

    def _play_again(self) -> None:
        """Go on with what is played as it is to be heard now."""
        if self._rendering:
            self.play(self._rendering)
        elif self._playing:
            self.update(self._playing.take)

    def save(self, take: Take, path: Path) -> None:
        """Save all tracks of a take as a WAV file, on a thread; emit `message` or `failed`."""
        found = next(
            (one.audio for one in self._kept if one.matches(take, NO_TRACKS, metronome=False)), None
        )

        def write() -> None:
            with os_errors_as(SessionError, path):
                write_wav(path, found or render_take(take))

        self.message.emit(f"Saving {path.name}…")
        self._background.run(
            write, lambda _: self.message.emit(f"Saved to {path}"), self.failed.emit
        )

    def _matches(self, rendering: Rendering, take: Take) -> bool:
        return rendering.matches(take, self._muted, metronome=self._metronome)

    def _kept_rendering(self, take: Take) -> Rendering | None:
        return next((one for one in self._kept if self._matches(one, take)), None)

    def _on_rendered(self, rendering: Rendering) -> None:
        self._kept = [rendering, *self._kept][:KEPT_RENDERINGS]
        wanted = self._rendering
        if wanted and self._matches(rendering, wanted):
            self._rendering = None
            self._play(rendering)

    def _on_render_failed(self, take: Take, reason: str) -> None:
        if self._rendering is take:
            self._rendering = None
        self.failed.emit(reason)
        self.changed.emit()

    def _play(self, rendering: Rendering) -> None:
        audio = rendering.audio
        if self._position_s >= audio.duration_s:
            self._position_s = 0.0
        self._playing = rendering
        self._player.play(audio.samples, audio.rate_hz, self._position_s, owner=self)
        self.changed.emit()

    def _on_player_moved(self, second: float) -> None:
        if self._playing:
            self._position_s = second
            self.position_changed.emit(self._playing.take.id, second)

    def _on_ended(self) -> None:
        if self._playing:  # played to its end; None after `stop`
            self._playing = None
            self._position_s = 0.0
            self.changed.emit()

    def _on_player_failed(self, reason: str) -> None:
        self._playing = None
        self.failed.emit(reason)
        self.changed.emit()

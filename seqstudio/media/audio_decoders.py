"""Open a recording, and decode it part by part; its damage is an error, or is said and passed over.

soundfile is imported inside the functions that use it, so that front ends which only need
`AudioInfo` do not spend 60 ms on loading C libraries.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from seqstudio.contracts.audio import AudioSource, OnDamage
from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import DamagedError, DataError
from seqstudio.media.audio_layout import Layout, PartSource, layout_of
from seqstudio.media.audio_parts import KNOWN, UNKNOWN_FRAMES, PartDecoder, PartError, Samples
from seqstudio.media.audio_suffixes import FFMPEG

if TYPE_CHECKING:
    import soundfile

MP3_BIT_RESERVOIR = 1 << 14  # a frame may use bits stored up to this many samples earlier
FLAC_PIECE = 4096  # frames
SKIP_BLOCK_FRAMES = 1 << 18  # read at once where seeking is impossible
UNRECOGNISED_FORMAT = 1  # libsndfile's error code
MAX_RATE_HZ = 1_000_000  # the fastest converters have 768 kHz; resampling from more takes gigabytes
TOLERANCE_S = 0.25  # of a part's length: decoders drop what precedes the first whole frame


class SoundfileDecoder:
    """A part that libsndfile decodes."""

    notes: tuple[str, ...] = ()

    def __init__(self, file: "soundfile.SoundFile", *, is_sized: bool) -> None:
        self._file = file
        self._at = 0
        self._fault = ""  # libsndfile does not go on after it
        self._is_sized = is_sized
        # soundfile seeks after each block, which fails in a FLAC of unknown length.
        file.seekable = lambda: False
        self.rate_hz, self.channels = file.samplerate, file.channels
        self.format, self.frames = file.format, file.frames

    def read(self, frames: int) -> Samples:
        """Return the next samples."""
        import soundfile

        if self._fault:
            raise PartError(self._fault)
        if self.format != "FLAC":
            pieces = [frames]
        else:  # in small pieces: a fault loses the one that it is in
            # Tags may follow the frames; libsndfile fails on them.
            frames = min(frames, self.frames - self._at)
            pieces = [min(FLAC_PIECE, frames - at) for at in range(0, frames, FLAC_PIECE)]
        found: list[Samples] = [np.zeros((0, self.channels), np.float32)]
        for piece in pieces:
            try:
                block = self._file.read(piece, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                self._fault = error.error_string.rstrip(".")
                break
            found.append(block)
            self._at += len(block)
            if len(block) < piece:
                break
        return found[1] if len(found) == 2 else np.concatenate(found)

    def seek(self, frame: int) -> int:
        """Move to a frame; decoding of an MP3 starts earlier, since frames share bits."""
        if self.frames >= UNKNOWN_FRAMES or not self._is_sized:
            return 0
        reservoir = MP3_BIT_RESERVOIR if self.format == "MP3" else 0
        self._at = int(self._file.seek(max(min(frame, self.frames) - reservoir, 0)))
        return self._at


@dataclass(frozen=True, slots=True)
class Recording:
    """An open recording: its parts, what is odd about it, and what happens to its damage."""

    path: Path
    parts: tuple[PartDecoder, ...]
    notes: tuple[str, ...]
    on_damage: OnDamage | None

    def blocks(self, part: PartDecoder, frames: int, first: int = 0) -> Iterator[Samples]:
        """Yield a part's samples from frame `first` on, `frames` at a time, checking each block.

        Raises
        ------
        DataError
            If a sample is not finite, or it is damaged and nobody takes what is left of it.
        """
        done = self._skip(part, first)
        reason = ""
        try:
            while len(block := part.read(frames)):
                self._check_finite(block, done, part.rate_hz)
                yield block
                done += len(block)
        except PartError as error:
            reason = f" ({error})"
        lost_s = (part.frames - done) / part.rate_hz if part.frames < UNKNOWN_FRAMES else 0.0
        if reason or (lost_s > TOLERANCE_S and done >= first):
            self.damaged(f"damaged or cut short after {done / part.rate_hz:.2f} s{reason}", lost_s)

    def damaged(self, what: str, lost_s: float) -> None:
        """Raise an error, or say what is damaged to whoever takes what is left."""
        lost = f", {lost_s:.2f} s are lost" if lost_s > 0 else ""
        if self.on_damage is None:
            raise DamagedError(f"{self.path}: {what}{lost}, expected a whole file")
        self.on_damage(what + lost)

    def _skip(self, part: PartDecoder, frames: int) -> int:
        """Skip frames; return how many were skipped, which is fewer at the end of the part."""
        done = part.seek(frames) if frames else 0
        while done < frames:
            try:
                block = part.read(min(frames - done, SKIP_BLOCK_FRAMES))
            except PartError:
                return done  # reading on says so
            if not len(block):
                break
            done += len(block)
        return done

    def _check_finite(self, block: Samples, first: int, rate_hz: int) -> None:
        finite = np.isfinite(block)
        if finite.all():
            return
        frames, channels = np.nonzero(~finite)
        at, value = first + int(frames[0]), block[frames[0], channels[0]]
        where = f"{self.path}: sample {at} ({at / rate_hz:.3f} s)"
        raise DataError(f"{where} is {value}, expected a number")


@contextmanager
def open_recording(source: Path | AudioSource) -> Iterator[Recording]:
    """Open a recording by its contents, whatever its suffix."""
    if isinstance(source, Path):
        source = AudioSource(source)
    path = source.path
    if path.is_dir():
        raise DataError(f"{path}: a folder, expected an audio file")
    with ExitStack() as stack:
        try:
            # Unbuffered: the decoder reads from the descriptor.
            raw = stack.enter_context(path.open("rb", buffering=0))
        except OSError as error:
            raise DataError(f"{path}: {why_unreadable(error)}, expected an audio file") from error
        size = os.fstat(raw.fileno()).st_size
        if not size:
            raise DataError(f"{path}: empty file (0 bytes), expected audio")
        layout = layout_of(raw, size)
        raw.seek(0)
        parts = _parts(path, raw, layout, source.track, stack)
        for part in parts:
            if part.rate_hz > MAX_RATE_HZ:
                fault = f"a rate of {part.rate_hz} Hz, expected at most {MAX_RATE_HZ}"
                raise DataError(f"{path}: {fault}")
        notes = (*layout.notes, *(note for part in parts for note in part.notes))
        recording = Recording(path, parts, notes, source.on_damage)
        if layout.damage:
            recording.damaged(layout.damage, _lost_s(layout, parts))
        yield recording


def _lost_s(layout: Layout, parts: tuple[PartDecoder, ...]) -> float:
    """Return how much is lost; of plain samples, every byte lasts as long."""
    if layout.cut is None or not layout.cut.held:
        return layout.lost_s
    held_s = parts[0].frames / parts[0].rate_hz
    return layout.cut.missing * held_s / layout.cut.held


def _parts(
    path: Path, raw: BinaryIO, layout: Layout, track: int, stack: ExitStack
) -> tuple[PartDecoder, ...]:
    import soundfile

    sources: tuple[PartSource | int, ...] = layout.parts or (raw.fileno(),)
    try:
        files = [stack.enter_context(soundfile.SoundFile(s, closefd=False)) for s in sources]
    except soundfile.LibsndfileError as error:
        return (_ffmpeg_part(path, track, error, stack, layout),)
    if track > 1:
        raise DataError(f"{path}: track {track}, expected 1: it has one")
    return tuple(SoundfileDecoder(file, is_sized=layout.is_sized) for file in files)


def _ffmpeg_part(
    path: Path,
    track: int,
    error: "soundfile.LibsndfileError",
    stack: ExitStack,
    layout: Layout,
) -> PartDecoder:
    """Open with PyAV what libsndfile cannot read.

    Raises
    ------
    DataError
        If PyAV is not installed, or cannot read it either.
    """
    from seqstudio.media import audio_ffmpeg

    if layout.damage:
        raise DamagedError(f"{path}: {layout.damage}, expected a whole file")
    # For a known format, libsndfile's own reason is misleading ("possibly a pipe?").
    known = error.code != UNRECOGNISED_FORMAT
    fault = "damaged or cut short" if known else "not audio of a known format"
    if audio_ffmpeg.is_installed():
        return audio_ffmpeg.open_track(path, track, fault, stack)
    if path.suffix.lower() in FFMPEG:
        extra = "pip install 'seqstudio[video]'"
        raise DataError(f"{path}: {path.suffix} needs PyAV, expected it installed: {extra}")
    raise DataError(f"{path}: {fault}, expected {KNOWN} or a like format") from error

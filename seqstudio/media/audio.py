"""Read, resample and write audio: wav, flac, ogg (vorbis, opus) and mp3, without system packages.

soundfile and soxr are imported inside the functions that use them, so that front ends which only
need `AudioInfo` do not spend 60 ms on loading two C libraries.
"""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from seqstudio.errors import DataError
from seqstudio.media.audio_containers import (
    PatchedFile,
    mp3_has_frame_count,
    truncation,
    unsized_wav,
)

if TYPE_CHECKING:
    import soundfile

Samples: TypeAlias = npt.NDArray[np.float32]
UNKNOWN_FRAMES = 1 << 60  # more frames than any file holds
MP3_FRAME = 576  # samples in the shortest frame
MP3_BIT_RESERVOIR = 1 << 14  # a frame may use bits stored up to this many samples earlier
SKIP_BLOCK_FRAMES = 1 << 18  # read at once where seeking is impossible
UNRECOGNISED_FORMAT = 1  # libsndfile's error code
MAX_RATE_HZ = 1_000_000  # the fastest converters have 768 kHz; resampling from more takes gigabytes


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio in memory: `samples` is (N, channels) float32, full scale at -1 and 1."""

    samples: Samples
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo:
    """The contents of an audio file's header."""

    duration_s: float  # an estimate for an mp3 of variable bit rate without a frame count
    rate_hz: int
    channels: int
    format: str  # "WAV", "FLAC", "OGG", "MP3"


def audio_info(path: Path) -> AudioInfo:
    """Read the header only; a FLAC whose header has no length is decoded.

    Raises
    ------
    DataError
        As `read_audio`, for faults that are visible in the header.
    """
    with _open(path) as file:
        frames = file.frames
        if frames > UNKNOWN_FRAMES:
            frames = sum(len(block) for block in _blocks(file, path, file.samplerate * 60))
        return AudioInfo(
            duration_s=frames / file.samplerate,
            rate_hz=file.samplerate,
            channels=file.channels,
            format=file.format,
        )


def read_audio(path: Path) -> Audio:
    """Read a whole recording.

    Raises
    ------
    DataError
        If the file is missing, a folder, unreadable, empty, not audio, truncated, without
        samples, or with a sample that is not finite.
    """
    with _open(path) as file:
        rate_hz = file.samplerate
        blocks = list(_blocks(file, path, rate_hz * 60))
    return Audio(np.concatenate(blocks), rate_hz)


def read_blocks(path: Path, seconds: float, *, start_s: float = 0.0) -> Iterator[Audio]:
    """Read a recording in blocks of `seconds`, the last one shorter, in constant memory.

    Parameters
    ----------
    path : an audio file
    seconds : length of a block
    start_s : start of the first block; past the end, no block is yielded

    Raises
    ------
    DataError
        As `read_audio`; a fault within the file is raised when reading reaches it.
    """
    with _open(path) as file:
        frames = max(1, round(seconds * file.samplerate))
        first = round(start_s * file.samplerate)
        for block in _blocks(file, path, frames, _skip(file, path, first) if first else 0):
            yield Audio(block, file.samplerate)


def mono(audio: Audio) -> Audio:
    """Return the mean of all channels, as (N, 1)."""
    if audio.samples.shape[1] == 1:
        return audio
    return Audio(audio.samples.mean(axis=1, keepdims=True, dtype=np.float32), audio.rate_hz)


def resample(audio: Audio, rate_hz: int) -> Audio:
    """Resample audio with soxr's high-quality filter."""
    if rate_hz == audio.rate_hz:
        return audio
    import soxr

    samples = soxr.resample(audio.samples, audio.rate_hz, rate_hz)
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), rate_hz)


def resample_blocks(blocks: Iterable[Audio], rate_hz: int) -> Iterator[Audio]:
    """Resample a stream of blocks, without discontinuities at block boundaries.

    The first block may be empty, because the filter needs look-ahead.
    """
    stream = None
    last = np.zeros((0, 1), np.float32)
    for block in blocks:
        if block.rate_hz == rate_hz:
            yield block
            continue
        if stream is None:
            import soxr

            stream = soxr.ResampleStream(block.rate_hz, rate_hz, block.samples.shape[1])
            last = np.zeros((0, block.samples.shape[1]), np.float32)
        yield Audio(stream.resample_chunk(block.samples), rate_hz)
    if stream is not None:
        yield Audio(stream.resample_chunk(last, last=True), rate_hz)


def write_wav(path: Path, audio: Audio) -> None:
    """Write 16-bit PCM; samples beyond full scale are clipped.

    Raises
    ------
    OSError
        If the file cannot be written, for example on a full disk.
    """
    import soundfile

    # Encoded in memory: libsndfile hides the reason when it cannot write a file.
    levels = np.clip(np.round(audio.samples * 32767), -32768, 32767).astype(np.int16)
    content = io.BytesIO()
    soundfile.write(content, levels, audio.rate_hz, subtype="PCM_16", format="WAV")
    path.write_bytes(content.getbuffer())


@contextmanager
def _open(path: Path) -> "Iterator[soundfile.SoundFile]":
    """Open an audio file by its contents, whatever its suffix; report its faults as DataError."""
    import soundfile

    if path.is_dir():
        raise DataError(f"{path}: a folder, expected an audio file")
    try:
        # Unbuffered: the decoder reads from the descriptor.
        raw = path.open("rb", buffering=0)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, expected an audio file") from error
    with raw:
        _check_not_truncated(raw, path)
        try:
            unsized = unsized_wav(raw)
            raw.seek(0)
            source = PatchedFile(raw, unsized) if unsized else raw.fileno()
            file = soundfile.SoundFile(source, closefd=False)
        except soundfile.LibsndfileError as error:
            # For a known format, libsndfile's own reason is misleading ("possibly a pipe?").
            known = error.code != UNRECOGNISED_FORMAT
            fault = "damaged or cut short" if known else "not audio of a known format"
            raise DataError(f"{path}: {fault}, expected wav, flac, ogg or mp3") from error
        with file:
            if file.samplerate > MAX_RATE_HZ:
                fault = f"a rate of {file.samplerate} Hz, expected at most {MAX_RATE_HZ}"
                raise DataError(f"{path}: {fault}")
            # soundfile seeks after each block, which fails in a FLAC of unknown length.
            file.seekable = lambda: False
            yield file


def _check_not_truncated(raw: BinaryIO, path: Path) -> None:
    size = os.fstat(raw.fileno()).st_size
    if not size:
        raise DataError(f"{path}: empty file (0 bytes), expected audio")
    if missing := truncation(raw, size):
        raise DataError(f"{path}: cut short ({missing}), expected a whole file")
    raw.seek(0)


def _skip(file: "soundfile.SoundFile", path: Path, frames: int) -> int:
    """Skip frames; return how many were skipped, which is fewer at the end of the file.

    Decoding of an MP3 starts earlier, since a frame may use bits of the frames before it. A file of
    unknown length is decoded from its start.
    """
    done = 0
    if file.frames < UNKNOWN_FRAMES and (file.format != "MP3" or mp3_has_frame_count(path)):
        reservoir = MP3_BIT_RESERVOIR if file.format == "MP3" else 0
        done = int(file.seek(max(min(frames, file.frames) - reservoir, 0)))
    while done < frames:
        wanted = min(frames - done, SKIP_BLOCK_FRAMES)
        block = next(_blocks(file, path, wanted, done), None)
        if block is None:
            break
        done += len(block)
    return done


def _blocks(
    file: "soundfile.SoundFile", path: Path, frames: int, done: int = 0
) -> Iterator[Samples]:
    """Yield the samples after the first `done` frames, checking each block and the total."""
    import soundfile

    rate_hz = file.samplerate
    while True:
        try:
            # Tags may follow the frames of a FLAC; libsndfile fails on them.
            wanted = min(frames, file.frames - done) if file.format == "FLAC" else frames
            block = file.read(wanted, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            reason = error.error_string.rstrip(".")
            raise DataError(
                f"{path}: damaged or cut short after {done / rate_hz:.2f} s ({reason}), "
                "expected a whole file"
            ) from error
        if not len(block):
            break
        _check_finite(block, done, rate_hz, path)
        yield block
        done += len(block)
    if not done:
        raise DataError(f"{path}: holds no samples, expected at least 1")
    if file.format == "MP3" and done < file.frames - MP3_FRAME and mp3_has_frame_count(path):
        found_s, declared_s = done / rate_hz, file.frames / rate_hz
        raise DataError(f"{path}: cut short, holds {found_s:.2f} s, expected {declared_s:.2f} s")


def _check_finite(block: Samples, first: int, rate_hz: int, path: Path) -> None:
    finite = np.isfinite(block)
    if finite.all():
        return
    frames, channels = np.nonzero(~finite)
    at, value = first + int(frames[0]), block[frames[0], channels[0]]
    raise DataError(f"{path}: sample {at} ({at / rate_hz:.3f} s) is {value}, expected a number")

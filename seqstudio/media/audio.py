"""Read, resample and write audio: wav, flac, ogg, mp3 and more; with PyAV, videos too.

soundfile and soxr are imported inside the functions that use them, so that front ends which only
need `AudioInfo` do not spend 60 ms on loading two C libraries.
"""

import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from seqstudio.contracts.audio import AudioSource
from seqstudio.errors import DataError
from seqstudio.media.audio_decoders import Recording, open_recording
from seqstudio.media.audio_parts import UNKNOWN_FRAMES, PartDecoder
from seqstudio.media.audio_parts import Samples as Samples


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
    """What an audio file holds, found without decoding it where that is possible."""

    duration_s: float
    rate_hz: int
    channels: int
    format: str  # "WAV", "FLAC", "OGG", "MP3", or FFmpeg's name of a container
    notes: tuple[str, ...] = ()  # what is odd about the file: a false length, streams joined


def audio_info(source: Path | AudioSource) -> AudioInfo:
    """Find out what a file holds; one whose length is not declared is decoded.

    Raises
    ------
    DataError
        As `read_audio`, for faults that are visible without decoding.
    """
    with open_recording(source) as recording:
        first = recording.parts[0]
        whole_s = sum(_duration_s(recording, part) for part in recording.parts)
        return AudioInfo(
            duration_s=_part_s(source, whole_s),
            rate_hz=first.rate_hz,
            channels=1 if _channel(source) else first.channels,
            format=first.format,
            notes=recording.notes,
        )


def read_audio(source: Path | AudioSource) -> Audio:
    """Read a whole recording.

    Raises
    ------
    DataError
        If the file is missing, a folder, unreadable, empty, not audio, without samples, has a
        sample that is not finite, or has no such track or channel.
    DamagedError
        If it is cut short or damaged, and nobody takes what is left of it.
    """
    blocks = list(read_blocks(source, 60.0))
    return Audio(np.concatenate([block.samples for block in blocks]), blocks[0].rate_hz)


def read_blocks(
    source: Path | AudioSource, seconds: float, *, start_s: float = 0.0
) -> Iterator[Audio]:
    """Read a recording in blocks of at most `seconds`, in constant memory.

    Streams that are joined in one file follow one another, at the rate and with the channels of
    the first.

    Parameters
    ----------
    source : an audio file
    seconds : length of a block; the last one of a stream is shorter
    start_s : start of the first block in the source; past the end, no block is yielded

    Raises
    ------
    DataError
        As `read_audio`; a fault within the file is raised when reading reaches it.
    """
    start_s, end_s = start_s + _start_s(source), _end_s(source)
    with open_recording(source) as recording:
        first = recording.parts[0]
        channel = _channel(source)
        if channel > first.channels:
            found_channels = f"{recording.path}: channel {channel} of {first.channels}"
            raise DataError(f"{found_channels}, expected 1 to {first.channels}")
        found, left = False, (end_s - start_s) * first.rate_hz
        for part in recording.parts:
            length_s = part.frames / part.rate_hz
            is_last = part is recording.parts[-1]
            if start_s >= length_s and not is_last:
                start_s, found = start_s - length_s, True
                continue
            frames = max(1, round(seconds * part.rate_hz))
            blocks = recording.blocks(part, frames, round(start_s * part.rate_hz))
            audio = (Audio(block, part.rate_hz) for block in blocks)
            for block in _only(_like_first(audio, first), channel):
                found = True
                if left < len(block.samples):
                    yield Audio(block.samples[: max(0, round(left))], block.rate_hz)
                    return
                left -= len(block.samples)
                yield block
            found, start_s = found or start_s > 0, 0.0
    if not found:
        raise DataError(f"{recording.path}: holds no samples, expected at least 1")


def _channel(source: Path | AudioSource) -> int:
    """Return which channel alone is read, from 1; 0 is all."""
    return (source.channel or 0) if isinstance(source, AudioSource) else 0


def _only(blocks: Iterator[Audio], channel: int) -> Iterator[Audio]:
    """Yield blocks of one channel, or of all if `channel` is 0."""
    for block in blocks:
        yield Audio(block.samples[:, channel - 1 : channel], block.rate_hz) if channel else block


def _start_s(source: Path | AudioSource) -> float:
    return source.start_s if isinstance(source, AudioSource) else 0.0


def _end_s(source: Path | AudioSource) -> float:
    return source.end_s if isinstance(source, AudioSource) else math.inf


def _part_s(source: Path | AudioSource, whole_s: float) -> float:
    """Return how long a source is, of a recording that is so long."""
    return max(0.0, min(whole_s, _end_s(source)) - _start_s(source))


def _duration_s(recording: Recording, part: PartDecoder) -> float:
    frames = part.frames
    if frames > UNKNOWN_FRAMES:
        frames = sum(len(block) for block in recording.blocks(part, part.rate_hz * 60))
    return frames / part.rate_hz


def _like_first(blocks: Iterator[Audio], first: PartDecoder) -> Iterator[Audio]:
    """Convert blocks to the rate and the channels of the first part."""
    for block in resample_blocks(blocks, first.rate_hz):
        if block.samples.shape[1] == first.channels:
            yield block
        else:
            yield Audio(np.repeat(mono(block).samples, first.channels, axis=1), first.rate_hz)


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


def read_samples(source: Path | AudioSource, rate_hz: int) -> Samples:
    """Read a whole recording as (N,) float32, one channel at a rate; see `read_audio`."""
    return resample(mono(read_audio(source)), rate_hz).samples[:, 0]


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
    path.write_bytes(encoded(audio, "WAV"))


def encoded(audio: Audio, container: Literal["WAV", "FLAC"]) -> bytes:
    """Return the bytes of a 16-bit file; samples beyond full scale are clipped.

    Encoded in memory: libsndfile hides the reason when it cannot write a file.

    Raises
    ------
    DataError
        If a sample is infinite or not a number.
    """
    import soundfile

    if not np.isfinite(audio.samples).all():
        at = int(np.argwhere(~np.isfinite(audio.samples))[0][0])
        raise DataError(f"sample {at}: {audio.samples[at].tolist()}, expected finite numbers")
    levels = np.clip(np.round(audio.samples * 32767), -32768, 32767).astype(np.int16)
    content = io.BytesIO()
    soundfile.write(content, levels, audio.rate_hz, subtype="PCM_16", format=container)
    return content.getvalue()

"""Decode the audio tracks of m4a, mp4, wma, mkv and whatever else FFmpeg reads, with PyAV."""

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from seqstudio.errors import DataError
from seqstudio.media.audio_parts import KNOWN, UNKNOWN_FRAMES, PartError, Samples

# Not those that read other files or guess at any text: playlists, lists of files, text art.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,asf,avi,aac,mp3,amr,amrnb,amrwb,wv,ape,ac3,eac3,mpeg,"
    "mpegts,flv,ogg,tta,dts,mpc,mpc8,tak,rm,caf,wav,w64,aiff,au,flac"
)
SIZED = ("MOV", "MATROSKA", "ASF", "WV", "APE", "TTA")  # their length is true; others estimate it


def is_installed() -> bool:
    """Whether PyAV is installed (the extra `video`)."""
    return find_spec("av") is not None


def open_track(path: Path, track: int, fault: str, stack: ExitStack) -> "FfmpegDecoder":
    """Open an audio track of a container.

    Parameters
    ----------
    path : the file
    track : number of the track, from 1
    fault : what to say of a file that FFmpeg cannot read either
    stack : closes the file

    Raises
    ------
    DataError
        If the file is none that FFmpeg reads, or has no such track.
    """
    import av

    try:
        container = stack.enter_context(
            av.open(
                str(path),
                metadata_errors="ignore",
                options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
            )
        )
        tracks = container.streams.audio
    except (av.FFmpegError, ValueError) as error:
        raise DataError(f"{path}: {fault}, expected {KNOWN} or a video with sound") from error
    if not tracks:
        raise DataError(f"{path}: has no sound, expected an audio track")
    if track > len(tracks):
        raise DataError(f"{path}: track {track}, expected 1 to {len(tracks)}")
    if tracks[track - 1].codec_context is None:
        raise DataError(f"{path}: an unknown encoding, expected one that FFmpeg decodes")
    return FfmpegDecoder(container, tracks[track - 1], track, len(tracks))


class FfmpegDecoder:
    """One audio track of a container that FFmpeg reads."""

    def __init__(self, container: Any, stream: Any, track: int, tracks: int) -> None:
        context = stream.codec_context
        self.rate_hz = int(context.sample_rate or 0)
        self.channels = int(context.channels or 1)
        self.format = str(container.format.name).partition(",")[0].upper()
        declared_s = _duration_s(container, stream) if self.format in SIZED else 0.0
        self.frames = round(declared_s * self.rate_hz) or 2 * UNKNOWN_FRAMES
        self.notes: tuple[str, ...] = (
            (f"{tracks} audio tracks, track {track} is read",) if tracks > 1 else ()
        )
        self._frames = self._decoded(container, stream)
        self._pending: deque[Samples] = deque()
        if not self.rate_hz:
            raise DataError(f"{container.name}: a track without a rate, expected audio")

    def read(self, frames: int) -> Samples:
        """Return the next samples."""
        got, found = 0, []
        while got < frames:
            block = self._pending.popleft() if self._pending else next(self._frames, None)
            if block is None:
                break
            if len(block) > frames - got:
                self._pending.appendleft(block[frames - got :])
                block = block[: frames - got]
            found.append(block)
            got += len(block)
        return np.concatenate(found) if found else np.zeros((0, self.channels), np.float32)

    def seek(self, frame: int) -> int:
        """Stay at the start: the frame that a container seeks to is seldom exact."""
        return 0

    def _decoded(self, container: Any, stream: Any) -> Iterator[Samples]:
        import av

        layout = stream.codec_context.layout
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.rate_hz)
        try:
            for frame in container.decode(stream):
                for one in resampler.resample(frame):
                    yield np.ascontiguousarray(one.to_ndarray().T, dtype=np.float32)
        except av.FFmpegError as error:
            raise PartError(str(error.strerror or error)) from error


def _duration_s(container: Any, stream: Any) -> float:
    """Return the declared length; 0 if there is none."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * Fraction(stream.time_base))
    return float(container.duration or 0) / 1e6

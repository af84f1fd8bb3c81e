"""Posteriors: what the encoder heard in a recording, kept so that it need not hear it again.

With them another format, phrase list or language model, and the search for words, run without the
encoder. A probability takes 12 bits before compression, finest near 1; the first search reads these
too, so that every later one finds the same.
"""

import base64
import json
import zlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import DataError, from_plain, to_plain

VERSION = 1  # of the format, and of how recordings are cut and heard
LEAST_NATS = -30.0  # log probabilities below are kept as this
STEPS = 4095


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardChunk:
    """What the encoder heard in one chunk of a recording; of silence `labels` is 0.

    `codes`, `loud` and `frames_sum` are arrays as text: see `log_probs`, `levels` and `sums`.
    """

    start_s: float = 0.0  # of its spoken part, in the recording
    length_s: float = 0.0  # of its spoken part
    end_s: float  # of the chunk
    labels: int = 0  # V
    codes: str = ""
    loud: str = ""
    levels: int = 0
    frames_sum: str = ""
    frames: int = 0  # before subsampling

    def log_probs(self) -> Tensor:
        """Return the (T', V) log probabilities."""
        return torch.from_numpy(decoded(self.coded()))

    def coded(self) -> NDArray[np.uint16]:
        """Return the (T', V) codes of the log probabilities."""
        planes = np.frombuffer(zlib.decompress(base64.b64decode(self.codes)), np.uint8)
        high, low = planes.reshape(2, -1, self.labels)
        codes: NDArray[np.uint16] = high.astype(np.uint16) * np.uint16(256) + low
        return codes

    def loud_levels(self) -> NDArray[np.bool_]:
        """Return which levels of the spoken part are loud, (N,)."""
        packed = np.frombuffer(base64.b64decode(self.loud), np.uint8)
        return np.unpackbits(packed, count=self.levels).astype(np.bool_)

    def sums(self) -> Tensor:
        """Return the sum of the standardised frames, (mels,)."""
        return torch.from_numpy(np.frombuffer(base64.b64decode(self.frames_sum), "<f4").copy())


def heard_chunk(
    log_probs: Tensor,
    frames: Tensor,
    loud: NDArray[np.bool_],
    *,
    start_s: float,
    length_s: float,
    end_s: float,
) -> HeardChunk:
    """Pack what was heard in a chunk.

    Parameters
    ----------
    log_probs : (T', V)
    frames : (T, mels), standardised
    loud : (N,), of its levels
    start_s, length_s, end_s : as in `HeardChunk`
    """
    codes = coded(log_probs.numpy())
    planes = np.stack([codes >> 8, codes & 255]).astype(np.uint8)  # like bytes together
    return HeardChunk(
        start_s=start_s,
        length_s=length_s,
        end_s=end_s,
        labels=log_probs.shape[1],
        codes=_text(zlib.compress(planes.tobytes(), 9)),
        loud=_text(np.packbits(loud).tobytes()),
        levels=len(loud),
        frames_sum=_text(frames.sum(0).numpy().astype("<f4").tobytes()),
        frames=len(frames),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Posteriors:
    """What was heard in a whole recording."""

    duration_s: float
    remark: str = ""  # on its channels
    damage: tuple[str, ...] = ()  # what of it could not be read, a sentence each
    chunks: tuple[HeardChunk, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the posteriors as JSON."""
        return json.dumps(to_plain(self)).encode()


def posteriors_from(data: bytes) -> Posteriors:
    """Read posteriors.

    Raises
    ------
    DataError
        If the bytes are not those of `to_bytes`.
    """
    try:
        table = json.loads(data)
    except ValueError as error:
        raise DataError(f"posteriors: {error}, expected JSON") from error
    return from_plain(Posteriors, table, "posteriors", error=DataError)


def coded(log_probs: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return log probabilities as codes: the root of their share of `LEAST_NATS`, in `STEPS`.

    >>> coded(np.log(np.array([1.0, 0.5, 0.0001], np.float32)))
    array([   0,  622, 2269], dtype=uint16)
    """
    shares = np.clip(log_probs / LEAST_NATS, 0, 1)
    codes: NDArray[np.uint16] = np.round(np.sqrt(shares) * STEPS).astype(np.uint16)
    return codes


def decoded(codes: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return the log probabilities of codes."""
    return TABLE[codes]


TABLE = (LEAST_NATS * (np.arange(STEPS + 1) / STEPS) ** 2).astype(np.float32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

"""Several channels mixed to one: those without sound left out, those out of phase aligned."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api.media import Audio, AudioSource, audio_info, read_blocks

BLOCK_S = 10.0  # read at once
DEAD_DB = -40.0  # a channel so far below the loudest one holds no speech of its own
LONGEST_DELAY_S = 0.02  # between two microphones 7 m apart
SAME_SOUND = 0.4  # correlation, at the best delay, of two channels that hear the same sound


@dataclass(frozen=True, slots=True)
class Mixdown:
    """How the channels of a recording become one.

    A channel with gain 0 is left out, one with a negative gain is turned over, and one with a delay
    is read so many frames later.
    """

    gains: NDArray[np.float32]  # (C,)
    delays: NDArray[np.int64]  # (C,) frames, 0 or more

    @property
    def remark(self) -> str:
        """What was unusual, in words; empty for channels that were mixed as they are."""
        faults = {
            "without sound, left out": int((self.gains == 0).sum()),
            "out of phase, turned over": int((self.gains < 0).sum()),
            "delayed, aligned": int((self.delays > self.delays.min()).sum()),
        }
        found = [f"{count} {fault}" for fault, count in faults.items() if count]
        return f"{len(self.gains)} channels: " + "; ".join(found) if found else ""


def mixdown_of(path: Path | AudioSource) -> Mixdown | None:
    """Listen to all channels of a recording; None if it has one.

    The loudest channel leads. Another one that hears the same sound is aligned with it, in time and
    phase. One that hears another sound, as the other side of a call, is added as it is.

    Raises
    ------
    DataError
        As `seqstudio.api.media.read_audio`.
    """
    info = audio_info(path)
    if info.channels == 1:
        return None
    powers = sum(np.square(block).sum(axis=0, dtype=np.float64) for block in _centred(path))
    leader = int(np.argmax(powers))
    live = powers > powers[leader] * 10 ** (DEAD_DB / 10)
    gains = live.astype(np.float32)
    shifts = np.zeros(info.channels, np.int64)
    if live.sum() > 1:
        signs, found = _shifts(path, leader, powers, round(LONGEST_DELAY_S * info.rate_hz))
        gains, shifts = gains * signs, np.where(live, found, 0)
    if not live.any():  # digital silence
        gains = np.ones(info.channels, np.float32)
    return Mixdown(gains / np.float32(np.abs(gains).sum()), shifts - shifts.min())


def mixed(blocks: Iterator[Audio], mixdown: Mixdown) -> Iterator[Audio]:
    """Mix a stream of blocks to blocks of one channel, as long together."""
    delays, longest = mixdown.delays, int(mixdown.delays.max())
    waiting = np.zeros((0, len(delays)), np.float32)
    rate_hz = 0
    for block in blocks:
        rate_hz = block.rate_hz
        waiting = np.concatenate([waiting, block.samples])
        ready = max(0, len(waiting) - longest)
        yield Audio(_sum(waiting, ready, mixdown), rate_hz)
        waiting = waiting[ready:]
    if longest:
        padded = np.pad(waiting, ((0, longest), (0, 0)))
        yield Audio(_sum(padded, len(waiting), mixdown), rate_hz)


def _sum(samples: NDArray[np.float32], length: int, mixdown: Mixdown) -> NDArray[np.float32]:
    """Return (length, 1) samples: the sum of the delayed channels of (N, C) samples."""
    total = np.zeros(length, np.float32)
    for channel, (gain, delay) in enumerate(zip(mixdown.gains, mixdown.delays, strict=True)):
        if gain:
            total += gain * samples[delay : delay + length, channel]
    return total[:, None]


def _centred(path: Path | AudioSource) -> Iterator[NDArray[np.float32]]:
    """Yield (N, C) blocks without their constant offsets."""
    for block in read_blocks(path, BLOCK_S):
        yield block.samples - block.samples.mean(axis=0, dtype=np.float64).astype(np.float32)


def _shifts(
    path: Path | AudioSource, leader: int, powers: NDArray[np.float64], longest: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the sign and the delay of each channel against the leader; 1 and 0 if unrelated."""
    correlations = np.zeros((2 * longest + 1, len(powers)))
    for block in _centred(path):
        size = 1 << (len(block) + longest).bit_length()
        spectra = np.fft.rfft(block, size, axis=0)
        lags = np.fft.irfft(spectra * spectra[:, leader : leader + 1].conj(), size, axis=0)
        correlations += np.concatenate([lags[-longest:], lags[: longest + 1]])
    correlations /= np.sqrt(np.maximum(powers * powers[leader], 1e-20))
    best = np.abs(correlations).argmax(axis=0)
    values = np.take_along_axis(correlations, best[None], axis=0)[0]
    related = np.abs(values) > SAME_SOUND
    signs = np.where(related & (values < 0), -1, 1).astype(np.float32)
    return signs, np.where(related, best - longest, 0)

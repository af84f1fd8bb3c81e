"""Batches for training: recordings read as frames, augmented, and padded together with labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seqstudio.api import AudioExample, Batch, Draws
from seqstudio.api.nn import FrameGeometry, frames_needed
from seqstudio_speech.acoustics import perturb_acoustics
from seqstudio_speech.augment import change_gain, change_speed, mask
from seqstudio_speech.features import log_mel, standardise
from seqstudio_speech.pauses import Samples
from seqstudio_speech.recordings import read_mono
from seqstudio_speech.settings import SpeechSettings


@dataclass(frozen=True, kw_only=True)
class SpeechBatch(Batch):
    """Padded utterances: frames (B, T, F) float and labels (B, U) int64, with (B,) lengths."""

    frames: Tensor
    frame_lengths: Tensor
    labels: Tensor
    label_lengths: Tensor


@dataclass(frozen=True, slots=True)
class FrameBudget:
    """Computes how many encoder frames an utterance has, and whether its labels fit into them."""

    settings: SpeechSettings
    geometry: FrameGeometry

    def frames(self, samples: int, speed: float = 1.0) -> int:
        """Return the number of encoder frames of an utterance of `samples` samples at `speed`.

        A resampler may round up or down, so one sample less than the exact number is assumed.
        """
        resampled = samples if speed == 1 else max(0, int(samples / speed) - 1)
        return self.geometry.output_length(self.settings.features.frames(resampled))

    def fits(self, samples: int, labels: tuple[int, ...], speed: float = 1.0) -> bool:
        """Return whether the utterance has enough frames for CTC on these labels."""
        return frames_needed(labels) <= self.frames(samples, speed)


def perturb(
    samples: Samples, labels: tuple[int, ...], budget: FrameBudget, generator: np.random.Generator
) -> Samples:
    """Change an utterance's speed, surroundings and gain.

    The speed is kept if the fastest one is too short.
    """
    settings = budget.settings
    speed = float(generator.choice(settings.augment.speeds))
    if not budget.fits(len(samples), labels, max(settings.augment.speeds)):
        speed = 1.0
    rate_hz = settings.features.rate_hz
    samples = change_speed(samples, speed, rate_hz)
    samples = perturb_acoustics(samples, settings.augment, rate_hz, generator)
    return change_gain(samples, settings.augment.gain_db, generator)


def load_frames(
    example: AudioExample,
    labels: tuple[int, ...],
    budget: FrameBudget,
    buffers: Mapping[str, Tensor],
    draws: Draws | None,
) -> Tensor:
    """Read an utterance as standardised frames, (T, F); with `draws`, augmented.

    Raises
    ------
    DataError
        If the recording cannot be read.
    """
    features = budget.settings.features
    samples = read_mono(example.audio, features.rate_hz)
    generator = draws.generator(example.id) if draws else None
    if generator is not None:
        samples = perturb(samples, labels, budget, generator)
    frames = standardise(log_mel(torch.from_numpy(samples), features), buffers)
    if generator is None:
        return frames
    hop_s = features.hop_ms / 1000
    return mask(frames, budget.settings.augment, generator, hop_s=hop_s)


def pad_batch(
    examples: list[AudioExample], frames: list[Tensor], labels: list[tuple[int, ...]]
) -> SpeechBatch:
    """Pad frames, (T, F) each, and labels to one batch."""
    rows = [torch.tensor(row, dtype=torch.int64) for row in labels]
    return SpeechBatch(
        ids=tuple(example.id for example in examples),
        frames=pad_sequence(frames, batch_first=True),
        frame_lengths=torch.tensor([len(row) for row in frames]),
        labels=pad_sequence(rows, batch_first=True),
        label_lengths=torch.tensor([len(row) for row in rows]),
    )

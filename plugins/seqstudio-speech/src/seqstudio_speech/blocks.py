"""Hearing in blocks: what a model that streams makes of sound that is still arriving."""

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import LoadedModel
from seqstudio_speech.features import log_mel, standardise
from seqstudio_speech.pauses import Samples
from seqstudio_speech.settings import FeatureSettings, SpeechSettings


def runs_in_blocks(model: LoadedModel) -> bool:
    """Return whether nothing of a model needs the end of the sound before its beginning."""
    settings: SpeechSettings = model.settings
    chunk = getattr(model.module.config.encoder, "chunk_frames", 0)
    return chunk > 0 and settings.features.level_db is None


class BlockHearing:
    """What a model hears in one piece of sound, of which more and more arrives.

    The encoder reads a chunk at a time, at the same places wherever the blocks of sound end, so
    that any blocking gives the same bits; each sample is encoded once, but for those of the last
    chunk.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._features: FeatureSettings = model.settings.features
        module = model.module
        self._step: int = module.config.encoder.chunk_frames * module.geometry.stride
        self._samples: Samples = np.zeros(0, np.float32)
        self._frames: list[Tensor] = []
        self._log_probs: list[Tensor] = []
        self._state = module.start_encoding(1)

    def __len__(self) -> int:
        """Return the number of samples that have arrived."""
        return len(self._samples)

    @torch.inference_mode()
    def add(self, samples: Samples) -> None:
        """Take the next (N,) samples, and encode the chunks whose frames are complete."""
        self._samples = np.concatenate([self._samples, samples])
        while self._end(first := self._step * len(self._frames)) <= len(self._samples):
            frames = self._computed(first, first + self._step)
            log_probs, self._state = self._encoded(frames, last=False)
            self._frames.append(frames)
            self._log_probs.append(log_probs)

    @torch.inference_mode()
    def so_far(self) -> tuple[Tensor, Tensor]:
        """Return standardised frames and log probabilities, as if the sound ended here.

        Returns
        -------
        (T, mels) and (T', V), on the CPU
        """
        first, total = self._step * len(self._frames), self._features.frames(len(self._samples))
        frames = self._computed(first, total)
        log_probs, _ = self._encoded(frames, last=True)
        return torch.cat([*self._frames, frames]), torch.cat([*self._log_probs, log_probs])

    def _end(self, first: int) -> int:
        """Return how many samples the step from a frame on needs: the last window reaches there."""
        last = first + self._step - 1
        return last * self._features.hop_samples + self._features.fft_samples // 2

    def _computed(self, first: int, stop: int) -> Tensor:
        """Return frames `first` to `stop` of the samples; what is before them is in the windows."""
        hop, reach = self._features.hop_samples, self._features.fft_samples // 2
        start = max(0, first - -(-reach // hop))
        samples = self._samples[start * hop : (stop - 1) * hop + reach]
        frames = log_mel(torch.from_numpy(samples), self._features)[first - start : stop - start]
        return standardise(frames, self._model.preparation.buffers)

    def _encoded(self, frames: Tensor, *, last: bool) -> tuple[Tensor, object]:
        module, device = self._model.module, self._model.device
        encoded, state = module.encode_block(frames[None].to(device), self._state, last=last)
        return module.head("ctc")(encoded)[0].cpu(), state

"""The latency-controlled bidirectional encoder, which reads a chunk and a few frames after it."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqstudio.core.encoder import Encoded, Encoder
from seqstudio.core.recurrent import PaddedLengths


@dataclass(frozen=True, slots=True)
class ChunkState:
    """Where a latency-controlled encoder stands between two blocks."""

    waiting: Tensor  # (B, t, F) float, frames from the first chunk that is not encoded yet
    forward: Tensor  # (layers, B, S) float, of the forward direction before them


class LatencyControlledEncoder(Encoder):
    """A bidirectional encoder with a bounded delay [1]_.

    It reads chunks of `chunk_frames`, each with the `right_frames` after it. The forward direction
    carries its state from chunk to chunk; the backward one starts at the end of the frames to the
    right, at zero. Whole sequences are encoded chunk by chunk too, so that both ways agree.

    References
    ----------
    .. [1] Zhang et al. 2016, "Highway long short-term memory RNNs for distant speech recognition",
       section 4.
    """

    def encode(self, frames: Tensor, padded: PaddedLengths, *, with_state: bool) -> Encoded:
        """Encode (B, T, F) frames of these lengths. There are no final states."""
        chunk = self.config.chunk_frames
        window = chunk + self.config.right_frames
        forward, outputs = self.zero_state(len(frames)), []
        for start in range(0, padded.frames, chunk):
            part = frames[:, start : start + window]
            width = part.shape[1]
            inside = (one - start for one in (padded.lengths, padded.on_host))
            lengths, on_host = (one.clamp(0, width) for one in inside)
            output, forward = self.chunk(part, PaddedLengths(lengths, width, on_host), forward)
            outputs.append(output)
        return Encoded(padded.mask(torch.cat(outputs, dim=1)), padded.lengths, None)

    def chunk(
        self, frames: Tensor, padded: PaddedLengths, forward: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Encode one chunk.

        Parameters
        ----------
        frames : (B, t, F) float, the chunk and the frames to its right
        padded : their lengths; 0 for an item that has ended
        forward : (layers, B, S) float, the forward direction's state before the chunk

        Returns
        -------
        (B, u, D) outputs of the chunk alone, and its state after the chunk
        """
        own, states = self.config.chunk_frames, []
        layers: list[Any] = list(self.layers)
        for number, layer in enumerate(layers):
            below = self.layer_input(number, frames)
            left_to_right, state = layer.forward_rnn(below[:, :own], forward[number])
            if below.shape[1] > own:
                ahead, _ = layer.forward_rnn(below[:, own:], state)
                left_to_right = torch.cat([left_to_right, ahead], dim=1)
            backward = padded.reverse(layer.backward_rnn(padded.reverse(below))[0])
            output = torch.cat([left_to_right, backward], dim=2)
            frames = self.passed_on(number, output, frames)
            states.append(state)
        return frames[:, :own], torch.stack(states)

    def start(self, rows: int) -> ChunkState:
        """Return the state before the first block."""
        forward = self.zero_state(rows)
        return ChunkState(forward.new_zeros(rows, 0, self.input_width), forward)

    def block(self, frames: Tensor, state: ChunkState, *, last: bool) -> tuple[Tensor, ChunkState]:
        """Encode every chunk that is complete with the frames to its right, and at last the rest.

        Returns
        -------
        (B, u, D) outputs of those chunks, and the state after them
        """
        waiting, forward = torch.cat([state.waiting, frames], dim=1), state.forward
        chunk = self.config.chunk_frames
        window = chunk + self.config.right_frames
        outputs = [frames.new_zeros(len(frames), 0, self.width)]
        while waiting.shape[1] >= (1 if last else window):
            part = waiting[:, :window]
            lengths = torch.full((len(part),), part.shape[1], device=part.device)
            output, forward = self.chunk(part, PaddedLengths(lengths, part.shape[1]), forward)
            outputs.append(output)
            waiting = waiting[:, chunk:]
        return torch.cat(outputs, dim=1), ChunkState(waiting, forward)

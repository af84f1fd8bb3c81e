"""Recurrent layers over padded batches, in one or both directions, with one state tensor a layer.

A layer's state is one tensor for every cell: its output, followed for an LSTM by its memory. In the
shapes below S is the width of that state (`state_width`) and G the width of the gates.
"""

from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from seqstudio.core.cells import Cell, RecurrentCell, find_cell
from seqstudio.core.devices import at_least_float32, prefers_packing


def valid_mask(lengths: Tensor, frames: int) -> Tensor:
    """Return a (B, frames) bool mask of the frames within each of (B,) int64 lengths."""
    return torch.arange(frames, device=lengths.device) < lengths[:, None]


def reverse_within(frames: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each (T, F) item of a batch within its own length; padding stays in place.

    >>> reverse_within(torch.tensor([[[1], [2], [0]]]), torch.tensor([2])).flatten()
    tensor([2, 1, 0])
    """
    return PaddedLengths(lengths, frames.shape[1]).reverse(frames)


class PaddedLengths:
    """The lengths of a batch that is padded to T frames, and what layers derive from them.

    Everything is derived at most once, on the device of the lengths, so that the layers of an
    encoder share one mask, one order and one copy on the host.
    """

    def __init__(self, lengths: Tensor, frames: int, on_host: Tensor | None = None) -> None:
        self.lengths = lengths  # (B,) int64
        self.frames = frames
        self.given_on_host = on_host

    @cached_property
    def on_host(self) -> Tensor:
        """The lengths on the CPU, (B,) int64; copied here only if the caller has no copy."""
        return self.lengths.cpu() if self.given_on_host is None else self.given_on_host

    @cached_property
    def full(self) -> bool:
        """Whether there is no padding at all."""
        return bool((self.on_host == self.frames).all())

    @cached_property
    def reversal(self) -> Tensor:
        """For each frame of the flattened batch the one in its place after `reverse`, (B*T,)."""
        steps = torch.arange(self.frames, device=self.lengths.device)
        last = self.lengths[:, None] - 1
        source = torch.where(steps <= last, last - steps, steps)
        items = torch.arange(len(self.lengths), device=self.lengths.device)
        return (source + self.frames * items[:, None]).flatten()

    def reverse(self, frames: Tensor) -> Tensor:
        """Reverse each item of (B, T, F) frames within its own length; padding stays in place."""
        return frames.flatten(0, 1).index_select(0, self.reversal).view(frames.shape)

    def mask(self, frames: Tensor) -> Tensor:
        """Return (B, T, F) frames with zeros past each length."""
        if self.full:
            return frames
        return frames.masked_fill(~valid_mask(self.lengths, self.frames)[:, :, None], 0.0)

    def at_last(self, frames: Tensor) -> Tensor:
        """Return the (B, F) last valid frame of each item."""
        return frames[torch.arange(len(frames), device=frames.device), self.lengths - 1]

    @cached_property
    def longest_first(self) -> tuple[Tensor, Tensor, Tensor]:
        """The lengths on the host, longest first; the items in that order; and the way back."""
        sorted_lengths, order = self.on_host.sort(descending=True, stable=True)
        back = order.argsort()
        return sorted_lengths, order.to(self.lengths.device), back.to(self.lengths.device)

    def pack(self, frames: Tensor) -> PackedSequence:
        """Pack (B, T, F) frames without their padding, longest item first, as cuDNN reads them."""
        sorted_lengths, order, _ = self.longest_first
        return pack_padded_sequence(frames[order], sorted_lengths, batch_first=True)

    def unpack(self, packed: PackedSequence) -> Tensor:
        """Return packed frames as (B, T, F) in the items' own order, zero past each length."""
        padded, _ = pad_packed_sequence(packed, batch_first=True, total_length=self.frames)
        return self.in_own_order(padded)

    def in_own_order(self, rows: Tensor) -> Tensor:
        """Return (B, ...) rows of a packed run in the items' own order."""
        return rows[self.longest_first[2]]


class RecurrentLayer(nn.Module):
    """One unidirectional layer whose state is a single tensor."""

    def __init__(self, cell: Cell | RecurrentCell, width: int, hidden: int) -> None:
        super().__init__()
        self.cell = find_cell(cell)
        self.hidden = hidden
        self.rnn = self.cell.layer(width, hidden)

    def forward(self, frames: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over whole sequences.

        Parameters
        ----------
        frames : (B, T, F) float
        state : (B, S) float; None is zero

        Returns
        -------
        (B, T, H) float, and the (B, S) state after the last frame, padding included
        """
        output, final = self.rnn(frames, self.split_state(state))
        return output, self.join_state(final)

    def outputs(self, frames: Tensor, padded: PaddedLengths) -> Tensor:
        """Return the (B, T, H) outputs from a zero state; those past each length are arbitrary."""
        return self.forward(frames)[0]

    def weights(self, kind: Literal["ih", "hh"]) -> tuple[Tensor, Tensor]:
        """Return the (G, F) weight and (G,) bias of the gates, for the input or the recurrence.

        Where no gate depends on the previous output, those of the recurrence have G 0.
        """
        if kind == "hh" and self.cell.recurrent_gates == 0:
            like = self.rnn.get_parameter("weight_ih_l0")
            return like.new_zeros(0, self.hidden), like.new_zeros(0)
        weight: Tensor = getattr(self.rnn, f"weight_{kind}_l0")
        bias: Tensor = getattr(self.rnn, f"bias_{kind}_l0")
        return weight, bias

    def input_gates(self, inputs: Tensor) -> Tensor:
        """Return the (N, G) gates of (N, F) inputs, without the bias."""
        return functional.linear(inputs, self.weights("ih")[0])

    def step(self, input_gates: Tensor, state: Tensor) -> Tensor:
        """Return the (B, S) states one step after `state`, from (B, G) input gates.

        Under autocast only the products are in half precision: the state stays float32.
        """
        input_gates = at_least_float32(input_gates) + self.weights("ih")[1]
        recurrent_gates = functional.linear(state[:, : self.hidden], *self.weights("hh"))
        recurrent_gates, state = at_least_float32(recurrent_gates), at_least_float32(state)
        return self.cell.step(input_gates, recurrent_gates, state)

    def outputs_and_state(self, frames: Tensor, padded: PaddedLengths) -> tuple[Tensor, Tensor]:
        """Return what `outputs` does, and the (B, S) states after each item's own last frame."""
        if padded.full:
            return self.forward(frames)
        if not self.cell.memory:  # the output is the state
            outputs = self.outputs(frames, padded)
            return outputs, padded.at_last(outputs)
        output, final = self.rnn(padded.pack(frames))
        return padded.unpack(output), padded.in_own_order(self.join_state(final))

    def split_state(self, state: Tensor | None) -> Tensor | tuple[Tensor, Tensor] | None:
        """Split a (B, S) state into the form that torch's layer takes."""
        if state is None:
            return None
        if not self.cell.memory:
            return state[None].contiguous()
        output, memory = state.split(self.hidden, dim=1)
        return output[None].contiguous(), memory[None].contiguous()

    def join_state(self, final: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """Join the state that torch's layer returns into a (B, S) state."""
        if isinstance(final, tuple):
            return torch.cat([final[0][0], final[1][0]], dim=1)
        return final[0]


class BidirectionalLayer(nn.Module):
    """One exact bidirectional layer over padded frames.

    Two unidirectional layers, the second on frames reversed within each length: padding never
    enters the recurrence, and no packing is needed. Where cuDNN is at hand, it runs both directions
    of torch's cells at once, over packed frames.
    """

    def __init__(self, cell: Cell | RecurrentCell, width: int, hidden: int) -> None:
        super().__init__()
        self.forward_rnn = RecurrentLayer(cell, width, hidden)
        self.backward_rnn = RecurrentLayer(cell, width, hidden)
        self.packable = isinstance(self.forward_rnn.rnn, nn.RNNBase)

    def outputs(self, frames: Tensor, padded: PaddedLengths) -> Tensor:
        """Encode (B, T, F) frames as (B, T, 2H) outputs; those past each length are arbitrary."""
        if self.packable and prefers_packing(frames.device):
            return self.packed_outputs_and_state(frames, padded)[0]
        forward, _ = self.forward_rnn(frames)
        backward, _ = self.backward_rnn(padded.reverse(frames))
        return torch.cat([forward, padded.reverse(backward)], dim=-1)

    def outputs_and_state(self, frames: Tensor, padded: PaddedLengths) -> tuple[Tensor, Tensor]:
        """Return what `outputs` does, and the (B, 2S) final states of both directions."""
        if self.packable and prefers_packing(frames.device):
            return self.packed_outputs_and_state(frames, padded)
        forward, forward_state = self.forward_rnn.outputs_and_state(frames, padded)
        reversed_frames = padded.reverse(frames)
        backward, backward_state = self.backward_rnn.outputs_and_state(reversed_frames, padded)
        outputs = torch.cat([forward, padded.reverse(backward)], dim=-1)
        state = torch.stack([forward_state, backward_state], dim=1)
        # Outputs of both directions first, then memories.
        parts = state.unflatten(2, (-1, self.forward_rnn.hidden)).transpose(1, 2)
        return outputs, parts.flatten(1)

    def packed_outputs_and_state(
        self, frames: Tensor, padded: PaddedLengths
    ) -> tuple[Tensor, Tensor]:
        """Return what `outputs_and_state` does, by one call of torch over packed frames."""
        packed = padded.pack(frames)
        rnns: list[Any] = [self.forward_rnn.rnn, self.backward_rnn.rnn]
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weights = [rnn.get_parameter(name) for rnn in rnns for name in names]
        zero = frames.new_zeros(2, len(frames), self.forward_rnn.hidden)
        first: Any = (zero, zero) if self.forward_rnn.cell.memory else zero
        run = getattr(torch, rnns[0].mode.lower())  # torch.lstm, torch.gru or torch.rnn_tanh
        biases, layers, dropout, both_ways = True, 1, 0.0, True
        options = (biases, layers, dropout, self.training, both_ways)
        data, *finals = run(packed.data, packed.batch_sizes, first, weights, *options)
        state = torch.cat([direction for final in finals for direction in final], dim=1)
        return padded.unpack(packed._replace(data=data)), padded.in_own_order(state)

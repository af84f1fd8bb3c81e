"""Recurrent layers over padded batches, in one or both directions, with one state tensor a layer.

A layer's state is one tensor for every cell: its output, followed for an LSTM by its memory. In the
shapes below S is the width of that state (`state_width`) and G the width of the gates.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqstudio.core.cells import Cell, RecurrentCell, find_cell
from seqstudio.core.dropout import Dropout


def valid_mask(lengths: Tensor, frames: int) -> Tensor:
    """Return a (B, frames) bool mask of the frames within each of (B,) int64 lengths."""
    return torch.arange(frames, device=lengths.device) < lengths[:, None]


def reverse_within(frames: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each (T, F) item of a batch within its own length; padding stays in place.

    >>> reverse_within(torch.tensor([[[1], [2], [0]]]), torch.tensor([2])).flatten()
    tensor([2, 1, 0])
    """
    items, longest = frames.shape[:2]
    steps = torch.arange(longest, device=frames.device)
    source = torch.where(valid_mask(lengths, longest), lengths[:, None] - 1 - steps, steps)
    rows = source + longest * torch.arange(items, device=frames.device)[:, None]
    return frames.flatten(0, 1).index_select(0, rows.flatten()).view(frames.shape)


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

    def outputs(self, frames: Tensor, lengths: Tensor) -> Tensor:
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
        """Return the (B, S) states one step after `state`, from (B, G) input gates."""
        input_gates = input_gates + self.weights("ih")[1]
        recurrent_gates = functional.linear(state[:, : self.hidden], *self.weights("hh"))
        return self.cell.step(input_gates, recurrent_gates, state)

    def outputs_and_state(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `outputs` does, and the (B, S) states after each item's own last frame."""
        if not self.cell.memory:  # the output is the state
            outputs = self.outputs(frames, lengths)
            rows = torch.arange(len(frames), device=frames.device)
            return outputs, outputs[rows, lengths - 1]
        if int(lengths.min()) == frames.shape[1]:
            return self.forward(frames)
        packed = pack_padded_sequence(frames, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, final = self.rnn(packed)
        padded, _ = pad_packed_sequence(output, batch_first=True, total_length=frames.shape[1])
        return padded, self.join_state(final)

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
    enters the recurrence, and no packing is needed.
    """

    def __init__(self, cell: Cell | RecurrentCell, width: int, hidden: int) -> None:
        super().__init__()
        self.forward_rnn = RecurrentLayer(cell, width, hidden)
        self.backward_rnn = RecurrentLayer(cell, width, hidden)

    def outputs(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Encode (B, T, F) frames as (B, T, 2H) outputs; those past each length are arbitrary."""
        forward, _ = self.forward_rnn(frames)
        backward, _ = self.backward_rnn(reverse_within(frames, lengths))
        return torch.cat([forward, reverse_within(backward, lengths)], dim=-1)

    def outputs_and_state(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `outputs` does, and the (B, 2S) final states of both directions."""
        forward, forward_state = self.forward_rnn.outputs_and_state(frames, lengths)
        reversed_frames = reverse_within(frames, lengths)
        backward, backward_state = self.backward_rnn.outputs_and_state(reversed_frames, lengths)
        outputs = torch.cat([forward, reverse_within(backward, lengths)], dim=-1)
        state = torch.stack([forward_state, backward_state], dim=1)
        # Outputs of both directions first, then memories.
        parts = state.unflatten(2, (-1, self.forward_rnn.hidden)).transpose(1, 2)
        return outputs, parts.flatten(1)


class RecurrentStack(nn.Module):
    """Unidirectional layers with dropout between them: the body of every decoder."""

    def __init__(
        self, cell: Cell | RecurrentCell, width: int, hidden: int, layers: int, dropout: float
    ) -> None:
        super().__init__()
        widths = [width] + [hidden] * (layers - 1)
        self.cell = find_cell(cell)
        self.hidden = hidden
        self.layers = nn.ModuleList(RecurrentLayer(cell, size, hidden) for size in widths)
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in widths[1:])

    def zero_state(self, rows: int) -> Tensor:
        """Return the (layers, rows, S) state that sequences start from when none is given."""
        width = self.cell.state_width(self.hidden)
        return next(self.parameters()).new_zeros(len(self.layers), rows, width)

    def forward(self, frames: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over whole sequences.

        Parameters
        ----------
        frames : (B, T, F) float
        state : (layers, B, S) float; None is zero

        Returns
        -------
        (B, T, H) float, and the (layers, B, S) state after the last frame
        """
        states = []
        for number, layer in enumerate(self.layers):
            if number > 0:
                frames = self.dropouts[number - 1](frames)
            frames, final = layer(frames, None if state is None else state[number])
            states.append(final)
        return frames, torch.stack(states)

"""Recurrent layers over padded batches: exact both ways, one state tensor for all cells."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqstudio.core.config import Cell
from seqstudio.core.dropout import Dropout

LAYERS: dict[Cell, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "tanh": nn.RNN}


def state_width(cell: Cell, hidden: int) -> int:
    """Width of one layer's state: an LSTM keeps its memory beside its output."""
    return 2 * hidden if cell == "lstm" else hidden


def valid_mask(lengths: Tensor, frames: int) -> Tensor:
    """Mark the frames inside each length: (B,) int64 to (B, frames) bool."""
    return torch.arange(frames, device=lengths.device) < lengths[:, None]


def reverse_within(frames: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each of (B, T, F) items within its own of (B,) lengths; padding stays in place.

    >>> reverse_within(torch.tensor([[[1], [2], [0]]]), torch.tensor([2])).flatten()
    tensor([2, 1, 0])
    """
    items, longest = frames.shape[:2]
    at = torch.arange(longest, device=frames.device)
    source = torch.where(valid_mask(lengths, longest), lengths[:, None] - 1 - at, at)
    rows = source + longest * torch.arange(items, device=frames.device)[:, None]
    return frames.flatten(0, 1).index_select(0, rows.flatten()).view(frames.shape)


class RecurrentLayer(nn.Module):
    """One unidirectional layer whose state is one tensor: output, and for an LSTM its memory."""

    def __init__(self, cell: Cell, width: int, hidden: int) -> None:
        super().__init__()
        self.cell = cell
        self.hidden = hidden
        self.rnn = LAYERS[cell](width, hidden, batch_first=True)

    def forward(self, frames: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over whole sequences.

        Parameters
        ----------
        frames : (B, T, F) float
        state : (B, S) float, S = `state_width`; None is zero

        Returns
        -------
        (B, T, H) float, and the (B, S) state after the last frame, padding included
        """
        output, last = self.rnn(frames, self.unjoined(state))
        return output, self.joined(last)

    def outputs(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Run over (B, T, F) frames from a zero state: (B, T, H), arbitrary past each length."""
        return self.forward(frames)[0]

    def weights(self, kind: Literal["ih", "hh"]) -> tuple[Tensor, Tensor]:
        """Give the (G, F) weight and (G,) bias of the gates, of the input or of the recurrence."""
        weight: Tensor = getattr(self.rnn, f"weight_{kind}_l0")
        bias: Tensor = getattr(self.rnn, f"bias_{kind}_l0")
        return weight, bias

    def given(self, inputs: Tensor) -> Tensor:
        """Map (N, F) inputs to what they add to the gates: (N, G)."""
        return functional.linear(inputs, self.weights("ih")[0])

    def advance(self, given: Tensor, state: Tensor) -> Tensor:
        """Take one step from (B, G) of `given` and (B, S) states: new states, output first."""
        given = given + self.weights("ih")[1]
        output, memory = state[:, : self.hidden], state[:, self.hidden :]
        ahead = functional.linear(output, *self.weights("hh"))
        if self.cell == "tanh":
            return torch.tanh(given + ahead)
        if self.cell == "gru":
            split = (2 * self.hidden, self.hidden)
            (gates, new), (ahead_gates, ahead_new) = given.split(split, 1), ahead.split(split, 1)
            reset, update = torch.sigmoid(gates + ahead_gates).chunk(2, dim=1)
            return torch.lerp(torch.tanh(new + reset * ahead_new), output, update)
        enter, keep, candidate, show = (given + ahead).chunk(4, dim=1)
        memory = keep.sigmoid() * memory + enter.sigmoid() * candidate.tanh()
        return torch.cat([show.sigmoid() * memory.tanh(), memory], dim=1)

    def final(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Run as `outputs` does, with the (B, S) states after each item's own last frame."""
        if int(lengths.min()) == frames.shape[1]:
            return self.forward(frames)
        on_host = lengths.cpu()
        ragged = pack_padded_sequence(frames, on_host, batch_first=True, enforce_sorted=False)
        output, last = self.rnn(ragged)
        padded, _ = pad_packed_sequence(output, batch_first=True, total_length=frames.shape[1])
        return padded, self.joined(last)

    def unjoined(self, state: Tensor | None) -> Tensor | tuple[Tensor, Tensor] | None:
        """Split a (B, S) state into what torch's layer takes."""
        if state is None:
            return None
        if self.cell != "lstm":
            return state[None].contiguous()
        output, memory = state.split(self.hidden, dim=1)
        return output[None].contiguous(), memory[None].contiguous()

    def joined(self, last: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """Join what torch's layer gives into a (B, S) state."""
        if isinstance(last, tuple):
            return torch.cat([last[0][0], last[1][0]], dim=1)
        return last[0]


class BidirectionalLayer(nn.Module):
    """One exact bidirectional layer over padded frames.

    Two unidirectional layers, the second on frames reversed within each length: padding never
    enters the recurrence, and no packing is needed.
    """

    def __init__(self, cell: Cell, width: int, hidden: int) -> None:
        super().__init__()
        self.ahead = RecurrentLayer(cell, width, hidden)
        self.back = RecurrentLayer(cell, width, hidden)

    def outputs(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Encode a padded batch: (B, T, F) to (B, T, 2H), arbitrary past each length."""
        ahead, _ = self.ahead(frames)
        back, _ = self.back(reverse_within(frames, lengths))
        return torch.cat([ahead, reverse_within(back, lengths)], dim=-1)

    def final(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Encode as `outputs` does, with the (B, 2S) final states of both directions."""
        ahead, ahead_state = self.ahead.final(frames, lengths)
        back, back_state = self.back.final(reverse_within(frames, lengths), lengths)
        state = torch.stack([ahead_state, back_state], dim=1)
        halves = state.unflatten(2, (-1, self.ahead.hidden)).transpose(1, 2)
        return torch.cat([ahead, reverse_within(back, lengths)], dim=-1), halves.flatten(1)


class RecurrentStack(nn.Module):
    """Unidirectional layers, with dropout between them: the body of every decoder."""

    def __init__(self, cell: Cell, width: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        widths = [width] + [hidden] * (layers - 1)
        self.cell = cell
        self.hidden = hidden
        self.layers = nn.ModuleList(RecurrentLayer(cell, size, hidden) for size in widths)
        self.between = nn.ModuleList(Dropout(dropout) for _ in widths[1:])

    def zero_state(self, rows: int) -> Tensor:
        """Give the (layers, rows, S) state that sequences start from when none is given."""
        width = state_width(self.cell, self.hidden)
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
                frames = self.between[number - 1](frames)
            frames, last = layer(frames, None if state is None else state[number])
            states.append(last)
        return frames, torch.stack(states)

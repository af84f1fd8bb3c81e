"""Stacks of recurrent layers: the body of every encoder and decoder."""

import torch
from torch import Tensor, nn

from seqstudio.core.cells import Cell, RecurrentCell, find_cell
from seqstudio.core.dropout import Dropout
from seqstudio.core.recurrent import BidirectionalLayer, PaddedLengths, RecurrentLayer


class RecurrentStack(nn.Module):
    """Layers of one cell, in one or both directions, with dropout between them.

    With `residual` each layer but the first, which may have another width, adds its input to its
    output (He et al. 2016; Wu et al. 2016). With `layer_norm` what a layer passes on is normalised
    (Ba et al. 2016); its state is not, so it is the same for every stack.
    """

    def __init__(
        self,
        cell: Cell | RecurrentCell,
        width: int,
        hidden: int,
        layers: int,
        dropout: float,
        *,
        bidirectional: bool = False,
        layer_norm: bool = False,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.cell = find_cell(cell)
        self.hidden = hidden
        self.residual = residual
        self.width = 2 * hidden if bidirectional else hidden  # of the outputs
        layer: type[nn.Module] = BidirectionalLayer if bidirectional else RecurrentLayer
        widths = [width] + [self.width] * (layers - 1)
        self.layers = nn.ModuleList(layer(cell, size, hidden) for size in widths)
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in widths[1:])
        norms = [nn.LayerNorm(self.width) for _ in widths] if layer_norm else []
        self.norms = nn.ModuleList(norms)

    def zero_state(self, rows: int) -> Tensor:
        """Return the (layers, rows, S) state that sequences start from when none is given."""
        width = self.cell.state_width(self.hidden)
        return next(self.parameters()).new_zeros(len(self.layers), rows, width)

    def layer_input(self, number: int, passed: Tensor) -> Tensor:
        """Return the input of a layer, from the stack's input or what the layer below passed."""
        dropped: Tensor = passed if number == 0 else self.dropouts[number - 1](passed)
        return dropped

    def passed_on(self, number: int, output: Tensor, passed_below: Tensor) -> Tensor:
        """Return what a layer passes on: norm(output + passed_below), as far as it is set."""
        total = output + passed_below if self.residual and number > 0 else output
        normalised: Tensor = self.norms[number](total) if len(self.norms) else total
        return normalised

    def forward(self, frames: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a unidirectional stack over whole sequences, or over the next frames of them.

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
            below = self.layer_input(number, frames)
            output, final = layer(below, None if state is None else state[number])
            frames = self.passed_on(number, output, frames)
            states.append(final)
        return frames, torch.stack(states)

    def over_padded(
        self, frames: Tensor, padded: PaddedLengths, *, with_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Run over a padded batch, in one or both directions.

        Returns
        -------
        (B, T, D) float outputs, arbitrary past each length; and, if asked for, the (layers, B, S)
        states after each item's own last frame, (layers, B, 2S) for both directions
        """
        states = []
        for number, layer in enumerate(self.layers):
            below = self.layer_input(number, frames)
            if with_state:
                output, final = layer.outputs_and_state(below, padded)  # type: ignore[operator]
                states.append(final)
            else:
                output = layer.outputs(below, padded)  # type: ignore[operator]
            frames = self.passed_on(number, output, frames)
        return frames, torch.stack(states) if with_state else None

"""Encoding in blocks: any blocking of an input gives the output of the whole input."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqstudio.core.encoder import Encoded
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True)
class EncodingState:
    """Where a model stands in R inputs between two blocks. It is not changed by `encode_block`."""

    rows: int
    source: Any  # what the source keeps; None before the first block
    encoder: Any  # what the encoder keeps


class BlockEncoding(nn.Module):
    """What lets a model encode in blocks: its source and its encoder each carry a state."""

    source: Any
    encoder: Any

    def start_encoding(self, rows: int) -> EncodingState:
        """Return the state before the first block of `rows` inputs.

        Raises
        ------
        ConfigError
            If the encoder must read to the end before its first output, or the model has no
            encoder or a part of it that cannot run in blocks.
        """
        for name, needed in (("source", "block"), ("encoder", "start")):
            if not hasattr(part := getattr(self, name), needed):
                kind = type(part).__name__
                raise ConfigError(f"{name} {kind} does not run in blocks, expected one that does")
        return EncodingState(rows, None, self.encoder.start(rows))

    def encode_block(
        self, inputs: Tensor, state: EncodingState, *, last: bool = False
    ) -> tuple[Encoded, EncodingState]:
        """Encode the next frames or tokens of every row.

        Parameters
        ----------
        inputs : (R, t, F) float, or (R, t) int64 tokens; t may be 0
        last : whether the inputs end with this block; what waited for more is then encoded too

        Returns
        -------
        the frames that are now complete, perhaps none; and the state after them. In one direction
        `Encoded.state` is the encoder's state, after the last block the final one

        Raises
        ------
        ConfigError
            If there are not as many rows as the state has.
        """
        if len(inputs) != state.rows:
            raise ConfigError(f"{len(inputs)} rows in a block, expected {state.rows}")
        frames, source = self.source.block(inputs, state.source, last=last)
        output, encoder = self.encoder.block(frames, state.encoder, last=last)
        lengths = torch.full((state.rows,), output.shape[1], device=output.device)
        final = encoder if isinstance(encoder, Tensor) else None
        return Encoded(output, lengths, final), EncodingState(state.rows, source, encoder)

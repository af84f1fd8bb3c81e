"""The recurrent encoder and its output.

An encoder, of a plugin too, is a module with `width`, the width of its output, and
`encode(frames, padded, with_state)`. One that runs in blocks has `start(rows)` and
`block(frames, state, last)`, whose outputs together are those of `encode`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from seqstudio.core.cells import Cell, RecurrentCell
from seqstudio.core.config import check_rates, check_recurrent
from seqstudio.core.dropout import optional_dropout
from seqstudio.core.recurrent import PaddedLengths
from seqstudio.core.stack import RecurrentStack
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Shape of the recurrent encoder. `hidden` is the width of one direction.

    With `chunk_frames` a bidirectional encoder is latency-controlled: it reads so many frames at
    once, and `right_frames` after them, all counted after the source's subsampling. An output thus
    waits for at most `chunk_frames + right_frames - 1` frames after its own.
    """

    part: ClassVar[str] = "encoder"
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 3
    bidirectional: bool = True
    dropout: float = 0.0  # between layers only: one layer has none
    output_dropout: float = 0.0
    layer_norm: bool = False
    residual: bool = False
    chunk_frames: int = 0  # 0: the backward direction reads from the end of the sequence
    right_frames: int = 0

    def __post_init__(self) -> None:
        check_recurrent(self)
        check_rates(self, "output_dropout")
        for name in ("chunk_frames", "right_frames"):
            if (value := getattr(self, name)) < 0:
                raise ConfigError(f"{name}={value}, expected 0 or more")
        if self.chunk_frames and not self.bidirectional:
            chunk = f"chunk_frames={self.chunk_frames}"
            raise ConfigError(f"{chunk} in one direction, expected bidirectional=true or 0")
        if self.right_frames and not self.chunk_frames:
            raise ConfigError(f"right_frames={self.right_frames} without chunk_frames, expected 0")


@dataclass(frozen=True, slots=True)
class Encoded:
    """The output of an encoder for a padded batch."""

    output: Tensor  # (B, T', D) float, zero past each length
    lengths: Tensor  # (B,) int64, valid frames of `output`
    state: Tensor | None  # (layers, B, S) float after each item's last frame, for a bridge
    latent: Tensor | None = None  # (B, Z) float that a latent bridge starts from, if given

    def select(self, rows: Tensor) -> "Encoded":
        """Select items by index, (R,) int64."""
        return Encoded(
            self.output[rows],
            self.lengths[rows],
            None if self.state is None else self.state[:, rows],
            None if self.latent is None else self.latent[rows],
        )


class Encoder(RecurrentStack):
    """Layers of one cell, in one or both directions, with dropout between them.

    `cell` is that of the config, or a cell of a plugin's own.
    """

    def __init__(
        self, config: EncoderConfig, width: int, *, cell: RecurrentCell | None = None
    ) -> None:
        super().__init__(
            config.cell if cell is None else cell,
            width,
            config.hidden,
            config.layers,
            config.dropout,
            bidirectional=config.bidirectional,
            layer_norm=config.layer_norm,
            residual=config.residual,
        )
        self.config = config
        self.input_width = width
        self.directions = 2 if config.bidirectional else 1
        self.state_parts = self.cell.state_width(config.hidden) // config.hidden
        self.depth = config.layers
        self.output_dropout = optional_dropout(config.output_dropout)

    def encode(self, frames: Tensor, padded: PaddedLengths, *, with_state: bool) -> Encoded:
        """Encode (B, T, F) frames of these lengths, with or without the final states."""
        output, state = self.over_padded(frames, padded, with_state=with_state)
        return Encoded(self.output_dropout(padded.mask(output)), padded.lengths, state)

    def start(self, rows: int) -> Any:
        """Return the (layers, rows, S) state before the first block.

        Raises
        ------
        ConfigError
            If the encoder must read to the end before its first output.
        """
        if self.directions == 2:
            expected = "bidirectional=false, or chunk_frames for a latency-controlled one"
            raise ConfigError(f"a bidirectional encoder runs in blocks, expected {expected}")
        return self.zero_state(rows)

    def block(self, frames: Tensor, state: Any, *, last: bool) -> tuple[Tensor, Any]:
        """Encode the next (B, t, F) frames: return (B, t, D) outputs, and the state after them."""
        if frames.shape[1] == 0:
            return frames.new_zeros(len(frames), 0, self.width), state
        return self.forward(frames, state)

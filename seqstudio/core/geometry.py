"""Which input frames correspond to an output frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameGeometry:
    """Maps between the input frames of a model and the output frames of its encoder.

    The centre of output frame i is at input frame `i * stride + offset`.
    """

    stride: int = 1
    offset: float = 0.0

    def output_length(self, n_frames: int) -> int:
        """Return the number of output frames of `n_frames` input frames.

        >>> FrameGeometry(stride=4, offset=1.5).output_length(9)
        3
        """
        return -(-n_frames // self.stride)

    def input_frame(self, output_index: float) -> float:
        """Return the centre of an output frame, in input frames from the start.

        >>> FrameGeometry(stride=4, offset=1.5).input_frame(2)
        9.5
        """
        return output_index * self.stride + self.offset

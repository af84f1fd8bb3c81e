"""Which input frames an output frame stands for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameGeometry:
    """Maps between the frames that go into a model and those its encoder gives.

    Output frame i has its centre at input frame `i * stride + offset`.
    """

    stride: int = 1
    offset: float = 0.0

    def output_length(self, n_frames: int) -> int:
        """Count the output frames of `n_frames` input frames.

        >>> FrameGeometry(stride=4, offset=1.5).output_length(9)
        3
        """
        return -(-n_frames // self.stride)

    def input_frame(self, output_index: float) -> float:
        """Give the centre of an output frame, in input frames from the start.

        >>> FrameGeometry(stride=4, offset=1.5).input_frame(2)
        9.5
        """
        return output_index * self.stride + self.offset

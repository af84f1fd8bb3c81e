"""What draws tokens for this plugin: a job, or a loaded model in a preview."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from seqstudio.api import Guide, SamplingConfig, TakeSeed

if TYPE_CHECKING:
    from torch import Tensor


class Sampler(Protocol):
    """What draws: a job, or a loaded model."""

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: Guide,
        config: SamplingConfig,
        *,
        covariates: "Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Draw tokens as `Job.sample` does."""

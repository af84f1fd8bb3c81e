"""Logits laid around tokens of the past, for what depends on the distance from them.

An output layer learns every token on its own. Outputs that stand for distances from a token that
the past gives, such as the pitch that a voice sounds, learn a step upwards once for all pitches.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class RelativeOutput(nn.Module):
    """Adds to the logits of tokens near each of J origins, by their distance from it.

    Parameters
    ----------
    width : numbers that the output layer reads
    origins : J
    reach : the greatest distance from an origin, in tokens, that has an output of its own
    vocabulary : V, the number of logits
    """

    def __init__(self, width: int, origins: int, reach: int, vocabulary: int) -> None:
        super().__init__()
        self.origins, self.reach, self.vocabulary = origins, reach, vocabulary
        self.linear = nn.Linear(width, origins * (2 * reach + 1))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, outputs: Tensor, origins: Tensor) -> Tensor:
        """Return the (..., V) of (..., W) outputs; `origins` are (..., J) tokens, -1 for none."""
        return self.lay(self.linear(outputs), origins)

    def lay(self, relative: Tensor, origins: Tensor) -> Tensor:
        """Return the (..., V) sums of the (..., J * (2 * reach + 1)) outputs at each token."""
        by_distance = functional.pad(relative.unflatten(-1, (self.origins, -1)), (0, 1))
        beyond = 2 * self.reach + 1
        tokens = torch.arange(self.vocabulary, device=origins.device)
        at = tokens - origins[..., None] + self.reach
        near = (at >= 0) & (at < beyond) & (origins >= 0)[..., None]
        laid: Tensor = by_distance.gather(-1, torch.where(near, at, beyond)).sum(dim=-2)
        return laid

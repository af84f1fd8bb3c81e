"""Drawing texts from a model of characters."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqstudio.api import Sampler, SamplingConfig, TakeSeed
from seqstudio_text.write.alphabet import UNKNOWN, Alphabet


class LengthGuide:
    """Ends a take after so many characters, prompt included; never draws an unknown one."""

    def __init__(self, size: int, length: int) -> None:
        self.length = length
        self.mask = torch.ones(size, dtype=torch.bool)
        self.mask[UNKNOWN] = False

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        """Allow everything but an unknown character."""
        return self.mask

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the text is long enough."""
        return len(tokens) >= self.length


def continue_text(
    sampler: Sampler,
    alphabet: Alphabet,
    prompt: str,
    length: int,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[str]:
    """Return for each take the prompt and `length` characters more."""
    numbers = alphabet.numbers(prompt)
    guide = LengthGuide(alphabet.size, len(numbers) + length)
    drawn: list[list[int]] = [[] for _ in takes]
    steps = sampler.sample([numbers] * len(takes), takes, guide, config)
    for row, number in steps:
        drawn[row].append(number)
        if row == 0 and len(drawn[0]) % 20 == 0:
            on_progress(len(drawn[0]) / length)
    return [prompt + alphabet.text(row) for row in drawn]

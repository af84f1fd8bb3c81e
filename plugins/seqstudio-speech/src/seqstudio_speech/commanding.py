"""Voice control: which of a closed list of phrases is said, if any."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.api import ConfigError
from seqstudio.api.nn import frames_needed
from seqstudio_speech.text import Alphabet


@dataclass(frozen=True, slots=True)
class Match:
    """The most likely phrase of a piece of speech, and how well it fits, from 0 to 1.

    `fit` is the likelihood of the phrase over that of the best letters, whatever they are: the
    geometric mean over the letters of the phrase.
    """

    phrase: str
    fit: float


class Commands:
    """Compares pieces of speech with phrases.

    Raises
    ------
    ConfigError
        If there is no phrase.
    DataError
        If a phrase has letters that the model does not know.
    """

    def __init__(self, alphabet: Alphabet, phrases: Sequence[str]) -> None:
        self._labels: Mapping[str, tuple[int, ...]] = {
            phrase: alphabet.encode(phrase) for phrase in phrases if phrase.strip()
        }
        if not self._labels:
            raise ConfigError("no phrases, expected --phrase or --phrases with one a line")

    def best(self, log_probs: Tensor) -> Match:
        """Return the phrase that (T, V) log probabilities fit best."""
        free = float(log_probs.max(dim=1).values.sum())
        return max(self._matches(log_probs, free), key=lambda one: one.fit)

    def _matches(self, log_probs: Tensor, free: float) -> Iterator[Match]:
        for phrase, labels in self._labels.items():
            fit = 0.0
            if frames_needed(labels) <= len(log_probs):
                loss = functional.ctc_loss(
                    log_probs[:, None],
                    torch.tensor([labels]),
                    torch.tensor([len(log_probs)]),
                    torch.tensor([len(labels)]),
                    reduction="sum",
                )
                fit = min(1.0, math.exp((-float(loss) - free) / len(labels)))
            yield Match(phrase, fit)

"""Recognisers from outside: engines that turn speech into words, and that other plugins bring."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from seqstudio.contracts.data import Example, Measurement
from seqstudio.contracts.transcript import Word

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What was said in a piece of a recording, with times from the start of the piece.

    `attached` says of each word whether it follows the one before it without a space, as words of
    Chinese do; () is never.
    """

    words: tuple[Word, ...] = ()
    attached: tuple[bool, ...] = ()
    language: str | None = None  # BCP 47, of what was said; None: unknown
    alternatives: tuple[str, ...] = ()  # what else the whole may be, the likeliest first


class LoadedRecogniser(Protocol):
    """A recogniser with its model in memory."""

    @property
    def name(self) -> str:
        """The name by which it was chosen."""

    @property
    def sha256(self) -> str:
        """The hash of its model."""

    @property
    def rate_hz(self) -> int:
        """The sample rate that it hears."""

    @property
    def longest_s(self) -> float:
        """The longest piece that it takes; longer recordings are cut at pauses."""

    def recognise(self, samples: "npt.NDArray[np.float32]", language: str) -> Recognition:
        """Recognise one piece.

        Parameters
        ----------
        samples : (N,) at `rate_hz`, one channel, N at least 1
        language : BCP 47; "" lets the recogniser find out

        Raises
        ------
        ConfigError
            If it does not know the language.
        """


class Recogniser(Protocol):
    """A recogniser that a plugin offers. Building it loads nothing."""

    name: str

    def load(self, folder: Path | None, threads: int) -> LoadedRecogniser:
        """Load the model.

        Parameters
        ----------
        folder : the user's model; None is the model of this name
        threads : how many threads it may use

        Raises
        ------
        ModelError
            If the model or its engine is missing, or is not the one that the plugin names.
        """


@runtime_checkable
class MeasuresRecognisers(Protocol):
    """A task whose data also measure recognisers from outside."""

    def measure_recogniser(
        self, recogniser: LoadedRecogniser, examples: Iterable[Example]
    ) -> Iterator[Measurement]:
        """Measure a recogniser on examples, after a normaliser that `detail` names."""

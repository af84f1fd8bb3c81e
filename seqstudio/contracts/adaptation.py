"""The settings of `Job.adapt`."""

from dataclasses import dataclass

from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptConfig:
    """How a model is adapted to what it is about to go on from: dynamic evaluation [1]_.

    The loss of the model's task is followed through the examples in their order, one step for each,
    without augmentation and dropout; after each step the weights move some of the way back. Nothing
    is drawn. The steps are scaled as Adam does, since a bundle lacks the squared gradients of the
    training data by which the paper scales them.

    References
    ----------
    .. [1] B. Krause, E. Kahembwe, I. Murray and S. Renals, "Dynamic evaluation of neural sequence
       models", ICML 2018.
    """

    passes: int = 3  # over the examples
    learning_rate: float = 1e-3
    decay: float = 0.02  # share of the way back to the model's own weights after each step

    def __post_init__(self) -> None:
        if self.passes < 1:
            raise ConfigError(f"passes={self.passes}, expected at least 1")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate={self.learning_rate}, expected more than 0")
        if not 0 <= self.decay < 1:
            raise ConfigError(f"decay={self.decay}, expected 0 <= decay < 1")

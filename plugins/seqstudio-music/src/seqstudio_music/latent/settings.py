"""Options of a training of `music.latent`."""

from dataclasses import dataclass

from seqstudio.api import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentOptions:
    """The options of `music.latent` besides the training settings."""

    dimension: int = 16  # of the encoder's input
    encoder_hidden: int = 96  # of one direction
    hidden: int = 160  # of the decoder, over beats
    inner_hidden: int = 80  # over the sixteenths of a beat
    latents: int = 32
    free_nats: float = 1.0  # of each latent: what its divergence may cost unpunished

    def __post_init__(self) -> None:
        for name in ("dimension", "encoder_hidden", "hidden", "inner_hidden", "latents"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentSettings:
    """A trained model of clips stores nothing besides its weights."""

"""Options of a training of `forecast.series`, and the settings that its models store."""

from dataclasses import dataclass

from seqstudio.api import ConfigError, settings_as


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastOptions:
    """The options of `forecast.series` besides the training settings."""

    horizon: int = 24
    crop: int = 256
    hidden: int = 64
    layers: int = 1
    components: int = 5
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for name in ("horizon", "hidden", "layers", "components"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if self.crop < 16:
            raise ConfigError(f"crop={self.crop}, expected at least 16 steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSettings:
    """What a trained model stores besides its weights."""

    horizon: int
    crop: int


def forecast_settings(settings: object) -> ForecastSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, ForecastSettings, "forecast.series")

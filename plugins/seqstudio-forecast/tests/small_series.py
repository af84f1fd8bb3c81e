"""Small series, and a job with one model."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from seqstudio_forecast.series import Series, Step

from seqstudio.api import LoadedModel

HOUR_US = 3_600_000_000


@dataclass
class OneModelJob:
    """A job without a host, whose model is always the same."""

    loaded: LoadedModel
    folder: Path
    device: str = "cpu"
    logged: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)

    def model(self, prefer: str = "") -> LoadedModel:
        return self.loaded

    def progress(self, fraction: float, message: str = "") -> None:
        self.fractions.append(fraction)

    def check(self) -> None: ...

    def log(self, text: str) -> None:
        self.logged.append(text)


def hourly(days: int, seed: int = 0, *, noise: float = 0.1, name: str = "value") -> Series:
    """Return a daily wave with noise and a slow trend."""
    generator = np.random.default_rng(seed)
    at = np.arange(24 * days)
    values = np.sin(2 * np.pi * at / 24) + 0.002 * at + noise * generator.standard_normal(len(at))
    times = np.datetime64("2024-01-01", "us") + (at * HOUR_US).astype("timedelta64[us]")
    return Series(name, times, values, np.ones(len(at), bool), Step("us", HOUR_US))


def as_csv(series: Series) -> str:
    """Return a series as a CSV file."""
    rows = zip(series.times.astype("datetime64[s]"), series.values, strict=True)
    return "time,value\n" + "".join(f"{time},{value:.4f}\n" for time, value in rows)

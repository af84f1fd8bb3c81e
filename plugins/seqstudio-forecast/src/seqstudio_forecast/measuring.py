"""Measuring forecasts from a rolling origin, beside forecasts that need no model."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from seqstudio.api import LoadedModel, Measurement
from seqstudio.api.nn import Density
from seqstudio_forecast.baselines import seasonal, walk
from seqstudio_forecast.data import SeriesExample
from seqstudio_forecast.detector import Detections, detect_whole
from seqstudio_forecast.frames import Calendar, frames_of
from seqstudio_forecast.nab import NabScore, probation, score_flags
from seqstudio_forecast.other_detectors import (
    ENTROPY_THRESHOLD,
    GAUSSIAN_THRESHOLD,
    relative_entropy,
    windowed_gaussian,
)
from seqstudio_forecast.predictor import error_densities, in_units, values_ahead
from seqstudio_forecast.scores import LEVELS, Score, score
from seqstudio_forecast.settings import forecast_settings

MOST_ORIGINS = 200  # of a series

Sums = dict[str, tuple[float, float]]


def measure_forecasts(
    model: LoadedModel, examples: Iterable[SeriesExample]
) -> Iterator[Measurement]:
    """Yield the scores of each example's steps, forecast from those before.

    The CRPS of a value is divided by the mean absolute change of its series up to the example
    (Hyndman and Koehler 2006, "Another look at measures of forecast accuracy"), so that series of
    any size count alike.
    """
    horizon = forecast_settings(model.settings).horizon
    for example in examples:
        series = example.series.first(example.stop)
        frames = frames_of(series, horizon)
        errors = error_densities(model, frames)
        origins = rolling_origins(example, horizon)
        sums: Sums = {}
        if len(origins):
            densities = {
                "": in_units(errors[origins], frames.guesses[origins], frames.scales[origins])
            } | naive_forecasts(example, origins, horizon)
            for name, density in densities.items():
                sums |= forecast_sums(example, density, origins, name)
        detail: dict[str, object] = {"origins": len(origins)}
        if example.labelled:
            found = detect_whole(series, frames, errors, probation(len(series)))
            results = detector_scores(example, found)
            sums |= {name: result.sums for name, result in results.items()}
            windows = results["nab"].windows
            detail |= {"windows": windows, "detections": int(found.flags.sum())}
        yield Measurement(id=example.id, sums=sums, detail=detail)


def detector_scores(example: SeriesExample, found: Detections) -> dict[str, NabScore]:
    """Return the points of this detector on a series, and those of two others for comparison."""
    values = example.series.values
    flags = {
        "nab": found.flags,
        "nab_windowed_gaussian": windowed_gaussian(values) >= GAUSSIAN_THRESHOLD,
        "nab_relative_entropy": relative_entropy(values) >= ENTROPY_THRESHOLD,
    }
    return {name: score_flags(each, example.windows) for name, each in flags.items()}


def rolling_origins(example: SeriesExample, horizon: int) -> NDArray[np.int64]:
    """Return the last known steps to forecast from, a horizon apart or more, evenly spread."""
    first, last = max(example.start - 1, 1), example.stop - 1 - horizon
    origins = np.arange(first, last + 1, horizon)
    if len(origins) > MOST_ORIGINS:
        origins = origins[np.linspace(0, len(origins) - 1, MOST_ORIGINS).astype(int)]
    return origins


def naive_forecasts(
    example: SeriesExample, origins: NDArray[np.int64], horizon: int
) -> dict[str, Density]:
    """Return the forecasts to compare with; without a season, the seasonal one is the walk."""
    series = example.series.first(example.stop)
    season = Calendar.of(series).season
    plain = walk(series.values, origins, horizon)
    periodic = seasonal(series.values, origins, horizon, season) if season else plain
    return {"_random_walk": plain, "_seasonal_naive": periodic}


def forecast_sums(
    example: SeriesExample, density: Density, origins: NDArray[np.int64], name: str
) -> Sums:
    """Return the metrics of one kind of forecast."""
    series = example.series.first(example.stop)
    horizon = density.means.shape[-1]
    values, known = values_ahead(series, horizon)
    found: Score = score(density, values[origins], torch.tensor(1.0), known[origins])
    unit = float(np.abs(np.diff(series.values)).mean())
    if not unit or not found.count:
        return {}
    sums = {f"crps{name}": (found.crps / unit, float(found.count))}
    for level, inside in zip(LEVELS, found.inside, strict=True):
        sums[f"coverage_{100 * level:.0f}{name}"] = inside, float(found.count)
    return sums

"""Forecasts of the last part of each series, beside statistical ones that are fitted to it.

`python benchmarks/forecast_baselines.py MODEL TABLE [COLUMNS]` forecasts 24 steps from at most 30
origins in the last fifth of every column, and prints CRPS (in mean absolute changes, as `seqstudio
evaluate` does) and the coverage of the intervals. Exponential smoothing (additive trend, additive
season where there is one) and ARIMA(1, 1, 1) are from statsmodels, fitted once to the last 1,000
values before the first origin and then updated, as refitting at each origin would take hours.
"""

import platform
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from seqstudio_forecast.baselines import seasonal, walk
from seqstudio_forecast.data import SHARES, parts
from seqstudio_forecast.frames import Calendar, frames_of
from seqstudio_forecast.predictor import error_densities, in_units, values_ahead
from seqstudio_forecast.scores import gaussian, score
from seqstudio_forecast.series import Series, read_series
from seqstudio_forecast.settings import forecast_settings
from seqstudio_forecast.task import SeriesTask
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

from seqstudio.api.nn import Density
from seqstudio.services.bundles import load_bundle

ORIGINS, FITTED = 30, 1000
LONGEST_SEASON = 24  # of exponential smoothing in state space; longer ones take minutes to fit


def statistical(series: Series, origins: np.ndarray, horizon: int, kind: str) -> Density:
    """Return the Gaussian forecasts of a model fitted before the first origin."""
    first = max(0, origins[0] + 1 - FITTED)
    values = series.values[first : origins[-1] + 1]
    scale = max(float(np.std(np.diff(values))), 1e-9)
    known = values[: origins[0] + 1 - first] / scale
    season = Calendar.of(series).season
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that an optimum is flat
        if kind == "arima":
            fitted = ARIMA(known, order=(1, 1, 1)).fit()
        else:
            periodic = season if 1 < season <= LONGEST_SEASON else None
            fitted = ExponentialSmoothing(known, trend=True, seasonal=periodic).fit(disp=0)
    means, scales = [], []
    for before, origin in zip([origins[0], *origins[:-1]], origins, strict=True):
        if origin > before:
            fitted = fitted.append(values[before + 1 - first : origin + 1 - first] / scale)
        ahead = fitted.get_forecast(horizon)
        means.append(scale * ahead.predicted_mean)
        scales.append(scale * np.sqrt(ahead.var_pred_mean))
    return gaussian(torch.from_numpy(np.array(means)), torch.from_numpy(np.array(scales)))


def compare(model_path: Path, table: Path, names: list[str]) -> None:
    """Print the scores of every kind of forecast, pooled over the columns."""
    model = load_bundle(model_path, SeriesTask())
    horizon = forecast_settings(model.settings).horizon
    totals: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(4))
    chosen = [s for s in read_series(table) if not names or s.name in names]
    for series in chosen:
        example = list(parts(series, series.name, SHARES))[-1]
        origins = np.arange(example.start - 1, len(series) - horizon, horizon)
        origins = origins[np.unique(np.linspace(0, len(origins) - 1, ORIGINS).astype(int))]
        frames, season = frames_of(series, horizon), Calendar.of(series).season
        errors = error_densities(model, frames)[origins]
        kinds = {
            model.name: in_units(errors, frames.guesses[origins], frames.scales[origins]),
            "random walk": walk(series.values, origins, horizon),
            "arima(1,1,1)": statistical(series, origins, horizon, "arima"),
            "ets": statistical(series, origins, horizon, "ets"),
        }
        if season:
            kinds["seasonal naive"] = seasonal(series.values, origins, horizon, season)
        values, known = values_ahead(series, horizon)
        unit = torch.tensor(1 / np.abs(np.diff(series.values)).mean())
        for kind, density in kinds.items():
            found = score(density, values[origins], unit, known[origins])
            totals[kind] += [found.crps, *found.inside, found.count]
    print(f"{table.name}: {len(chosen)} series, {horizon} steps from up to {ORIGINS} origins each")
    for kind, (crps, narrow, wide, count) in totals.items():
        shares = (
            f"80 % interval {100 * narrow / count:.1f} %, 95 % interval {100 * wide / count:.1f} %"
        )
        print(f"  {kind:20s} CRPS {crps / count:7.3f}, {shares}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {platform.machine()}, one thread")
    compare(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])

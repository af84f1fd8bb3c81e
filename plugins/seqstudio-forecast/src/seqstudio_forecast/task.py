"""The task `forecast.series`: one model for many series, of any size, seasons and step."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import (
    Batch,
    Draws,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
    TrainConfig,
)
from seqstudio.api.nn import DensityConfig, EncoderConfig, FramesConfig, ModelConfig
from seqstudio_forecast.data import SeriesExample, read_tables
from seqstudio_forecast.frames import FEATURES, LARGEST, Frames, frames_of
from seqstudio_forecast.measuring import measure_forecasts
from seqstudio_forecast.predictor import HEAD
from seqstudio_forecast.series import Series
from seqstudio_forecast.settings import ForecastOptions, ForecastSettings, forecast_settings

LEAD = 16  # frames at the start of an excerpt, where the network's state is still empty


@dataclass(frozen=True, kw_only=True)
class FrameBatch(Batch):
    """Padded excerpts: what the network reads at each step, and the errors of the next guesses."""

    inputs: Tensor  # (B, T, F) float
    lengths: Tensor  # (B,) int64
    errors: Tensor  # (B, T, H) float; anything where it is not known
    known: Tensor  # (B, T, H) bool, values that carry loss


class SeriesTask:
    """Trains and measures forecasts with densities."""

    name = "forecast.series"
    settings_type: type = ForecastSettings
    monitor = "crps"
    presets: Mapping[str, Preset] = {
        "small": Preset(
            train=TrainConfig(
                epochs=12,
                batch_size=16,
                learning_rate=3e-3,
                clip_norm=1.0,
                weight_decay=0.1,
                evaluate_every=2,
            ),
            options=ForecastOptions(),
        )
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[SeriesExample]:
        """Read a CSV file or a folder of them."""
        return read_tables(source, ledger)

    def prepare(self, examples: Sequence[SeriesExample], options: ForecastOptions) -> Preparation:
        """Configure the model. Nothing is derived from the data: each series scales itself."""
        model = ModelConfig(
            source=FramesConfig(features=FEATURES),
            encoder=EncoderConfig(
                hidden=options.hidden,
                layers=options.layers,
                bidirectional=False,
                dropout=options.dropout if options.layers > 1 else 0.0,
            ),
            heads={
                HEAD: DensityConfig(
                    values=options.horizon, components=options.components, min_scale=1e-2
                )
            },
        )
        settings = ForecastSettings(horizon=options.horizon, crop=options.crop)
        return Preparation(settings=settings, model=model)

    def preflight(
        self, examples: Sequence[SeriesExample], preparation: Preparation, ledger: Ledger
    ) -> list[SeriesExample]:
        """Cut the training parts into excerpts; refuse series that never change."""
        settings = forecast_settings(preparation.settings)
        kept: list[SeriesExample] = []
        for example in examples:
            past = example.series.first(example.stop)
            if np.ptp(past.values) == 0.0:
                ledger.refuse(example.where, "the value never changes, expected some change")
                continue
            whole = replace(example, frames=frames_of(past, settings.horizon), series=past)
            starts = range(
                example.start, max(example.start + 1, example.stop - LEAD), settings.crop
            )
            kept += [
                replace(
                    whole,
                    id=f"{example.id}:{start}",
                    start=start,
                    stop=min(example.stop, start + settings.crop),
                )
                for start in starts
            ]
        return kept

    def length(self, example: SeriesExample) -> int:
        """Return the number of steps."""
        return example.stop - example.start

    def collate(
        self, examples: Sequence[SeriesExample], preparation: Preparation, draws: Draws | None
    ) -> FrameBatch:
        """Cut out excerpts; with `draws`, each begins a few steps elsewhere."""
        settings = forecast_settings(preparation.settings)
        rows = []
        for example in examples:
            shift = 0
            if draws is not None:
                generator = draws.generator(example.id)
                shift = int(generator.integers(0, settings.crop // 2))
            rows.append(excerpt(example, shift, settings.horizon))
        padded = [torch.nn.utils.rnn.pad_sequence(list(part), batch_first=True) for part in
                  zip(*rows, strict=True)]  # fmt: skip
        return FrameBatch(
            ids=tuple(example.id for example in examples),
            inputs=padded[0],
            lengths=torch.tensor([len(row[0]) for row in rows]),
            errors=padded[1],
            known=padded[2],
        )

    def loss(self, model: Any, batch: FrameBatch) -> LossSum:
        """Return the sum of nats over the values ahead that are known."""
        encoded = model.encode(batch.inputs, batch.lengths)
        log_probs = model.head(HEAD)(encoded).log_prob(batch.errors, batch.known)
        return LossSum(-log_probs.sum(), batch.known.sum())

    def measure(
        self, model: LoadedModel, examples: Iterable[SeriesExample]
    ) -> Iterator[Measurement]:
        """Forecast from a rolling origin, and detect the anomalies of series with labels."""
        return measure_forecasts(model, examples)

    def preview(
        self, model: LoadedModel, examples: Sequence[SeriesExample], seed: int
    ) -> PreviewResult:
        """Say how the first examples are forecast."""
        found = list(measure_forecasts(model, examples[:3]))
        lines = [f"{one.id}: {', '.join(_ratios(one))}" for one in found]
        return PreviewResult(text="\n".join(lines))


def excerpt(example: SeriesExample, shift: int, horizon: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs, errors and which of them count, of an excerpt that begins `shift` steps early.

    What the excerpt's own steps show counts, but not where the network has read too little.
    """
    frames = example.frames or frames_of(example.series.first(example.stop), horizon)
    start = max(0, example.start - shift)
    rows = slice(start, example.stop)
    errors = torch.from_numpy(whole_errors(example.series, frames)[rows]).float()
    known = errors.isfinite()
    known[: min(LEAD, len(known) // 2)] = False
    bounded = errors.nan_to_num().clamp(-LARGEST, LARGEST)
    return torch.from_numpy(frames.inputs[rows]), bounded, known


def whole_errors(series: Series, frames: Frames) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the errors of all guesses; NaN where the value was not observed."""
    values = np.where(series.observed, series.values, np.nan)
    return frames.errors(values[: len(frames.inputs)])


def _ratios(one: Measurement) -> list[str]:
    return [f"{name} {top / bottom:.3f}" for name, (top, bottom) in one.sums.items() if bottom]

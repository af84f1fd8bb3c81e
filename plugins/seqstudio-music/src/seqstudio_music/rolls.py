"""The task `music.rolls`: each frame of a piano roll as its notes in ascending order, then END.

The sum of the token NLLs of a frame is the frame's exact NLL, since ill-ordered strings are masked
in training and in sampling alike. Every one of the 88 keys and every frame size is legal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import (
    Batch,
    ConfigError,
    DataError,
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
from seqstudio.api.nn import ModelConfig, NestedConfig
from seqstudio_music.pieces import counted_steps, crop_start, measure_whole
from seqstudio_music.roll_data import KEYS, RollExample, Rows, midi_rolls
from seqstudio_music.roll_midi import rows_of_midi
from seqstudio_music.roll_sampling import preview_roll

END = KEYS  # the token after a frame's notes


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOptions:
    """What can be set for `music.rolls` besides the training itself."""

    frames_per_beat: int = 2  # of MIDI that is read, and of what is generated
    crop: int = 0  # frames of a piece that a training step sees; 0 sees all
    lead: int = 8  # frames at the start of a crop inside a piece that carry no loss
    lowest_shift: int = -5  # semitones that a piece is transposed by in training
    highest_shift: int = 6
    hidden: int = 256
    layers: int = 2
    inner_hidden: int = 192
    dropout: float = 0.3

    def __post_init__(self) -> None:
        for name in ("frames_per_beat", "hidden", "layers", "inner_hidden"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if self.crop and self.crop <= self.lead:
            raise ConfigError(f"crop={self.crop}, expected 0, or more than lead={self.lead}")
        if self.lowest_shift > self.highest_shift:
            span = f"at most highest_shift={self.highest_shift}"
            raise ConfigError(f"lowest_shift={self.lowest_shift}, expected {span}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RollSettings:
    """What a trained model of piano rolls keeps besides its weights."""

    frames_per_beat: int
    crop: int
    lead: int
    lowest_shift: int
    highest_shift: int


@dataclass(frozen=True, kw_only=True)
class RollBatch(Batch):
    """Frames as groups of tokens."""

    tokens: Tensor  # (B, T, L) int64, padded with -1
    lengths: Tensor  # (B,) int64, frames
    counted: Tensor  # (B, T) bool, frames that carry loss


class RollsTask:
    """Piano rolls with the exact likelihood of every frame."""

    name = "music.rolls"
    settings_type: type = RollSettings
    monitor = "nll_per_frame"
    presets: Mapping[str, Preset] = {
        "jsb": Preset(
            train=TrainConfig(
                epochs=60, batch_size=8, learning_rate=2e-3, clip_norm=1.0, weight_decay=1e-4
            ),
            options=RollOptions(frames_per_beat=1, dropout=0.4),
        ),
        "nottingham": Preset(
            train=TrainConfig(
                epochs=20, batch_size=8, learning_rate=2e-3, clip_norm=1.0, weight_decay=1e-4
            ),
            options=RollOptions(crop=200, dropout=0.2),
        ),
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[RollExample]:
        """Read a MIDI file or a folder of them; the `.npz` archives have their own importer."""
        return midi_rolls(source, ledger)

    def prepare(self, examples: Sequence[RollExample], options: RollOptions) -> Preparation:
        """Configure the model: nothing is learned from the data, since all 88 keys are legal."""
        settings = RollSettings(
            frames_per_beat=options.frames_per_beat,
            crop=options.crop,
            lead=options.lead,
            lowest_shift=options.lowest_shift,
            highest_shift=options.highest_shift,
        )
        decoder = NestedConfig(
            vocabulary=KEYS + 1,
            hidden=options.hidden,
            layers=options.layers,
            inner_hidden=options.inner_hidden,
            dropout=options.dropout,
        )
        return Preparation(settings=settings, model=ModelConfig(decoder=decoder))

    def preflight(
        self, examples: Sequence[RollExample], preparation: Preparation, ledger: Ledger
    ) -> list[RollExample]:
        """Read every piece once; refuse those that cannot be read or hold no frame."""
        settings = roll_settings(preparation.settings)
        kept = []
        for example in examples:
            try:
                rows = rows_of(example, settings.frames_per_beat)
            except DataError as bad:
                ledger.refuse(example.where, str(bad))
                continue
            kept.append(replace(example, rows=rows, frames=len(rows)))
        return kept

    def length(self, example: RollExample) -> int:
        """Count frames."""
        return example.frames

    def collate(
        self, examples: Sequence[RollExample], preparation: Preparation, draws: Draws | None
    ) -> RollBatch:
        """Spell frames as tokens; with `draws`, crop and transpose each piece."""
        settings = roll_settings(preparation.settings)
        pieces, starts = [], []
        for example in examples:
            rows, start = rows_of(example, settings.frames_per_beat), 0
            if draws is not None:
                rows, start = perturb(rows, settings, draws.generator(example.id))
            pieces.append(rows)
            starts.append(start)
        tokens, lengths = spell(pieces)
        counted = counted_steps(lengths, starts, settings.lead, tokens.shape[1])
        ids = tuple(example.id for example in examples)
        return RollBatch(ids=ids, tokens=tokens, lengths=lengths, counted=counted)

    def loss(self, model: Any, batch: RollBatch) -> LossSum:
        """Sum nats over the counted frames."""
        log_probs = model.log_probs(batch.tokens, batch.lengths).sum(-1)
        return LossSum(-(log_probs * batch.counted).sum(), int(batch.counted.sum()))

    def measure(self, model: LoadedModel, examples: Iterable[RollExample]) -> Iterator[Measurement]:
        """Measure whole pieces: nats a frame, pooled over all frames, state reset for each piece.

        No frame is skipped and no value clamped; nothing is transposed.
        """
        step = roll_settings(model.settings).frames_per_beat
        return measure_whole(
            examples,
            lambda example: rows_of(example, step),
            lambda pieces: measure_pieces(model, pieces),
            self.monitor,
        )

    def preview(
        self, model: LoadedModel, examples: Sequence[RollExample], seed: int
    ) -> PreviewResult:
        """Compose 32 frames."""
        return preview_roll(model, roll_settings(model.settings).frames_per_beat, seed)


def roll_settings(settings: object) -> RollSettings:
    """Narrow the settings that a bundle carries.

    Raises
    ------
    DataError
        If they are another task's.
    """
    if not isinstance(settings, RollSettings):
        raise DataError(f"settings of {type(settings).__name__}, expected a model of music.rolls")
    return settings


def rows_of(example: RollExample, frames_per_beat: int) -> Rows:
    """Give the frames of an example, from its archive or from its MIDI file.

    Raises
    ------
    DataError
        If the MIDI file cannot be read, or holds no note of the 88 keys.
    """
    if example.rows is not None:
        return example.rows
    if example.midi is None:
        raise DataError(f"{example.where}: neither frames nor a MIDI file, expected one")
    return rows_of_midi(example.midi, frames_per_beat)


def perturb(rows: Rows, settings: RollSettings, generator: np.random.Generator) -> tuple[Rows, int]:
    """Crop and transpose one piece, giving also where the crop begins.

    A shift that would push a note off the 88 keys is not drawn.
    """
    low, high = settings.lowest_shift, settings.highest_shift
    used = np.flatnonzero(rows.any(axis=0))
    if used.size:
        low, high = max(low, -int(used[0])), min(high, KEYS - 1 - int(used[-1]))
    shift = int(generator.integers(low, high + 1)) if low <= high else 0
    start = 0
    if settings.crop and len(rows) > settings.crop:
        start = crop_start(len(rows), settings.crop, generator)
        rows = rows[start : start + settings.crop]
    return np.roll(rows, shift, axis=1), start


def spell(pieces: Sequence[Rows]) -> tuple[Tensor, Tensor]:
    """Write frames as groups of tokens: keys from low to high, then END.

    Returns
    -------
    tokens : (B, T, L) int64, padded with -1
    lengths : (B,) int64, frames

    >>> spell([np.eye(88, dtype=np.uint8)[[4]]])[0].tolist()
    [[[4, 88]]]
    """
    lengths = [len(rows) for rows in pieces]
    widest = max((int(rows.sum(axis=1).max()) for rows in pieces if len(rows)), default=0)
    tokens = np.full((len(pieces), max(lengths, default=0), widest + 1), -1, dtype=np.int64)
    for number, rows in enumerate(pieces):
        frames, keys = np.nonzero(rows)
        sizes = rows.sum(axis=1, dtype=np.int64)
        first = np.cumsum(sizes) - sizes
        tokens[number, frames, np.arange(len(keys)) - first[frames]] = keys
        tokens[number, np.arange(len(rows)), sizes] = END
    return torch.from_numpy(tokens), torch.tensor(lengths, dtype=torch.int64)


def measure_pieces(model: LoadedModel, pieces: Sequence[tuple[str, Rows]]) -> Iterator[Measurement]:
    """Measure some whole pieces side by side."""
    tokens, lengths = spell([rows for _, rows in pieces])
    with torch.inference_mode():
        log_probs = model.module.log_probs(tokens.to(model.device), lengths.to(model.device))
    totals = -log_probs.double().sum((1, 2)).cpu()
    for (name, rows), total in zip(pieces, totals.tolist(), strict=True):
        yield Measurement(id=name, sums={RollsTask.monitor: (total, float(len(rows)))})

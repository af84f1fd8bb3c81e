"""The task `music.rolls`: piano rolls with the exact likelihood of every frame.

A frame is its keys in ascending order, then END. Sequences in any other order are masked in
training and in sampling, so the sum of a frame's token NLLs is the exact NLL of the frame. All 88
keys and all frame sizes are possible.
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
from seqstudio_music.frames_past import FramesPastConfig
from seqstudio_music.keyboard import KEYS
from seqstudio_music.pieces import counted_steps, measure_whole
from seqstudio_music.rolls.data import Roll, RollExample, midi_examples
from seqstudio_music.rolls.midi import read_roll
from seqstudio_music.rolls.sampling import preview_roll
from seqstudio_music.rolls.settings import RollOptions, RollSettings, roll_settings
from seqstudio_music.rolls.tokens import encode_rolls


@dataclass(frozen=True, kw_only=True)
class RollBatch(Batch):
    """Padded pieces, each frame a group of tokens."""

    tokens: Tensor  # (B, T, L) int64, padded with -1
    lengths: Tensor  # (B,) int64, frames
    counted: Tensor  # (B, T) bool, frames that carry loss


class RollsTask:
    """Trains and measures models of piano rolls."""

    name = "music.rolls"
    settings_type: type = RollSettings
    monitor = "nll_per_frame"
    presets: Mapping[str, Preset] = {
        "jsb": Preset(
            train=TrainConfig(
                epochs=40,
                batch_size=8,
                learning_rate=1e-3,
                clip_norm=1.0,
                weight_decay=1e-4,
                ema=0.99,
            ),
            options=RollOptions(
                frames_per_beat=1,
                dropout=0.5,
                unshifted=0.8,
                past=True,
                lags=(1, 2, 4),
                longest_lag=64,
            ),
        ),
        "nottingham": Preset(
            train=TrainConfig(
                epochs=20, batch_size=8, learning_rate=2e-3, clip_norm=1.0, weight_decay=1e-4
            ),
            options=RollOptions(crop=200, dropout=0.2),
        ),
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[RollExample]:
        """Read a MIDI file or a folder of them; `.npz` archives have their own importer."""
        return midi_examples(source, ledger)

    def prepare(self, examples: Sequence[RollExample], options: RollOptions) -> Preparation:
        """Configure the model. Nothing is derived from the data, as all 88 keys are possible."""
        settings = RollSettings(frames_per_beat=options.frames_per_beat, **options.crop_and_shift())
        past = FramesPastConfig(keys=KEYS, lags=options.lags, longest=options.longest_lag)
        decoder = NestedConfig(
            vocabulary=KEYS + 1,
            hidden=options.hidden,
            layers=options.layers,
            inner_hidden=options.inner_hidden,
            dropout=options.dropout,
            past=(past,) if options.past else (),
            past_output=options.past,
        )
        return Preparation(settings=settings, model=ModelConfig(decoder=decoder))

    def preflight(
        self, examples: Sequence[RollExample], preparation: Preparation, ledger: Ledger
    ) -> list[RollExample]:
        """Read every piece once; refuse those that cannot be read or have no frames."""
        settings = roll_settings(preparation.settings)
        kept = []
        for example in examples:
            try:
                roll = roll_of(example, settings.frames_per_beat)
            except DataError as error:
                ledger.refuse(example.where, str(error))
                continue
            kept.append(replace(example, roll=roll, frames=len(roll)))
        return kept

    def length(self, example: RollExample) -> int:
        """Return the number of frames."""
        return example.frames

    def collate(
        self, examples: Sequence[RollExample], preparation: Preparation, draws: Draws | None
    ) -> RollBatch:
        """Encode pieces as tokens; with `draws`, crop and transpose each piece."""
        settings = roll_settings(preparation.settings)
        rolls, starts = [], []
        for example in examples:
            roll, start = roll_of(example, settings.frames_per_beat), 0
            if draws is not None:
                roll, start = augment_roll(roll, settings, draws.generator(example.id))
            rolls.append(roll)
            starts.append(start)
        tokens, lengths = encode_rolls(rolls)
        counted = counted_steps(lengths, starts, settings.lead, tokens.shape[1])
        ids = tuple(example.id for example in examples)
        return RollBatch(ids=ids, tokens=tokens, lengths=lengths, counted=counted)

    def loss(self, model: Any, batch: RollBatch) -> LossSum:
        """Return the sum of nats over the counted frames."""
        log_probs = model.log_probs(batch.tokens, batch.lengths).sum(-1)
        return LossSum(-(log_probs * batch.counted).sum(), int(batch.counted.sum()))

    def measure(self, model: LoadedModel, examples: Iterable[RollExample]) -> Iterator[Measurement]:
        """Measure whole pieces in nats per frame; the model's state is reset for each piece.

        All frames count, no value is clamped, and nothing is transposed.
        """
        frames_per_beat = roll_settings(model.settings).frames_per_beat
        return measure_whole(
            examples,
            lambda example: roll_of(example, frames_per_beat),
            lambda pieces: measure_rolls(model, pieces),
            self.monitor,
        )

    def preview(
        self, model: LoadedModel, examples: Sequence[RollExample], seed: int
    ) -> PreviewResult:
        """Compose 32 frames."""
        return preview_roll(model, roll_settings(model.settings).frames_per_beat, seed)


def roll_of(example: RollExample, frames_per_beat: int) -> Roll:
    """Return the piano roll of an example, reading its MIDI file if necessary.

    Raises
    ------
    DataError
        If the MIDI file cannot be read or has no notes.
    """
    if example.roll is not None:
        return example.roll
    if example.midi is None:
        raise DataError(f"{example.where}: neither frames nor a MIDI file, expected one")
    return read_roll(example.midi, frames_per_beat)


def augment_roll(
    roll: Roll, settings: RollSettings, generator: np.random.Generator
) -> tuple[Roll, int]:
    """Crop and transpose one piece; return it with the frame at which the crop begins.

    Shifts that would move a note off the keyboard are not drawn.
    """
    low, high = settings.lowest_shift, settings.highest_shift
    used = np.flatnonzero(roll.any(axis=0))
    if used.size:
        low, high = max(low, -int(used[0])), min(high, KEYS - 1 - int(used[-1]))
    shift = settings.draw_shift(low, high, generator)
    crop = settings.draw_crop(len(roll), generator)
    return np.roll(roll[crop], shift, axis=1), crop.start


def measure_rolls(model: LoadedModel, pieces: Sequence[tuple[str, Roll]]) -> Iterator[Measurement]:
    """Measure whole pieces in one batch."""
    tokens, lengths = encode_rolls([roll for _, roll in pieces])
    with torch.inference_mode():
        log_probs = model.module.log_probs(tokens.to(model.device), lengths.to(model.device))
    totals = -log_probs.double().sum((1, 2)).cpu()
    for (name, roll), total in zip(pieces, totals.tolist(), strict=True):
        yield Measurement(id=name, sums={RollsTask.monitor: (total, float(len(roll)))})

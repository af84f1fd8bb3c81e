"""Measure a baseline with independent sigmoids per key, trained like the piano-roll models.

    python benchmarks/piano_roll_sigmoids.py DATA RUN [--set key=value]...

DATA: one SET.SPLIT.npz. RUN: a new folder. An LSTM of 200 cells reads the previous frames and
predicts the probability of each of the 88 keys independently, as in Boulanger-Lewandowski et al.
2012. It is trained by the same service and with the same transposition as `music.rolls`, which
predicts the notes of a frame one by one. Compare the result with `seqstudio evaluate rolls-jsb
DATA`.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seqstudio_music.keyboard import KEYS
from seqstudio_music.rolls.data import PianoRollImporter, RollExample
from seqstudio_music.rolls.settings import RollOptions, roll_settings
from seqstudio_music.rolls.task import RollsTask, augment_roll, roll_of
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from seqstudio.api import (
    Batch,
    Draws,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    TrainConfig,
)
from seqstudio.api.nn import CTCConfig, EncoderConfig, FramesConfig, ModelConfig
from seqstudio.services.events import Evaluated, Finished
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


@dataclass(frozen=True, kw_only=True)
class FramesBatch(Batch):
    """A batch of frames, (B, T, 88), with the previous frame of each."""

    frames: Tensor
    previous: Tensor
    lengths: Tensor


class SigmoidTask(RollsTask):
    """Each key is on or off independently, given the previous frames."""

    name = "music.rolls"
    presets: Mapping[str, Preset] = {
        "sigmoid": Preset(
            train=TrainConfig(epochs=60, learning_rate=3e-3, clip_norm=1.0, weight_decay=1e-4),
            options=RollOptions(frames_per_beat=1, hidden=200, layers=1, dropout=0.0),
        )
    }

    def prepare(self, examples: Sequence[RollExample], options: RollOptions) -> Preparation:
        """Configure an encoder with one output per key, and one more as their reference."""
        settings = super().prepare(examples, options).settings
        model = ModelConfig(
            source=FramesConfig(features=KEYS),
            encoder=EncoderConfig(
                hidden=options.hidden,
                layers=options.layers,
                bidirectional=False,
                dropout=options.dropout,
            ),
            heads={"ctc": CTCConfig(vocabulary=KEYS + 1)},
        )
        return Preparation(settings=settings, model=model)

    def collate(  # type: ignore[override]  # a different batch type
        self, examples: Sequence[RollExample], preparation: Preparation, draws: Draws | None
    ) -> FramesBatch:
        """Pad frames; with `draws`, transpose each piece."""
        settings = roll_settings(preparation.settings)
        rolls = [roll_of(example, settings.frames_per_beat) for example in examples]
        if draws is not None:
            generators = [draws.generator(example.id) for example in examples]
            pairs = zip(rolls, generators, strict=True)
            rolls = [augment_roll(roll, settings, generator)[0] for roll, generator in pairs]
        lengths = torch.tensor([len(roll) for roll in rolls])
        frames = torch.zeros(len(rolls), int(lengths.max()), KEYS)
        for number, roll in enumerate(rolls):
            frames[number, : len(roll)] = torch.from_numpy(roll.astype(np.float32))
        previous = torch.cat([torch.zeros_like(frames[:, :1]), frames[:, :-1]], dim=1)
        ids = tuple(example.id for example in examples)
        return FramesBatch(ids=ids, frames=frames, previous=previous, lengths=lengths)

    def loss(self, model: Any, batch: FramesBatch) -> LossSum:  # type: ignore[override]
        """Sum nats over all frames."""
        inside = torch.arange(batch.frames.shape[1]) < batch.lengths[:, None]
        return LossSum((nats(model, batch) * inside).sum(), int(batch.lengths.sum()))

    def measure(self, model: LoadedModel, examples: Iterable[RollExample]) -> Iterator[Measurement]:
        """Measure complete pieces, one at a time."""
        for example in examples:
            batch = self.collate([example], model.preparation, None)
            with torch.inference_mode():
                total = nats(model.module, batch).double().sum().item()
            yield Measurement(id=example.id, sums={self.monitor: (total, float(batch.lengths))})


def nats(model: Any, batch: FramesBatch) -> Tensor:
    """Return the (B, T) nats of the frames.

    The log-odds of a key are its log-probability minus that of label 0. Differences of log-softmax
    outputs equal those of its inputs, so the keys are independent.
    """
    log_probs = model.head("ctc")(model.encode(batch.previous, batch.lengths))
    odds = log_probs[..., 1:] - log_probs[..., :1]
    return binary_cross_entropy_with_logits(odds, batch.frames, reduction="none").sum(-1)


def main(data: Path, run: Path, settings: tuple[str, ...]) -> None:
    job = TrainJob(data=data, run=run, preset="sigmoid", settings=settings)
    context = PluginContext(
        plugin="music",
        plugin_version="0",
        kinds=("piano-rolls",),
        importers=(PianoRollImporter(),),
    )
    for event in run_train_job(job, SigmoidTask(), context):
        if isinstance(event, Evaluated) and event.best:
            print(f"epoch {event.epoch + 1}: valid {event.value:.3f} nats per frame")
        elif isinstance(event, Finished):
            print(f"independent sigmoids, {data.stem}: {event.summary}, {event.minutes:.1f} min")


if __name__ == "__main__":
    chosen = tuple(word for word in sys.argv[3:] if word != "--set")
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), Path(sys.argv[2]), chosen)

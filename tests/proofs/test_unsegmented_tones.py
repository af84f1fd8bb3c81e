"""Graves et al. 2006, "Connectionist temporal classification": labels without their positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, TrainResult, train_on
from rapidfuzz.distance import Levenshtein

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.alignment import align
from seqstudio.core.config import ModelConfig
from seqstudio.core.ctc import best_path, ctc_loss_sum
from seqstudio.core.ctc_beam import prefix_beam
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel

TONES, BINS = 6, 16


@dataclass(frozen=True, kw_only=True)
class Tune(GeneratedExample):
    """Noisy frames of tones; `spans` are the frames of each tone, which training does not use."""

    spans: tuple[tuple[int, int], ...]


def tunes(seed: int, count: int) -> list[Tune]:
    """Draw 3 to 8 tones of 3 to 9 frames, with up to 5 silent frames in between, and add noise."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        labels = random.integers(1, TONES + 1, size=random.integers(3, 9))
        spans, frame = [], int(random.integers(1, 6))
        for index, label in enumerate(labels):
            repeated = index > 0 and labels[index - 1] == label
            frame += int(random.integers(2 if repeated else 0, 6))
            spans.append((frame, frame + int(random.integers(3, 10))))
            frame = spans[-1][1]
        frames = 0.3 * random.normal(size=(frame + int(random.integers(1, 6)), BINS))
        for label, (start, end) in zip(labels, spans, strict=True):
            frames[start:end, [2 * label, 2 * label + 3]] += 1.0
        drawn.append(
            Tune(
                id=f"{seed}-{number}",
                inputs=torch.from_numpy(frames.astype(np.float32)),
                targets=torch.from_numpy(labels),
                spans=tuple(spans),
            )
        )
    return drawn


class TonesTask(GeneratedTask):
    """Learn the order of the tones with CTC; the error is the label error rate of the best path."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        total = ctc_loss_sum(
            model.head("ctc")(encoded), encoded.lengths, batch.targets, batch.target_lengths
        )
        return LossSum(total, int(batch.target_lengths.sum()))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        rows = zip(
            model.head("ctc")(encoded),
            encoded.lengths.tolist(),
            batch.targets,
            batch.target_lengths.tolist(),
            strict=True,
        )
        return [
            (Levenshtein.distance(best_path(one[:frames]), labels[:count].tolist()), count)
            for one, frames, labels, count in rows
        ]


class EvenlyCutTask(TonesTask):
    """The same network without CTC: a tune is cut into equal parts, which label its frames."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        frames = torch.arange(batch.inputs.shape[1])
        indices = frames * batch.target_lengths[:, None] // batch.input_lengths[:, None]
        labels = batch.targets.gather(1, indices.clamp(max=batch.targets.shape[1] - 1))
        chosen = model.head("ctc")(encoded).gather(2, labels[:, :, None])[:, :, 0]
        inside = frames < batch.input_lengths[:, None]
        return LossSum(-chosen[inside].sum(), int(inside.sum()))


def tones_model() -> ModelConfig:
    return ModelConfig(
        source=FramesConfig(features=BINS),
        encoder=EncoderConfig(hidden=24, layers=1),
        heads={"ctc": CTCConfig(vocabulary=TONES + 1)},
    )


def log_probs_of(trained: TrainResult, tune: Tune) -> torch.Tensor:
    with torch.no_grad():
        encoded = trained.model.encode(tune.inputs[None], torch.tensor([len(tune.inputs)]))
        return trained.model.head("ctc")(encoded)[0]


@pytest.mark.medium
def test_ctc_labels_unsegmented_tones_and_finds_where_they_are(tmp_path: Path) -> None:
    """Claim (sections 1 and 5): CTC needs no segmented data, and beats a guessed segmentation.

    Prefix search is no worse than the best path, and forced alignment finds the tone of each label.
    """
    train_set, valid_set = tunes(1, 1200), tunes(2, 200)
    config = TrainConfig(epochs=12, batch_size=16, learning_rate=0.01, weight_decay=0.0)
    ctc = train_on(TonesTask(tones_model()), train_set, valid_set, config, tmp_path / "ctc")
    even = train_on(EvenlyCutTask(tones_model()), train_set, valid_set, config, tmp_path / "even")

    wrong = total = inside = 0
    for tune in valid_set:
        log_probs = log_probs_of(ctc, tune)
        labels = tune.targets.tolist()
        wrong += Levenshtein.distance(prefix_beam(log_probs)[0].labels, labels)
        total += len(labels)
        for found, (start, end) in zip(align(log_probs, labels), tune.spans, strict=True):
            inside += start <= (found.start_frame + found.end_frame - 1) / 2 < end
    print(f"tones: label error rate {ctc.error:.3f}, {wrong / total:.3f} by prefix beam")
    print(f"tones: {inside / total:.3f} of the labels lie on their tone; {ctc.cpu_s:.0f} s of CPU")
    print(f"tones, cut into equal parts: label error rate {even.error:.3f}")

    assert ctc.error < 0.05
    assert wrong / total <= ctc.error + 0.005
    assert inside / total > 0.95
    assert even.error > 4 * ctc.error

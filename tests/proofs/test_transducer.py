"""Graves 2012, "Sequence transduction with recurrent neural networks": labels that need labels."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, TrainResult, train_on

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.ctc import best_path
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel
from seqstudio.core.transducer import JointConfig
from seqstudio.core.transducer_search import transducer_beam

TONES = 3
LABELS = 1 + 2 * TONES  # the blank, and two names for each tone


def songs(seed: int, count: int) -> list[GeneratedExample]:
    """Draw 4 to 7 tones of 2 to 4 frames, written down in one of two notations.

    Nothing in the frames tells which. No tone follows itself. Tone t is label 1 + 2 t in one
    notation and 2 + 2 t in the other, the same one throughout a song.
    """
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        steps = random.integers(1, TONES, size=random.integers(4, 8))
        tones = np.cumsum(steps) % TONES
        frames = np.repeat(np.eye(TONES)[tones], random.integers(2, 5, size=len(tones)), axis=0)
        frames = frames + 0.1 * random.normal(size=frames.shape)
        drawn.append(
            GeneratedExample(
                id=f"{seed}-{number}",
                inputs=torch.from_numpy(frames.astype(np.float32)),
                targets=torch.from_numpy(1 + 2 * tones + random.integers(2)),
            )
        )
    return drawn


class SongTask(GeneratedTask):
    """Write down songs; a result is wrong if it is right in neither notation."""

    head: str

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        total, _ = model.head_loss(self.head, encoded, batch.targets, batch.target_lengths)
        return LossSum(total, len(batch.ids))

    @abstractmethod
    def labels(self, model: SequenceModel, batch: GeneratedBatch) -> list[tuple[int, ...]]:
        """Return the labels of each song."""

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        rows = zip(batch.targets, batch.target_lengths.tolist(), strict=True)
        tones = [(row[:count] - 1) // 2 for row, count in rows]
        valid = [{tuple((1 + 2 * row + one).tolist()) for one in (0, 1)} for row in tones]
        found = self.labels(model, batch)
        return [(float(one not in right), 1.0) for one, right in zip(found, valid, strict=True)]


class CTCSongs(SongTask):
    head = "ctc"

    def labels(self, model: SequenceModel, batch: GeneratedBatch) -> list[tuple[int, ...]]:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        rows = zip(model.head("ctc")(encoded), encoded.lengths.tolist(), strict=True)
        return [best_path(row[:frames]) for row, frames in rows]


class TransducerSongs(SongTask):
    head = "joint"

    def labels(self, model: SequenceModel, batch: GeneratedBatch) -> list[tuple[int, ...]]:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        return [found[0].labels for found in transducer_beam(model, encoded, beam=2)]


def song_model(head: PartConfig, decoder: PartConfig | None = None) -> ModelConfig:
    return ModelConfig(
        source=FramesConfig(features=TONES),
        encoder=EncoderConfig(hidden=16, layers=1),
        decoder=decoder,
        heads={head.part: head},
    )


def nats_a_song(task: SongTask, trained: TrainResult, valid: Sequence[GeneratedExample]) -> float:
    with torch.no_grad():
        loss = task.loss(trained.model, task.collate(valid, task.prepare([], None), None))
    return float(loss.total) / len(valid)


@pytest.mark.medium
def test_a_transducer_beats_ctc_where_labels_depend_on_labels(tmp_path: Path) -> None:
    """Claim (section 1): CTC's labels are independent given the input, a transducer's are not.

    To know the tones leaves one bit open, the notation: log 2 nats a song. CTC pays them for each
    label, and mixes the notations.
    """
    train_set, valid_set = songs(1, 800), songs(2, 60)
    config = TrainConfig(
        epochs=10, batch_size=16, learning_rate=0.02, weight_decay=0.0, evaluate_every=10
    )
    decoder = DecoderConfig(vocabulary=LABELS, dimension=8, hidden=16, layers=1)
    ctc = CTCSongs(song_model(CTCConfig(vocabulary=LABELS)))
    transducer = TransducerSongs(song_model(JointConfig(dimension=24), decoder))
    results = {}
    for name, task in (("ctc", ctc), ("transducer", transducer)):
        trained = train_on(task, train_set, valid_set, config, tmp_path / name)
        results[name] = trained.error, nats_a_song(task, trained, valid_set)
        print(f"songs, {name}: {results[name][0]:.2f} wrong, {results[name][1]:.2f} nats a song")
        print(f"songs, {name}: {trained.cpu_s:.0f} s of CPU")

    labels_a_song = sum(len(song.targets) for song in valid_set) / len(valid_set)
    assert results["transducer"][0] < 0.05
    assert results["ctc"][0] > results["transducer"][0] + 0.1
    assert results["transducer"][1] < 2 * np.log(2)
    assert results["ctc"][1] > 0.9 * labels_a_song * np.log(2)

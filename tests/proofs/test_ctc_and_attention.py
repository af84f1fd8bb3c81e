"""Watanabe et al. 2017, "Hybrid CTC/attention architecture for end-to-end speech recognition"."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, train_on
from rapidfuzz.distance import Levenshtein

from seqstudio.contracts.beam_search import BeamConfig, Scorer
from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.ctc_attention import ctc_attention_loss
from seqstudio.core.ctc_prefix import END, CTCPrefixScorer
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel
from seqstudio.services.beam_search import beam_search

TONES, BINS = 6, 12


def tunes(seed: int, count: int) -> list[GeneratedExample]:
    """Draw 6 to 10 tones of 2 to 4 frames, silence between equal ones, and add noise."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        labels = random.integers(1, TONES + 1, size=random.integers(6, 11))
        rows: list[int] = []
        for at, label in enumerate(labels):
            rows += [0] * int(at > 0 and labels[at - 1] == label)
            rows += [int(label)] * int(random.integers(2, 5))
        frames = 0.3 * random.normal(size=(len(rows), BINS))
        for at, label in enumerate(rows):
            if label:
                frames[at, [2 * label - 2, 2 * label - 1]] += 1.0
        inputs = torch.from_numpy(frames.astype(np.float32))
        targets = torch.from_numpy(labels)
        drawn.append(GeneratedExample(id=f"{seed}-{number}", inputs=inputs, targets=targets))
    return drawn


class UntilEnd:
    """Ends a hypothesis at the token END."""

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return bool(tokens) and tokens[-1] == END


@dataclass
class HybridTask(GeneratedTask):
    """Train with a share of CTC, decode with a weight of it; the error is that of the labels."""

    config: ModelConfig
    share: float
    weight: float = 0.0

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        targets, lengths = batch.targets, batch.target_lengths
        return LossSum(*ctc_attention_loss(model, encoded, targets, lengths, share=self.share))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        scorers: list[tuple[Scorer, float]] = []
        if self.weight:
            log_probs = model.head("ctc")(encoded)
            scorers = [(CTCPrefixScorer(log_probs, encoded.lengths), self.weight)]
        config = BeamConfig(beam=4, alpha=0.0, maximum=20)
        prompts: list[list[int]] = [[] for _ in batch.ids]
        found = beam_search(model, prompts, UntilEnd(), config, encoded=encoded, scorers=scorers)
        rows = zip(found, batch.targets.tolist(), batch.target_lengths.tolist(), strict=True)
        return [
            (
                Levenshtein.distance([t for t in best[0].tokens if t != END], labels[:count]),
                float(count),
            )
            for best, labels, count in rows
        ]


def hybrid() -> ModelConfig:
    return ModelConfig(
        source=FramesConfig(features=BINS),
        encoder=EncoderConfig(hidden=24, layers=1),
        attention=AdditiveConfig(dimension=24),
        decoder=DecoderConfig(vocabulary=TONES + 1, dimension=12, hidden=32, layers=1),
        heads={"ctc": CTCConfig(vocabulary=TONES + 1)},
    )


@pytest.mark.medium
def test_ctc_beside_attention_lowers_the_error(tmp_path: Path) -> None:
    """Claim (section 5): trained and searched with both, a model errs less than with attention.

    Attention alone drops and repeats labels; the prefix scores of CTC, whose alignment is
    monotonic, rule that out.
    """
    train_set, valid_set = tunes(1, 600), tunes(2, 60)
    config = TrainConfig(
        epochs=12, batch_size=16, learning_rate=0.01, weight_decay=0.0, evaluate_every=12
    )
    attention = HybridTask(hybrid(), share=0.0)
    joint = HybridTask(hybrid(), share=0.3, weight=2.0)
    alone = train_on(attention, train_set, valid_set, config, tmp_path / "attention")
    both = train_on(joint, train_set, valid_set, config, tmp_path / "joint")
    print(f"hybrid: label error {alone.error:.3f} with attention alone, {both.error:.3f} with CTC")
    print(f"hybrid: {both.cpu_s:.0f} s of CPU")

    assert both.error < 0.5 * alone.error
    assert both.error < 0.06

"""A small recogniser with CTC and attention over frames, whose loss has settings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from letters_task import LettersSettings
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seqstudio.api import (
    Batch,
    Draws,
    Example,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
    TrainConfig,
)
from seqstudio.api.nn import (
    AdditiveConfig,
    CTCConfig,
    DecoderConfig,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
    cross_entropy_sum,
    joint_sum,
)

FRAMES = 3  # of a letter
LETTERS = 5


@dataclass(frozen=True, kw_only=True)
class TranscribeOptions:
    """The options of this task."""

    smoothing: float = 0.0  # of the labels of the attention loss
    ctc_share: float = 0.5  # of the CTC loss; the attention loss has the rest
    hidden: int = 16


@dataclass(frozen=True, kw_only=True)
class TranscribeSettings(LettersSettings):
    """The settings stored in the bundle."""

    smoothing: float
    ctc_share: float


@dataclass(frozen=True, kw_only=True)
class Frames(Batch):
    """`frames` (B, T, 5) float, `tokens` (B, U) int64, and the lengths of both."""

    frames: Tensor
    frame_lengths: Tensor
    tokens: Tensor
    lengths: Tensor


class TranscribeTask:
    """Each letter sounds for three frames, in a channel of its own."""

    name = "letters.transcribe"
    presets: Mapping[str, Preset] = {
        "tiny": Preset(
            train=TrainConfig(epochs=2, batch_size=4, learning_rate=0.02),
            options=TranscribeOptions(),
        )
    }
    settings_type: type = TranscribeSettings
    monitor = "nll_per_token"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        for number, line in enumerate(source.read_text("utf-8").splitlines(), start=1):
            split, text = line.split("\t")
            ledger.use(f"{number}")
            tokens = tuple(ord(letter) - ord("a") for letter in text)
            yield Example(id=f"{number}", split=split, tokens=tokens)

    def prepare(self, examples: Sequence[Example], options: TranscribeOptions) -> Preparation:
        hidden = options.hidden
        return Preparation(
            settings=TranscribeSettings(
                letters="abcde", smoothing=options.smoothing, ctc_share=options.ctc_share
            ),
            model=ModelConfig(
                source=FramesConfig(features=LETTERS),
                encoder=EncoderConfig(hidden=hidden, layers=1),
                attention=AdditiveConfig(dimension=8),
                decoder=DecoderConfig(vocabulary=LETTERS, hidden=hidden, layers=1),
                heads={"ctc": CTCConfig(vocabulary=LETTERS + 1)},
            ),
            buffers={"loss": torch.tensor([options.smoothing, options.ctc_share])},
        )

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return list(examples)

    def length(self, example: Example) -> int:
        return len(example.tokens)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> Frames:
        tokens = [torch.tensor(example.tokens) for example in examples]
        sounds = [torch.eye(LETTERS)[row].repeat_interleave(FRAMES, dim=0) for row in tokens]
        lengths = torch.tensor([len(row) for row in tokens])
        return Frames(
            ids=tuple(example.id for example in examples),
            frames=pad_sequence(sounds, batch_first=True),
            frame_lengths=FRAMES * lengths,
            tokens=pad_sequence(tokens, batch_first=True),
            lengths=lengths,
        )

    def loss(self, model: Any, batch: Frames) -> LossSum:
        smoothing, share = model.task_buffers["loss"].tolist()
        encoded = model.encode(batch.frames, batch.frame_lengths)
        ctc = model.head("ctc").loss(encoded, batch.tokens + 1, batch.lengths)
        logits = model.decode(batch.tokens, batch.lengths, encoded=encoded)
        attention = cross_entropy_sum(logits, batch.tokens, batch.lengths, smoothing=smoothing)
        total, count = joint_sum(ctc, attention, share)
        return LossSum(total, count, {"ctc": ctc[0].detach(), "attention": attention[0].detach()})

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        for example in examples:
            batch = self.collate([example], model.preparation, None)
            with torch.inference_mode():
                encoded = model.module.encode(batch.frames, batch.frame_lengths)
                logits = model.module.decode(batch.tokens, batch.lengths, encoded=encoded)
                ctc, _ = model.module.head("ctc").loss(encoded, batch.tokens + 1, batch.lengths)
                nats, count = cross_entropy_sum(logits, batch.tokens, batch.lengths)
            probs = logits.softmax(dim=-1).max(dim=-1).values
            sums = {
                "nll_per_token": (float(nats), float(count)),
                "ctc_per_token": (float(ctc), float(count)),
                "confidence": (float(probs.sum()), float(count)),
            }
            yield Measurement(id=example.id, sums=sums)

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        return PreviewResult(text="")

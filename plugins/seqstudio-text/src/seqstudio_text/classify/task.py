"""The task `text.classify`: one label for each text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    settings_as,
)
from seqstudio.api.nn import LabelConfig, ModelConfig
from seqstudio_text.labelled import LabelledText, read_labelled
from seqstudio_text.parts import EMPTY, BesideConfig, FeaturesConfig, pad_features
from seqstudio_text.words import split_words, word_features

HEAD = "label"
MOST_WORDS = 400  # of a text that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyOptions:
    """The options of `text.classify` besides the training settings."""

    buckets: int = 32768
    dimension: int = 64
    hidden: int = 32
    dropout: float = 0.5
    word_dropout: float = 0.1
    smoothing: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifySettings:
    """What a trained model stores besides its weights."""

    labels: tuple[str, ...]
    buckets: int
    word_dropout: float


@dataclass(frozen=True, kw_only=True)
class LabelBatch(Batch):
    """Padded features of words, and labels."""

    inputs: Tensor  # (B, T, N) int64, padded with -1
    lengths: Tensor  # (B,) int64, words
    labels: Tensor  # (B, 1) int64; -1 if unknown to the model


class ClassifyTask:
    """Trains and measures classifiers of texts."""

    name = "text.classify"
    settings_type: type = ClassifySettings
    monitor = "error"
    presets: Mapping[str, Preset] = {
        "small": Preset(
            train=TrainConfig(
                epochs=10, batch_size=32, learning_rate=6e-3, clip_norm=1.0, weight_decay=1e-4
            ),
            options=ClassifyOptions(),
        )
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[LabelledText]:
        """Read a TSV, SPLIT.tsv files, or a folder for each label."""
        return read_labelled(source, ledger)

    def prepare(self, examples: Sequence[LabelledText], options: ClassifyOptions) -> Preparation:
        """Collect the labels, and configure the model.

        Raises
        ------
        DataError
            If there are fewer than two labels.
        """
        labels = tuple(sorted({example.label for example in examples}))
        if len(labels) < 2:
            raise DataError(f"labels {', '.join(labels)}, expected at least 2")
        if not 0.0 <= options.word_dropout < 1.0:
            raise ConfigError(f"word_dropout={options.word_dropout}, expected 0 to below 1")
        model = ModelConfig(
            source=FeaturesConfig(
                buckets=options.buckets, dimension=options.dimension, dropout=options.dropout
            ),
            encoder=BesideConfig(hidden=options.hidden, dropout=options.dropout),
            heads={HEAD: LabelConfig(vocabulary=len(labels), smoothing=options.smoothing)},
        )
        settings = ClassifySettings(
            labels=labels, buckets=options.buckets, word_dropout=options.word_dropout
        )
        return Preparation(settings=settings, model=model)

    def preflight(
        self, examples: Sequence[LabelledText], preparation: Preparation, ledger: Ledger
    ) -> list[LabelledText]:
        """Refuse texts without a word."""
        kept = []
        for example in examples:
            if split_words(example.text):
                kept.append(example)
            else:
                ledger.refuse(example.where, "no word, expected some")
        return kept

    def length(self, example: LabelledText) -> int:
        """Return the number of characters."""
        return len(example.text)

    def collate(
        self, examples: Sequence[LabelledText], preparation: Preparation, draws: Draws | None
    ) -> LabelBatch:
        """Pad the words; with `draws`, some words are hidden."""
        settings = classify_settings(preparation.settings)
        inputs, lengths = text_inputs([example.text for example in examples], settings.buckets)
        if draws is not None and settings.word_dropout:
            for row, example in enumerate(examples):
                drawn = draws.generator(example.id).random(inputs.shape[1])
                inputs[row, torch.from_numpy(drawn < settings.word_dropout)] = EMPTY
        known = {label: number for number, label in enumerate(settings.labels)}
        labels = torch.tensor([[known.get(example.label, -1)] for example in examples])
        ids = tuple(example.id for example in examples)
        return LabelBatch(ids=ids, inputs=inputs, lengths=lengths, labels=labels)

    def loss(self, model: Any, batch: LabelBatch) -> LossSum:
        """Return the sum of the cross entropies of the labels."""
        encoded = model.encode(batch.inputs, batch.lengths)
        lengths = (batch.labels[:, 0] >= 0).long()
        return LossSum(*model.head_loss(HEAD, encoded, batch.labels.clamp(min=0), lengths))

    def measure(
        self, model: LoadedModel, examples: Iterable[LabelledText]
    ) -> Iterator[Measurement]:
        """Yield for each text whether the likeliest label is its own."""
        labels = classify_settings(model.settings).labels
        for example in examples:
            probabilities = label_probabilities(model, example.text)
            found = labels[int(probabilities.argmax())]
            right = float(found == example.label)
            yield Measurement(
                id=example.id,
                sums={"error": (1.0 - right, 1.0), "accuracy": (right, 1.0)},
                detail={"label": example.label, "found": found},
            )

    def preview(
        self, model: LoadedModel, examples: Sequence[LabelledText], seed: int
    ) -> PreviewResult:
        """Classify the first texts."""
        labels = classify_settings(model.settings).labels
        lines = []
        for example in examples[:8]:
            probabilities = label_probabilities(model, example.text)
            at = int(probabilities.argmax())
            lines.append(
                f"{labels[at]} {100 * float(probabilities[at]):.0f} %: {example.text[:80]}"
            )
        return PreviewResult(text="\n".join(lines))


def classify_settings(settings: object) -> ClassifySettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, ClassifySettings, "text.classify")


def text_inputs(texts: Sequence[str], buckets: int) -> tuple[Tensor, Tensor]:
    """Return the padded features of the words of texts, and how many words each has."""
    words = [[word.text for word in split_words(text)][:MOST_WORDS] or [""] for text in texts]
    return pad_features([word_features(each, buckets) for each in words])


def label_probabilities(model: LoadedModel, text: str) -> Tensor:
    """Return the (V,) probabilities of the labels of a text."""
    inputs, lengths = text_inputs([text], classify_settings(model.settings).buckets)
    with torch.inference_mode():
        encoded = model.module.encode(inputs.to(model.device), lengths)
        logits: Tensor = model.module.head(HEAD)(encoded)
    return logits[0].float().softmax(dim=-1).cpu()

"""The task `text.tag`: spans of words, such as named entities."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    settings_as,
)
from seqstudio.api.nn import EncoderConfig, ModelConfig
from seqstudio_text.parts import BesideConfig, FeaturesConfig, pad_features
from seqstudio_text.tag.crf import CrfConfig
from seqstudio_text.tag.data import TaggedSentence, read_tagged
from seqstudio_text.tag.lists import list_features
from seqstudio_text.tag.spans import numbers_to_tags, spans_of, tags_to_numbers
from seqstudio_text.words import shape_features, word_features

HEAD = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagOptions:
    """The options of `text.tag` besides the training settings."""

    buckets: int = 32768
    dimension: int = 64
    hidden: int = 64
    dropout: float = 0.5
    word_dropout: float = 0.3
    lowered: float = 0.1
    lists: bool = True
    outside: float = 1.0

    def __post_init__(self) -> None:
        EncoderConfig(hidden=self.hidden, dropout=self.dropout)
        for name in ("word_dropout", "lowered"):
            if not 0.0 <= (value := getattr(self, name)) < 1.0:
                raise ConfigError(f"{name}={value}, expected 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSettings:
    """What a trained model stores besides its weights."""

    kinds: tuple[str, ...]
    buckets: int
    word_dropout: float
    outside: float
    lowered: float = 0.0
    lists: bool = False


@dataclass(frozen=True, kw_only=True)
class TagBatch(Batch):
    """Padded features of words, and the numbers of their tags."""

    inputs: Tensor  # (B, T, N) int64, padded with -1
    lengths: Tensor  # (B,) int64, words
    tags: Tensor  # (B, T) int64


class TagTask:
    """Trains and measures taggers."""

    name = "text.tag"
    settings_type: type = TagSettings
    monitor = "f1_error"
    presets: Mapping[str, Preset] = {
        "small": Preset(
            train=TrainConfig(
                epochs=12, batch_size=32, learning_rate=6e-3, clip_norm=1.0, weight_decay=1e-4
            ),
            options=TagOptions(),
        )
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[TaggedSentence]:
        """Read a CoNLL file, or SPLIT.conll files in a folder."""
        return read_tagged(source, ledger)

    def prepare(self, examples: Sequence[TaggedSentence], options: TagOptions) -> Preparation:
        """Collect the kinds of spans, and configure the model.

        Raises
        ------
        DataError
            If there is no span.
        """
        kinds = tuple(sorted({tag[2:] for example in examples for tag in example.tags} - {""}))
        if not kinds:
            raise DataError("no span in the training data, expected tags such as B-person")
        model = ModelConfig(
            source=FeaturesConfig(
                buckets=options.buckets, dimension=options.dimension, dropout=options.dropout
            ),
            encoder=BesideConfig(hidden=options.hidden, dropout=options.dropout),
            heads={HEAD: CrfConfig(kinds=len(kinds))},
        )
        settings = TagSettings(
            kinds=kinds,
            buckets=options.buckets,
            word_dropout=options.word_dropout,
            outside=options.outside,
            lowered=options.lowered,
            lists=options.lists,
        )
        return Preparation(settings=settings, model=model)

    def preflight(
        self, examples: Sequence[TaggedSentence], preparation: Preparation, ledger: Ledger
    ) -> list[TaggedSentence]:
        """Return all sentences: what cannot be used was refused when it was read."""
        return list(examples)

    def length(self, example: TaggedSentence) -> int:
        """Return the number of words."""
        return len(example.words)

    def collate(
        self, examples: Sequence[TaggedSentence], preparation: Preparation, draws: Draws | None
    ) -> TagBatch:
        """Pad the words; with `draws`, some are changed, see `changed_features`."""
        settings = tag_settings(preparation.settings)
        rows = [
            features(example.words, settings)
            if draws is None
            else changed_features(example.words, settings, draws.generator(example.id))
            for example in examples
        ]
        inputs, lengths = pad_features(rows)
        tags = torch.zeros(inputs.shape[:2], dtype=torch.int64)
        for row, example in enumerate(examples):
            numbers = tags_to_numbers(example.tags, settings.kinds)
            tags[row, : len(numbers)] = torch.tensor(numbers)
        ids = tuple(example.id for example in examples)
        return TagBatch(ids=ids, inputs=inputs, lengths=lengths, tags=tags)

    def loss(self, model: Any, batch: TagBatch) -> LossSum:
        """Return minus the log probability of the tags."""
        encoded = model.encode(batch.inputs, batch.lengths)
        return LossSum(*model.head_loss(HEAD, encoded, batch.tags, batch.lengths))

    def measure(
        self, model: LoadedModel, examples: Iterable[TaggedSentence]
    ) -> Iterator[Measurement]:
        """Yield the spans found, missed and wrong; a span counts if its words and kind are right.

        Pooled, `f1` is the F1 of CoNLL 2003 (Tjong Kim Sang and De Meulder 2003).
        """
        for example in examples:
            expected = spans_of(example.tags)
            found = spans_of(tag_words(model, example.words))
            right, both = len(expected & found), len(expected) + len(found)
            sums = {
                "f1_error": (float(both - 2 * right), float(both)),
                "f1": (2.0 * right, float(both)),
                "precision": (float(right), float(len(found))),
                "recall": (float(right), float(len(expected))),
            }
            yield Measurement(id=example.id, sums=sums)

    def preview(
        self, model: LoadedModel, examples: Sequence[TaggedSentence], seed: int
    ) -> PreviewResult:
        """Tag the first sentences."""
        lines = []
        for example in examples[:8]:
            tags = tag_words(model, example.words)
            lines.append(" ".join(
                f"{word}/{tag}" if tag != "O" else word
                for word, tag in zip(example.words, tags, strict=True)
            ))  # fmt: skip
        return PreviewResult(text="\n".join(lines))


def tag_settings(settings: object) -> TagSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, TagSettings, "text.tag")


def features(
    words: Sequence[str], settings: TagSettings, hidden: Sequence[bool] | None = None
) -> list[list[int]]:
    """Return the features of words; of a hidden one only how it looks, and which lists have it."""
    content = word_features(words, settings.buckets, pairs=False)
    looks = shape_features(words, settings.buckets)
    if settings.lists:
        listed = list_features(words, settings.buckets)
        looks = [[*look, *more] for look, more in zip(looks, listed, strict=True)]
    return [
        look if hide else [*one, *look]
        for one, look, hide in zip(content, looks, hidden or [False] * len(words), strict=True)
    ]


def changed_features(
    words: Sequence[str], settings: TagSettings, generator: np.random.Generator
) -> list[list[int]]:
    """Return features for training: some words hidden, some sentences in small letters."""
    hidden = (generator.random(len(words)) < settings.word_dropout).tolist()
    if generator.random() < settings.lowered:
        words = [word.lower() for word in words]
    return features(words, settings, hidden)


def tag_words(model: LoadedModel, words: Sequence[str]) -> list[str]:
    """Return the likeliest tags of the words of a sentence."""
    settings = tag_settings(model.settings)
    inputs, lengths = pad_features([features(words, settings)])
    with torch.inference_mode():
        encoded = model.module.encode(inputs.to(model.device), lengths)
        (numbers,) = model.module.head(HEAD).best(encoded, outside=settings.outside)
    return numbers_to_tags(numbers, settings.kinds)

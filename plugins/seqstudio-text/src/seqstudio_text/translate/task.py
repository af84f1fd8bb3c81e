"""The task `text.translate`: an encoder-decoder with attention."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from seqstudio.api import (
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
from seqstudio.api.nn import (
    AdditiveConfig,
    DecoderConfig,
    DotConfig,
    EncoderConfig,
    FinalStateConfig,
    ModelConfig,
    PairBatch,
    PooledConfig,
    TokensConfig,
    cross_entropy_sum,
    pad,
)
from seqstudio_text.translate.bleu import sentence_statistics
from seqstudio_text.translate.data import ParallelLine, read_parallel
from seqstudio_text.translate.search import translate_lines
from seqstudio_text.translate.settings import (
    BUFFER,
    TranslateSettings,
    source_batch,
    translate_settings,
)
from seqstudio_text.translate.subwords import Subwords

AT_ONCE = 32  # lines that are measured in one batch


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateOptions:
    """The options of `text.translate` besides the training settings."""

    source: str = "en"
    target: str = "de"
    subwords: int = 4000
    dimension: int = 256
    hidden: int = 256
    attention: Literal["additive", "dot", "none"] = "dot"
    dropout: float = 0.3
    reverse: bool = False
    smoothing: float = 0.1

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise ConfigError(f"target={self.target!r}, expected another language than the source")


@dataclass(frozen=True, kw_only=True)
class SmoothedBatch(PairBatch):
    """Padded units of sources and targets, each target with its end."""

    smoothing: float  # of the labels, in training


class TranslateTask:
    """Trains and measures translators."""

    name = "text.translate"
    settings_type: type = TranslateSettings
    monitor = "nats_per_unit"
    presets: Mapping[str, Preset] = {
        "small": Preset(
            train=TrainConfig(
                epochs=12,
                batch_size=64,
                bucket=50,
                learning_rate=2e-3,
                clip_norm=1.0,
                ema=0.998,
                evaluate_every=3,
                average=2,
            ),
            options=TranslateOptions(),
        )
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[ParallelLine]:
        """Read files SPLIT.LANGUAGE of a folder."""
        return read_parallel(source, ledger)

    def prepare(self, examples: Sequence[ParallelLine], options: TranslateOptions) -> Preparation:
        """Learn the subword units, and configure the model.

        Raises
        ------
        DataError
            If a language is not in the data.
        """
        pair = options.source, options.target
        for language in pair:
            if language not in examples[0].texts:
                known = ", ".join(examples[0].texts)
                raise DataError(f"no lines of {language!r}, expected one of {known}")
        texts = (example.texts[language] for example in examples for language in pair)
        learned = Subwords.learned(texts, options.subwords)
        size = Subwords.stored(learned).size
        settings = TranslateSettings(
            source=options.source,
            target=options.target,
            reverse=options.reverse,
            smoothing=options.smoothing,
        )
        model = model_config(options, size)
        return Preparation(settings=settings, model=model, buffers={BUFFER: learned})

    def preflight(
        self, examples: Sequence[ParallelLine], preparation: Preparation, ledger: Ledger
    ) -> list[ParallelLine]:
        """Return all lines: what cannot be used was refused when it was read."""
        return list(examples)

    def length(self, example: ParallelLine) -> int:
        """Return the number of characters in the longest language."""
        return max(map(len, example.texts.values()))

    def collate(
        self, examples: Sequence[ParallelLine], preparation: Preparation, draws: Draws | None
    ) -> SmoothedBatch:
        """Pad the units of both languages."""
        settings = translate_settings(preparation.settings)
        subwords = Subwords.stored(preparation.buffers[BUFFER])
        inputs, lengths = source_batch(
            subwords, [e.texts[settings.source] for e in examples], reverse=settings.reverse
        )
        targets, target_lengths = pad(
            [subwords.numbers(example.texts[settings.target]) for example in examples]
        )
        return SmoothedBatch(
            ids=tuple(example.id for example in examples),
            inputs=inputs,
            lengths=lengths,
            targets=targets,
            target_lengths=target_lengths,
            smoothing=settings.smoothing if draws is not None else 0.0,
        )

    def loss(self, model: Any, batch: SmoothedBatch) -> LossSum:
        """Return the sum of the cross entropies of the target's units."""
        encoded = model.encode(batch.inputs, batch.lengths)
        logits = model.decode(batch.targets, batch.target_lengths, encoded=encoded)
        return LossSum(
            *cross_entropy_sum(
                logits, batch.targets, batch.target_lengths, smoothing=batch.smoothing
            )
        )

    def measure(
        self, model: LoadedModel, examples: Iterable[ParallelLine]
    ) -> Iterator[Measurement]:
        """Yield nats a unit, and what BLEU counts, of the best translation of each line."""
        settings = translate_settings(model.settings)
        lines = list(examples)
        for first in range(0, len(lines), AT_ONCE):
            some = lines[first : first + AT_ONCE]
            batch = self.collate(some, model.preparation, None).to(model.device)
            with torch.inference_mode():
                encoded = model.module.encode(batch.inputs, batch.lengths)
                log_probs = model.module.log_probs(
                    batch.targets, batch.target_lengths, encoded=encoded
                )
            found = translate_lines(model, [e.texts[settings.source] for e in some])
            totals = (-log_probs.double().sum(dim=1)).tolist()
            for example, total, best, size in zip(
                some, totals, found, batch.target_lengths.tolist(), strict=True
            ):
                expected = example.texts[settings.target]
                yield Measurement(
                    id=example.id,
                    sums={self.monitor: (total, float(size))},
                    detail={
                        "found": best[0].text,
                        **sentence_statistics(best[0].text, expected),
                    },
                )

    def preview(
        self, model: LoadedModel, examples: Sequence[ParallelLine], seed: int
    ) -> PreviewResult:
        """Translate the first lines."""
        settings = translate_settings(model.settings)
        lines = [example.texts[settings.source] for example in examples[:6]]
        found = translate_lines(model, lines) if lines else []
        pairs = (f"{a}\n  {b[0].text}" for a, b in zip(lines, found, strict=True))
        return PreviewResult(text="\n".join(pairs))


def model_config(options: TranslateOptions, size: int) -> ModelConfig:
    """Return an encoder-decoder over so many units (Bahdanau et al. 2015, or Luong et al. 2015).

    The decoder's first layer attends, its second reads the context, as in Wu et al. 2016. Without
    attention the decoder has only the encoder's final state (Sutskever et al. 2014).
    """
    attends, rate = options.attention != "none", options.dropout
    kind = AdditiveConfig if options.attention == "additive" else DotConfig
    return ModelConfig(
        source=TokensConfig(vocabulary=size, dimension=options.dimension, dropout=rate),
        encoder=EncoderConfig(hidden=options.hidden, layers=1, output_dropout=rate),
        bridge=PooledConfig() if attends else FinalStateConfig(),
        attention=kind(dimension=options.hidden) if attends else None,
        decoder=DecoderConfig(
            vocabulary=size,
            dimension=options.dimension,
            hidden=options.hidden,
            layers=2,
            dropout=rate,
            input_dropout=rate,
            output_dropout=rate,
            attends_early=attends,
            readout=options.dimension if attends else 0,
            tied=attends,
        ),
    )

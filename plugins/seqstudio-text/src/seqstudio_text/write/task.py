"""The task `text.write`: a language model of characters."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqstudio.api import (
    Batch,
    DataError,
    Draws,
    Example,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
    SamplingConfig,
    TakeSeed,
    TrainConfig,
    settings_as,
)
from seqstudio.api.nn import DecoderConfig, ModelConfig, pad
from seqstudio_text.files import read_lines, split_files
from seqstudio_text.write.alphabet import UNKNOWN, Alphabet
from seqstudio_text.write.ngrams import NGramsConfig
from seqstudio_text.write.sampling import continue_text

PASSAGE = 400  # characters to which lines are joined
LONGEST_LINE = 20_000  # characters; longer lines are cut into passages
RAREST = 3  # times that a character must occur to be in the alphabet
UNSEEN_BITS = 16.0  # of a character outside the alphabet, beside those of "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """The options of `text.write` besides the training settings."""

    hidden: int = 256
    layers: int = 1
    dimension: int = 64
    dropout: float = 0.0
    ngrams: int = 5
    buckets: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSettings:
    """What a trained model stores besides its weights."""

    characters: str  # of the alphabet, in the order of their numbers


@dataclass(frozen=True, kw_only=True)
class Passage(Example):
    """Some lines of a text."""

    text: str
    where: str


@dataclass(frozen=True, kw_only=True)
class CharacterBatch(Batch):
    """Padded characters of passages, each with its end."""

    characters: Tensor  # (B, U) int64
    lengths: Tensor  # (B,) int64


class WriteTask:
    """Trains and measures writers."""

    name = "text.write"
    settings_type: type = WriteSettings
    monitor = "bits_per_character"
    presets: Mapping[str, Preset] = {
        "small": Preset(
            train=TrainConfig(
                epochs=6,
                batch_size=32,
                learning_rate=5e-3,
                clip_norm=1.0,
                ema=0.995,
                evaluate_every=2,
                valid_share=0.02,
            ),
            options=WriteOptions(hidden=320, dimension=32, ngrams=1),
        )
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[Passage]:
        """Read a text file, SPLIT.txt files in a folder, or all text files of a folder."""
        files = [("", source)]
        if source.is_dir():
            files = split_files(source, ".txt")
            files = files or [("", path) for path in sorted(source.rglob("*.txt"))]
        for split, path in files:
            try:
                lines = read_lines(path)
            except DataError as error:
                ledger.refuse(path.name, str(error))
                continue
            ledger.use(path.name)
            for number, text in passages(lines):
                where = f"{path.name}:{number}"
                yield Passage(id=where, split=split, text=text, where=where)

    def prepare(self, examples: Sequence[Passage], options: WriteOptions) -> Preparation:
        """Collect the alphabet, and configure the model.

        Raises
        ------
        DataError
            If no character occurs often enough.
        """
        counts = Counter(character for example in examples for character in example.text)
        characters = "".join(sorted(c for c, count in counts.items() if count >= RAREST))
        if not characters:
            raise DataError(f"no character occurs {RAREST} times, expected more text")
        past: tuple[NGramsConfig, ...] = ()
        if options.ngrams > 1:
            past = (NGramsConfig(order=options.ngrams, buckets=options.buckets),)
        decoder = DecoderConfig(
            vocabulary=Alphabet(characters).size,
            dimension=options.dimension,
            hidden=options.hidden,
            layers=options.layers,
            dropout=options.dropout if options.layers > 1 else 0.0,
            past=past,
            past_output=bool(past),
        )
        settings = WriteSettings(characters=characters)
        return Preparation(settings=settings, model=ModelConfig(decoder=decoder))

    def preflight(
        self, examples: Sequence[Passage], preparation: Preparation, ledger: Ledger
    ) -> list[Passage]:
        """Return all passages; count the characters that are not in the alphabet."""
        known = set(write_settings(preparation.settings).characters)
        unknown = sum(character not in known for one in examples for character in one.text)
        if unknown:
            ledger.count("characters outside the alphabet", unknown)
        return list(examples)

    def length(self, example: Passage) -> int:
        """Return the number of characters."""
        return len(example.text)

    def collate(
        self, examples: Sequence[Passage], preparation: Preparation, draws: Draws | None
    ) -> CharacterBatch:
        """Pad passages."""
        alphabet = Alphabet(write_settings(preparation.settings).characters)
        characters, lengths = pad([alphabet.numbers(one.text, ended=True) for one in examples])
        ids = tuple(example.id for example in examples)
        return CharacterBatch(ids=ids, characters=characters, lengths=lengths)

    def loss(self, model: Any, batch: CharacterBatch) -> LossSum:
        """Return the sum of nats over the characters."""
        log_probs = model.log_probs(batch.characters, batch.lengths)
        return LossSum(-log_probs.sum(), batch.lengths.sum())

    def measure(self, model: LoadedModel, examples: Iterable[Passage]) -> Iterator[Measurement]:
        """Yield the bits of each passage and its end, each from an empty state.

        A character outside the alphabet costs its "unknown" and 16 bits more.
        """
        for example in examples:
            batch = self.collate([example], model.preparation, None)
            with torch.inference_mode():
                log_probs = model.module.log_probs(
                    batch.characters.to(model.device), batch.lengths.to(model.device)
                )
            unseen = UNSEEN_BITS * float((batch.characters == UNKNOWN).sum())
            bits = -float(log_probs.double().sum()) / math.log(2) + unseen
            yield Measurement(id=example.id, sums={self.monitor: (bits, float(batch.lengths[0]))})

    def preview(self, model: LoadedModel, examples: Sequence[Passage], seed: int) -> PreviewResult:
        """Write 300 characters."""
        alphabet = Alphabet(write_settings(model.settings).characters)
        config = SamplingConfig(temperature=0.7)
        (text,) = continue_text(model, alphabet, "", 300, [TakeSeed(1, seed)], config)
        return PreviewResult(text=text)


def write_settings(settings: object) -> WriteSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, WriteSettings, "text.write")


def passages(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Join lines to passages, and cut long lines; yield each with the number of its first line."""
    joined, first = "", 1
    for number, line in enumerate(lines, start=1):
        if joined and len(joined) + len(line) >= PASSAGE:
            yield first, joined
            joined = ""
        if len(line) > LONGEST_LINE:
            yield from (
                (number, line[start : start + PASSAGE]) for start in range(0, len(line), PASSAGE)
            )
            continue
        first = first if joined else number
        joined = f"{joined}\n{line}" if joined else line
    if joined:
        yield first, joined

"""A test plugin with a small real model: it learns words letter by letter."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seqstudio.api import (
    Batch,
    DataError,
    Draws,
    Example,
    Job,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Operation,
    Preparation,
    Preset,
    PreviewResult,
    Request,
    Result,
    SamplingConfig,
    Task,
    TrainConfig,
    hookimpl,
)
from seqstudio.api.nn import DecoderConfig, ModelConfig, cross_entropy_sum

LETTERS = "abcde"


@dataclass(frozen=True)
class NoSettings:
    """No options and no settings."""


@dataclass(frozen=True, kw_only=True)
class Words(Batch):
    """Padded words: `tokens` (B, U) int64, `lengths` (B,) int64."""

    tokens: torch.Tensor
    lengths: torch.Tensor


class Spelling:
    """A language model over words of five different letters, one word per line."""

    name = "letters.words"
    presets: Mapping[str, Preset] = {
        "tiny": Preset(train=TrainConfig(epochs=1, batch_size=4), options=NoSettings())
    }
    settings_type: type = NoSettings
    monitor = "nll_per_token"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        if source.suffix != ".txt":
            raise DataError(f"{source}: expected a .txt file")
        for number, word in enumerate(source.read_text().split(), start=1):
            ledger.use(f"{source}:{number}")
            yield Example(id=f"{number}", tokens=tuple(LETTERS.index(letter) for letter in word))

    def prepare(self, examples: Sequence[Example], options: NoSettings) -> Preparation:
        decoder = DecoderConfig(vocabulary=len(LETTERS), dimension=4, hidden=16)
        return Preparation(settings=NoSettings(), model=ModelConfig(decoder=decoder))

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return list(examples)

    def length(self, example: Example) -> int:
        return len(example.tokens)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> Words:
        rows = [torch.tensor(example.tokens) for example in examples]
        return Words(
            ids=tuple(example.id for example in examples),
            tokens=torch.nn.utils.rnn.pad_sequence(rows, batch_first=True),
            lengths=torch.tensor([len(row) for row in rows]),
        )

    def loss(self, model: Any, batch: Words) -> LossSum:
        logits = model.decode(batch.tokens, batch.lengths)
        return LossSum(*cross_entropy_sum(logits, batch.tokens, batch.lengths))

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        for example in examples:
            with torch.inference_mode():
                loss = self.loss(model.module, self.collate([example], model.preparation, None))
            sums = {"nll_per_token": (float(loss.total), float(loss.count))}
            yield Measurement(id=example.id, sums=sums)

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        return PreviewResult(text="")


class Length:
    """Guides sampling to words of a fixed length."""

    def __init__(self, length: int) -> None:
        self.length = length

    def allowed(self, row: int, tokens: Sequence[int]) -> torch.Tensor | None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= self.length


class Spell:
    """Spells a word for each take."""

    name = "spell"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        length = request.options["length"]
        job.model()
        words: list[list[int]] = [[] for _ in request.takes]
        prompts = [()] * len(words)
        samples = job.sample(prompts, request.takes, Length(length), SamplingConfig())
        for count, (row, token) in enumerate(samples, start=1):
            words[row].append(token)
            job.progress(count / (length * len(words)))
        for take, word in zip(request.takes, words, strict=True):
            text = "".join(LETTERS[token] for token in word)
            yield Result(outputs={"word": text}, take=take.number, summary=text)


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    return [Spelling()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    return [Spell()]

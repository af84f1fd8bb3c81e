"""A small task on the real core: a language model over lines of letters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqstudio.contracts.data import Batch, Draws, Example, Ledger, LossSum, Measurement
from seqstudio.contracts.job import LoadedModel, SamplingConfig, TakeSeed
from seqstudio.contracts.task import Preparation, Preset, PreviewResult, TrainConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.errors import DataError

SEPARATOR = "\t"


@dataclass(frozen=True, kw_only=True)
class LettersOptions:
    """The options of this task."""

    hidden: int = 12
    layers: int = 2
    dropout: float = 0.2
    shift: bool = True
    lags: tuple[int, ...] = (1, 2)


@dataclass(frozen=True, kw_only=True)
class LettersSettings:
    """The settings stored in the bundle."""

    letters: str


@dataclass(frozen=True, kw_only=True)
class LettersBatch(Batch):
    """`tokens` (B, U) int64 and `lengths` (B,) int64."""

    tokens: Tensor
    lengths: Tensor


class LettersTask:
    """Lines of letters: `split<TAB>text`, or text alone. A line with a digit is refused."""

    name = "letters.lines"
    presets: Mapping[str, Preset] = {
        "tiny": Preset(
            train=TrainConfig(epochs=3, batch_size=4, bucket=2, learning_rate=0.02, average=2),
            options=LettersOptions(),
        )
    }
    settings_type: type = LettersSettings
    monitor = "nll_per_token"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        if source.suffix != ".txt":
            raise DataError(f"{source}: expected a .txt file of letters")
        for number, line in enumerate(source.read_text("utf-8").splitlines(), start=1):
            split, _, text = line.rpartition(SEPARATOR)
            where = f"{source.name}:{number}"
            if any(letter.isdigit() for letter in text):
                ledger.refuse(where, "a digit, expected only letters")
                continue
            ledger.use(where)
            tokens = tuple(ord(letter) - ord("a") for letter in text)
            yield Example(id=where, split=split, tokens=tokens)

    def prepare(self, examples: Sequence[Example], options: LettersOptions) -> Preparation:
        top = 1 + max(token for example in examples for token in example.tokens)
        letters = "".join(chr(ord("a") + token) for token in range(top))
        decoder = DecoderConfig(
            vocabulary=top,
            dimension=8,
            hidden=options.hidden,
            layers=options.layers,
            dropout=options.dropout,
        )
        counts = torch.zeros(top)
        for example in examples:
            counts += torch.bincount(torch.tensor(example.tokens), minlength=top)
        return Preparation(
            settings=LettersSettings(letters=letters),
            model=ModelConfig(decoder=decoder),
            buffers={"counts": counts},
        )

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return [example for example in examples if example.tokens]

    def length(self, example: Example) -> int:
        return len(example.tokens)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> LettersBatch:
        rows = [torch.tensor(self._shifted(e, preparation, draws)) for e in examples]
        return LettersBatch(
            ids=tuple(example.id for example in examples),
            tokens=torch.nn.utils.rnn.pad_sequence(rows, batch_first=True),
            lengths=torch.tensor([len(row) for row in rows]),
        )

    def _shifted(
        self, example: Example, preparation: Preparation, draws: Draws | None
    ) -> tuple[int, ...]:
        if draws is None:
            return example.tokens
        size = len(preparation.settings.letters)
        shift = int(draws.generator(example.id).integers(2))
        return tuple((token + shift) % size for token in example.tokens)

    def loss(self, model: Any, batch: LettersBatch) -> LossSum:
        logits = model.decode(batch.tokens, batch.lengths)
        return LossSum(*cross_entropy_sum(logits, batch.tokens, batch.lengths))

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        for example in examples:
            batch = self.collate([example], model.preparation, None)
            with torch.inference_mode():
                loss = self.loss(model.module, batch)
            nats = float(loss.total)
            yield Measurement(id=example.id, sums={"nll_per_token": (nats, float(loss.count))})

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        tokens = [
            token
            for _, token in model.sample(
                [()], [TakeSeed(1, seed)], EightLetters(), SamplingConfig()
            )
        ]
        letters = model.settings.letters
        text = "".join(letters[token] for token in tokens)
        return PreviewResult(text=text, outputs={"text": text})


class EightLetters:
    """Allows any letter and ends after eight."""

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= 8


def write_letters(path: Path, *, lines: int = 24, splits: bool = True) -> Path:
    """Write lines of different lengths that cycle through five letters."""
    rows = []
    for number in range(lines):
        text = "".join("abcde"[(number + at) % 5] for at in range(3 + number * 7 % 11))
        split = ("valid" if number % 6 == 5 else "train") + SEPARATOR if splits else ""
        rows.append(split + text)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path

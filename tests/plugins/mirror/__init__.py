"""A test plugin with a small encoder-decoder: it learns to spell words backwards."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seqstudio.api import (
    AdaptConfig,
    Batch,
    BeamConfig,
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
    Sampler,
    SamplingConfig,
    TakeSeed,
    Task,
    TrainConfig,
    hookimpl,
)
from seqstudio.api.nn import (
    AdditiveConfig,
    DecoderConfig,
    EncoderConfig,
    FinalStateConfig,
    ModelConfig,
    TokensConfig,
    cross_entropy_sum,
)

LETTERS = "abc"
END = len(LETTERS)


@dataclass(frozen=True)
class NoSettings:
    """No options and no settings."""


@dataclass(frozen=True, kw_only=True)
class Words(Batch):
    """`words` (B, T) and `reversed_words` (B, T + 1), which end in END; `lengths` (B,); int64."""

    words: torch.Tensor
    reversed_words: torch.Tensor
    lengths: torch.Tensor


def padded(rows: Iterable[Sequence[int]]) -> torch.Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)


class Mirror:
    """Maps words of the letters a, b, c to their reversal, one word per line."""

    name = "mirror.words"
    presets: Mapping[str, Preset] = {
        "tiny": Preset(
            train=TrainConfig(epochs=60, batch_size=8, learning_rate=0.02), options=NoSettings()
        )
    }
    settings_type: type = NoSettings
    monitor = "nll_per_token"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        for number, word in enumerate(source.read_text().split(), start=1):
            ledger.use(f"{source}:{number}")
            yield Example(id=f"{number}", tokens=tuple(map(LETTERS.index, word)))

    def prepare(self, examples: Sequence[Example], options: NoSettings) -> Preparation:
        model = ModelConfig(
            source=TokensConfig(vocabulary=len(LETTERS), dimension=8),
            encoder=EncoderConfig(cell="gru", hidden=12, layers=1),
            bridge=FinalStateConfig(),
            attention=AdditiveConfig(dimension=12),
            decoder=DecoderConfig(vocabulary=END + 1, dimension=8, cell="gru", hidden=24, layers=1),
        )
        return Preparation(settings=NoSettings(), model=model)

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return list(examples)

    def length(self, example: Example) -> int:
        return len(example.tokens)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> Words:
        return Words(
            ids=tuple(example.id for example in examples),
            words=padded(example.tokens for example in examples),
            reversed_words=padded((*example.tokens[::-1], END) for example in examples),
            lengths=torch.tensor([len(example.tokens) for example in examples]),
        )

    def loss(self, model: Any, batch: Words) -> LossSum:
        encoded = model.encode(batch.words, batch.lengths)
        lengths = batch.lengths + 1
        logits = model.decode(batch.reversed_words, lengths, encoded=encoded)
        return LossSum(*cross_entropy_sum(logits, batch.reversed_words, lengths))

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        for example in examples:
            with torch.inference_mode():
                loss = self.loss(model.module, self.collate([example], model.preparation, None))
            sums = {"nll_per_token": (float(loss.total), float(loss.count))}
            yield Measurement(id=example.id, sums=sums)

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        words = ["".join(LETTERS[token] for token in example.tokens) for example in examples]
        (lines,) = sample_words(model, words, [TakeSeed(1, seed)])
        return PreviewResult(text=lines, outputs={"text": lines})


class EndToken:
    """Ends after END, or after twenty tokens."""

    def allowed(self, row: int, tokens: Sequence[int]) -> torch.Tensor | None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= 20 or tokens[-1:] in ([END], (END,))


class Never:
    """Never ends."""

    def allowed(self, row: int, tokens: Sequence[int]) -> torch.Tensor | None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return False


class SameLetter:
    """A scorer with a state: every letter is the first one again, with probability 1."""

    def score(self, prefixes: Sequence[Sequence[int]], state: Any) -> tuple[torch.Tensor, Any]:
        if state is None:
            return torch.zeros(len(prefixes), END + 1), First(torch.zeros(len(prefixes), 0))
        first = state.letters if state.letters.shape[1] else torch.tensor(prefixes)[:, :1]
        allowed = torch.arange(END + 1).expand(len(prefixes), -1)
        wrong = (allowed != first) & (allowed != END)
        return torch.zeros(wrong.shape).masked_fill(wrong, -50.0), First(first)


@dataclass(frozen=True)
class First:
    """The first letter of each row: (R, 1), or (R, 0) before it."""

    letters: torch.Tensor

    def select(self, rows: torch.Tensor) -> "First":
        return First(self.letters[rows])


def encode_words(sampler: Sampler, words: Sequence[str]) -> Any:
    tokens = [[LETTERS.index(letter) for letter in word] for word in words]
    return sampler.encode(padded(tokens), torch.tensor([len(word) for word in words]))


def spell(tokens: Iterable[int]) -> str:
    return "".join([*LETTERS, "."][token] for token in tokens)


def sample_words(sampler: Sampler, words: Sequence[str], takes: Sequence[TakeSeed]) -> list[str]:
    """Sample the reversal of every word for every take, in one batch; return lines by take."""
    items = [item for _ in takes for item in range(len(words))]
    seeds = [take for take in takes for _ in words]
    reversals: list[list[int]] = [[] for _ in items]
    for row, token in sampler.sample(
        [()] * len(items),
        seeds,
        EndToken(),
        SamplingConfig(),
        encoded=encode_words(sampler, words),
        items=items,
    ):
        reversals[row].append(token)
    lines = [
        f"{words[item]} {spell(tokens)}" for item, tokens in zip(items, reversals, strict=True)
    ]
    return ["\n".join(lines[at : at + len(words)]) for at in range(0, len(lines), len(words))]


class Sample:
    """Samples the reversal of every word, several takes from one encoding."""

    name = "sample"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        (path,) = request.inputs["words"]
        results = sample_words(job, path.read_text().split(), request.takes)
        for take, lines in zip(request.takes, results, strict=True):
            yield Result(outputs={"reversed": lines}, take=take.number)


class Search:
    """Searches for the two best reversals of every word."""

    name = "search"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        (path,) = request.inputs["words"]
        words = path.read_text().split()
        weight = request.options["weight"]
        found = job.beam_search(
            [()] * len(words),
            EndToken(),
            BeamConfig(beam=4, best=2),
            encoded=encode_words(job, words),
            scorers=[(SameLetter(), weight)] if weight else [],
        )
        lines = [
            f"{word} {spell(one.tokens)} {one.log_prob!r} {one.score!r}"
            for word, hypotheses in zip(words, found, strict=True)
            for one in hypotheses
        ]
        yield Result(outputs={"reversed": "\n".join(lines)})


class Adapt:
    """Adapts the model to words; writes their nats before, after, and of the model again."""

    name = "adapt"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        task, model = Mirror(), job.model()
        examples = list(task.read(request.file("words"), Ledger()))
        adapted = job.adapt(model, examples, AdaptConfig(learning_rate=0.01))
        nats = [
            sum(one.sums[task.monitor][0] for one in task.measure(each, examples))
            for each in (model, adapted, job.model())
        ]
        yield Result(outputs={"reversed": " ".join(map(repr, nats))})


class Endless:
    """Searches until it is cancelled."""

    name = "endless"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        encoded = encode_words(job, ["abc"])
        job.progress(0.5, "searching")
        job.beam_search([()], Never(), BeamConfig(maximum=10**6), encoded=encoded)
        yield Result(outputs={"reversed": ""})


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    return [Mirror()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    return [Sample(), Search(), Adapt(), Endless()]

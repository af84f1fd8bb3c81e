"""Rewrites lines as it was shown: an encoder, and a decoder that attends, by characters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.api import (
    Alphabet,
    BeamConfig,
    Draws,
    EndGuide,
    Example,
    Job,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Operation,
    Preparation,
    Preset,
    Request,
    Result,
    Sampler,
    Task,
    TrainConfig,
    edit_distance,
    hookimpl,
    nn,
)
from seqstudio.api.media import read_text_file

END = 0  # the label that ends what a decoder writes


@dataclass(frozen=True, kw_only=True)
class Pair(Example):
    """A line and what is to become of it."""

    line: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Options:
    """The task's settings."""

    hidden: int = 96


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is stored with a model."""

    read: Alphabet
    written: Alphabet


def rewritten(
    model: LoadedModel, lines: Sequence[str], beam: int, sampler: Sampler | None = None
) -> list[str]:
    """Return the best that a beam search finds for each line. A job as sampler can be cancelled."""
    sources = [model.settings.read.labels(line, unknown=0) for line in lines]
    sampler = sampler or model
    encoded = sampler.encode(*nn.pad(sources))
    config = BeamConfig(beam=beam, maximum=2 * max(map(len, lines)) + 10)
    found = sampler.beam_search([()] * len(lines), EndGuide(END), config, encoded=encoded)
    return [model.settings.written.text(best.tokens) for best, *_ in found]


class Pairs(Task):
    """The task `rewrite.pairs`: lines to lines, character by character."""

    name = "rewrite.pairs"
    settings_type = Settings
    monitor = "error"  # share of lines with an error: lower is better
    tie_break = "cer"
    presets: Mapping[str, Preset] = {
        "small": Preset(
            train=TrainConfig(epochs=30, learning_rate=0.005, batch_size=16), options=Options()
        )
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[Pair]:
        """Yield a pair for each row of two cells; refuse other rows."""
        for number, row in enumerate(read_text_file(source).splitlines(), start=1):
            where, cells = f"{source.name}:{number}", row.split("\t")
            if len(cells) != 2 or not all(cells):
                ledger.refuse(where, f"{row!r}, expected two texts with a tab between")
                continue
            ledger.use(where)
            yield Pair(id=where, line=cells[0], target=cells[1])

    def length(self, example: Pair) -> int:
        """Return the number of characters of the line."""
        return len(example.line)

    def prepare(self, examples: Sequence[Pair], options: Options) -> Preparation:
        """Find both alphabets; configure an encoder and a decoder with attention between."""
        settings = Settings(
            read=Alphabet.of(pair.line for pair in examples),
            written=Alphabet.of(pair.target for pair in examples),
        )
        model = nn.ModelConfig(
            source=nn.TokensConfig(vocabulary=settings.read.size),
            encoder=nn.EncoderConfig(hidden=options.hidden, layers=1),
            attention=nn.AdditiveConfig(dimension=options.hidden),
            decoder=nn.DecoderConfig(
                vocabulary=settings.written.size, dimension=32, hidden=options.hidden, layers=1
            ),
        )
        return Preparation(settings=settings, model=model)

    def collate(
        self, examples: Sequence[Pair], preparation: Preparation, draws: Draws | None
    ) -> nn.PairBatch:
        """Pad the labels of lines and of targets, each target with its end."""
        read, written = preparation.settings.read, preparation.settings.written
        sources = [read.labels(pair.line, unknown=0) for pair in examples]
        targets = [(*written.labels(pair.target, unknown=0), END) for pair in examples]
        return nn.PairBatch.of(examples, sources, targets)

    def loss(self, model: Any, batch: nn.PairBatch) -> LossSum:
        """Return the cross entropy of the targets, in nats."""
        encoded = model.encode(batch.inputs, batch.lengths)
        logits = model.decode(batch.targets, batch.target_lengths, encoded=encoded)
        return LossSum(*nn.cross_entropy_sum(logits, batch.targets, batch.target_lengths))

    def measure(self, model: LoadedModel, examples: Iterable[Pair]) -> Iterator[Measurement]:
        """Yield whether each line is rewritten without an error, and its errors a character."""
        for pair in examples:
            (found,) = rewritten(model, [pair.line], beam=1)
            errors = edit_distance(found, pair.target)
            sums = {"error": (float(errors > 0), 1), "cer": (errors, len(pair.target))}
            detail = {"line": pair.line, "found": found, "expected": pair.target}
            yield Measurement(id=pair.id, sums=sums, detail=detail)


class Apply:
    """The operation `seqstudio rewrite apply`."""

    name = "apply"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Rewrite the lines of one file; empty lines stay."""
        lines = read_text_file(request.file("lines")).splitlines()
        model, texts = job.model(), []
        for number, line in enumerate(lines):
            job.progress(number / len(lines), line)
            texts += rewritten(model, [line], request.options["beam"], job) if line else [""]
        yield Result(outputs={"text": "".join(f"{text}\n" for text in texts)})


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks of this plugin."""
    return [Pairs()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations of this plugin."""
    return [Apply()]

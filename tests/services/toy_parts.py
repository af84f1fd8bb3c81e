"""A plugin that brings its own past input, bridge and attention, and tasks that train them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from letters_task import EightLetters, LettersBatch, LettersOptions, LettersTask
from torch import Tensor, nn

from seqstudio.api import PartSpec
from seqstudio.api.nn import (
    Attention,
    AttentionMemory,
    Bridge,
    BuildContext,
    DecoderConfig,
    Encoded,
    EncoderConfig,
    ModelConfig,
    PastInput,
    PastState,
    TokensConfig,
    cross_entropy_sum,
)
from seqstudio.contracts.data import Example, LossSum
from seqstudio.contracts.job import LoadedModel, SamplingConfig, TakeSeed
from seqstudio.contracts.task import Preparation, PreviewResult

BAR = 4  # letters in a bar; the first covariate is the place in it


@dataclass(frozen=True, slots=True, kw_only=True)
class BarConfig:
    """What stood at the same place in the bar before; `bar` is the longest bar."""

    part: ClassVar[str] = "toy.bar"
    bar: int = BAR


class BarLookBack(PastInput):
    """Looks back by a bar, of which it knows only the place of each letter, a covariate."""

    def __init__(self, config: BarConfig, vocabulary: int) -> None:
        self.bar, self.none = config.bar, vocabulary
        self.sizes = (vocabulary + 1,)

    def start(self, rows: int, device: torch.device) -> PastState:
        return (torch.full((rows, self.bar), self.none, device=device),)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        return state[0].gather(1, self.place(covariates))

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        return (state[0].scatter(1, self.place(covariates), tokens[:, None]),)

    def place(self, covariates: Tensor | None) -> Tensor:
        if covariates is None:
            raise ValueError("toy.bar without covariates, expected the place in the bar")
        return covariates[:, :1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstConfig:
    """Starts the decoder from the encoder's first frame."""

    part: ClassVar[str] = "toy.first"
    cost: float = 0.0  # of each item, added to the loss


class First(Bridge):
    """Maps the first frame to the initial state."""

    def __init__(self, config: FirstConfig, width: int, hidden: int) -> None:
        super().__init__()
        self.cost = config.cost
        self.state = nn.Linear(width, hidden)

    def forward(self, encoded: Encoded) -> Tensor:
        initial: Tensor = torch.tanh(self.state(encoded.output[:, 0]))
        return initial[None]

    def loss(self, encoded: Encoded) -> tuple[Tensor, int]:
        items = len(encoded.lengths)
        return encoded.output.new_full((), self.cost * items), items


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestConfig:
    """Attention by distance."""

    part: ClassVar[str] = "toy.nearest"
    attends_past: ClassVar[bool] = True
    dimension: int = 8


class Nearest(Attention):
    """Scores minus the square distance of projected query and key."""

    def __init__(self, config: NearestConfig, width: int, query: int) -> None:
        super().__init__(width, query, config.dimension, key_bias=True)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        return -(queries[:, :, None] - keys[:, None]).square().sum(dim=-1)

    def scores_once(self, queries: Tensor, memory: AttentionMemory) -> Tensor:
        return -(queries[:, None] - memory.keys).square().sum(dim=-1)


def build_bar(config: BarConfig, context: BuildContext) -> PastInput:
    return BarLookBack(config, context.decoder.vocabulary)


def build_first(config: FirstConfig, context: BuildContext) -> Bridge:
    return First(config, context.encoder.width, context.decoder.hidden)


def build_nearest(config: NearestConfig, context: BuildContext) -> Attention:
    return Nearest(config, context.memory_width, context.decoder.hidden)


def seqstudio_parts() -> list[PartSpec]:
    """What the plugin's hook of this name returns."""
    return [
        PartSpec("toy.bar", BarConfig, build_bar),
        PartSpec("toy.first", FirstConfig, build_first),
        PartSpec("toy.nearest", NearestConfig, build_nearest),
    ]


class BarTask(LettersTask):
    """Letters with the place in the bar as a covariate, and a look-back by a bar."""

    name = "toy.bars"

    def prepare(self, examples: Sequence[Example], options: LettersOptions) -> Preparation:
        prepared = super().prepare(examples, options)
        decoder = DecoderConfig(
            vocabulary=len(prepared.settings.letters),
            dimension=8,
            cell="gru",
            hidden=8,
            layers=1,
            covariates=(BAR,),
            past=(BarConfig(),),
        )
        return Preparation(settings=prepared.settings, model=ModelConfig(decoder=decoder))

    def loss(self, model: Any, batch: LettersBatch) -> LossSum:
        covariates = places(batch.tokens.shape[1]).expand(len(batch.tokens), -1, -1)
        logits = model.decode(batch.tokens, batch.lengths, covariates=covariates)
        return LossSum(*cross_entropy_sum(logits, batch.tokens, batch.lengths))

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        tokens = sample_letters(model, seed)
        return PreviewResult(text="".join(model.settings.letters[token] for token in tokens))


class RepeatTask(LettersTask):
    """Repeat a line, with the plugin's bridge, and its attention over encoder and past."""

    name = "toy.repeat"

    def prepare(self, examples: Sequence[Example], options: LettersOptions) -> Preparation:
        prepared = super().prepare(examples, options)
        size = len(prepared.settings.letters)
        model = ModelConfig(
            source=TokensConfig(vocabulary=size, dimension=8),
            encoder=EncoderConfig(cell="gru", hidden=8, layers=1),
            bridge=FirstConfig(cost=0.25),
            attention=NearestConfig(),
            decoder=DecoderConfig(
                vocabulary=size,
                dimension=8,
                cell="gru",
                hidden=8,
                layers=1,
                past_attention=NearestConfig(dimension=4),
            ),
        )
        return Preparation(settings=prepared.settings, model=model)

    def loss(self, model: Any, batch: LettersBatch) -> LossSum:
        encoded = model.encode(batch.tokens, batch.lengths)
        logits = model.decode(batch.tokens, batch.lengths, encoded=encoded)
        total, count = cross_entropy_sum(logits, batch.tokens, batch.lengths)
        bridge_total, _ = model.bridge_loss(encoded)
        return LossSum(total + bridge_total, count, {"bridge": float(bridge_total)})

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        return PreviewResult(text="")


def places(steps: int) -> Tensor:
    """Return the (steps, 1) places in the bar."""
    return (torch.arange(steps) % BAR)[:, None]


def sample_letters(model: LoadedModel, seed: int) -> list[int]:
    """Sample eight letters with the sampling service."""
    takes, config = [TakeSeed(1, seed)], SamplingConfig()
    drawn = model.sample([()], takes, EightLetters(), config, covariates=places(8))
    return [token for _, token in drawn]

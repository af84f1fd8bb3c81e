"""The task `music.drums`: drumming on sixteenths, with velocity and timing of every hit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import (
    Batch,
    DataError,
    Draws,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
    SuitedPreset,
    TrainConfig,
)
from seqstudio.api.nn import ModelConfig, NestedConfig
from seqstudio_music.drums.data import (
    MOST_STYLES,
    UNKNOWN_KIND,
    UNTAPPED,
    DrumExample,
    Drumming,
    covariate_sizes,
    covariates,
    drum_examples,
    drumming_of,
    style_and_kind,
    style_number,
    tapped,
)
from seqstudio_music.drums.hits import PER_PIECE, VOCABULARY, tokens_of
from seqstudio_music.drums.sampling import preview_drums
from seqstudio_music.drums.settings import DrumOptions, DrumSettings, drum_settings
from seqstudio_music.frames_past import FramesPastConfig
from seqstudio_music.kinds import look_at_file, spread, suited_preset
from seqstudio_music.kit import PIECES
from seqstudio_music.pieces import counted_steps, measure_whole

LAGS = (1, 16, 32)  # sixteenths


@dataclass(frozen=True, kw_only=True)
class DrumBatch(Batch):
    """Padded pieces, each step a group of tokens."""

    tokens: Tensor  # (B, T, L) int64, padded with -1
    lengths: Tensor  # (B,) int64, steps
    covariates: Tensor  # (B, T, C) int64
    counted: Tensor  # (B, T) bool, steps that carry loss


@dataclass(frozen=True, slots=True)
class EncodedDrumming:
    """The tokens and covariates of a piece or a crop of it."""

    groups: list[list[int]]
    covariates: NDArray[np.int64]  # (T, C)
    start: int = 0

    def __len__(self) -> int:
        return len(self.groups)


class DrumsTask:
    """Trains and measures models of drums."""

    name = "music.drums"
    settings_type: type = DrumSettings
    monitor = "nats_per_16th"
    presets: Mapping[str, Preset] = {
        "groove": Preset(
            train=TrainConfig(
                epochs=36,
                batch_size=8,
                learning_rate=2e-3,
                clip_norm=1.0,
                weight_decay=0.05,
                ema=0.998,
                evaluate_every=4,
            ),
            options=DrumOptions(),
        ),
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[DrumExample]:
        """Read a MIDI file or a folder of them."""
        return drum_examples(source, ledger)

    def suited_preset(self, examples: Sequence[DrumExample]) -> SuitedPreset:
        """Return the only preset if some pieces have drums; see `ChoosesPreset`."""
        looks = (look_at_file(example.where, example.midi) for example in spread(examples))
        return suited_preset(self.name, looks)

    def prepare(self, examples: Sequence[DrumExample], options: DrumOptions) -> Preparation:
        """Collect the styles that the names of the files say, and configure the model."""
        styles = sorted({style_and_kind(example.midi)[0] for example in examples} - {""})
        settings = DrumSettings(styles=tuple(styles[:MOST_STYLES]), **options.crop_and_shift())
        past = FramesPastConfig(
            keys=len(PIECES), tokens_per_key=PER_PIECE, lags=LAGS, longest=options.longest_lag
        )
        decoder = NestedConfig(
            vocabulary=VOCABULARY,
            hidden=options.hidden,
            layers=options.layers,
            inner_hidden=options.inner_hidden,
            dropout=options.dropout,
            covariates=covariate_sizes(),
            past=(past,),
            past_output=True,
        )
        return Preparation(settings=settings, model=ModelConfig(decoder=decoder))

    def preflight(
        self, examples: Sequence[DrumExample], preparation: Preparation, ledger: Ledger
    ) -> list[DrumExample]:
        """Read every piece once; refuse those that cannot be read or have no drums."""
        kept = []
        for example in examples:
            try:
                drumming = drumming_of(example)
            except DataError as error:
                ledger.refuse(example.where, str(error))
                continue
            kept.append(replace(example, drumming=drumming, size=drumming.grid.steps))
        return kept

    def length(self, example: DrumExample) -> int:
        """Return the number of sixteenths."""
        return example.size

    def collate(
        self, examples: Sequence[DrumExample], preparation: Preparation, draws: Draws | None
    ) -> DrumBatch:
        """Encode pieces as tokens; with `draws`, crop each and hide some of what is known."""
        settings = drum_settings(preparation.settings)
        encoded = []
        for example in examples:
            drumming = drumming_of(example)
            if draws is None:
                encoded.append(encode_drumming(drumming))
            else:
                encoded.append(augment_drumming(drumming, settings, draws.generator(example.id)))
        ids = tuple(example.id for example in examples)
        return pad_drumming(ids, encoded, settings.lead)

    def loss(self, model: Any, batch: DrumBatch) -> LossSum:
        """Return the sum of nats over the counted sixteenths."""
        log_probs = step_log_probs(model, batch)
        return LossSum(-(log_probs * batch.counted).sum(), int(batch.counted.sum()))

    def measure(self, model: LoadedModel, examples: Iterable[DrumExample]) -> Iterator[Measurement]:
        """Measure whole pieces in nats per sixteenth, without taps, style and kind."""
        return measure_whole(
            examples,
            lambda example: encode_drumming(drumming_of(example)),
            lambda pieces: measure_drumming(model, pieces),
            self.monitor,
        )

    def preview(
        self, model: LoadedModel, examples: Sequence[DrumExample], seed: int
    ) -> PreviewResult:
        """Drum four bars of 4/4."""
        return preview_drums(model, seed)


def encode_drumming(drumming: Drumming) -> EncodedDrumming:
    """Encode a whole piece, of which only meter and tempo are known."""
    known = covariates(drumming.grid, drumming.tempo_bpm, MOST_STYLES, UNKNOWN_KIND, UNTAPPED)
    return EncodedDrumming(tokens_of(drumming.steps), known)


def augment_drumming(
    drumming: Drumming, settings: DrumSettings, generator: np.random.Generator
) -> EncodedDrumming:
    """Crop one piece; its style, its kind and the taps of some pieces are each known at times."""
    style_known, kind_known, taps_known = generator.random(3) < (0.7, 0.7, 0.5)
    pieces = frozenset(np.flatnonzero(generator.random(len(PIECES)) < 0.5).tolist())
    known = covariates(
        drumming.grid,
        drumming.tempo_bpm,
        style_number(drumming.style, settings.styles) if style_known else MOST_STYLES,
        drumming.kind if kind_known else UNKNOWN_KIND,
        tapped(drumming.steps, pieces) if taps_known else UNTAPPED,
    )
    crop = settings.draw_crop(len(drumming.steps), generator)
    return EncodedDrumming(tokens_of(drumming.steps[crop]), known[crop], crop.start)


def pad_drumming(ids: tuple[str, ...], pieces: Sequence[EncodedDrumming], lead: int) -> DrumBatch:
    """Pad pieces into a batch; the first `lead` steps of a crop inside a piece carry no loss."""
    lengths = torch.tensor([len(piece) for piece in pieces])
    longest = int(lengths.max())
    widest = max(len(group) for piece in pieces for group in piece.groups)
    tokens = np.full((len(pieces), longest, widest), -1, dtype=np.int64)
    known = np.zeros((len(pieces), longest, len(covariate_sizes())), dtype=np.int64)
    for number, piece in enumerate(pieces):
        known[number, : len(piece)] = piece.covariates
        for step, group in enumerate(piece.groups):
            tokens[number, step, : len(group)] = group
    return DrumBatch(
        ids=ids,
        tokens=torch.from_numpy(tokens),
        lengths=lengths,
        covariates=torch.from_numpy(known),
        counted=counted_steps(lengths, [piece.start for piece in pieces], lead, longest),
    )


def step_log_probs(model: Any, batch: DrumBatch) -> Tensor:
    """Return the (B, T) log-probability of each sixteenth."""
    summed: Tensor = model.log_probs(batch.tokens, batch.lengths, covariates=batch.covariates).sum(
        -1
    )
    return summed


def measure_drumming(
    model: LoadedModel, pieces: Sequence[tuple[str, EncodedDrumming]]
) -> Iterator[Measurement]:
    """Measure whole pieces in one batch."""
    batch = pad_drumming(tuple(name for name, _ in pieces), [piece for _, piece in pieces], 0)
    with torch.inference_mode():
        nats = -step_log_probs(model.module, batch.to(model.device)).double()
    for (name, piece), total in zip(pieces, nats.sum(1).cpu().tolist(), strict=True):
        yield Measurement(id=name, sums={DrumsTask.monitor: (total, float(len(piece)))})

"""The task `music.voices`: one outer step a sixteenth, one token for each voice in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

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
from seqstudio.api.nn import ModelConfig, NestedConfig
from seqstudio_music.covariates import SIZES, Bounds
from seqstudio_music.pieces import measure_whole
from seqstudio_music.slots import LAYOUTS, Layout, with_ranges
from seqstudio_music.voice_batches import (
    VoiceBatch,
    VoiceSettings,
    measure_pieces,
    padded,
    perturbed,
    spelled,
    voice_settings,
    voices_of,
)
from seqstudio_music.voice_data import VoicesExample, midi_voices
from seqstudio_music.voice_sampling import preview_voices


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOptions:
    """What can be set for `music.voices` besides the training itself."""

    layout: Literal["chorale", "lead-sheet"] = "chorale"
    crop: int = 128  # sixteenths of a piece that a training step sees; 0 sees all
    lead: int = 16  # sixteenths at the start of a crop inside a piece that carry no loss
    lowest_shift: int = -5  # semitones that a piece is transposed by in training
    highest_shift: int = 6
    hidden: int = 256
    layers: int = 2
    inner_hidden: int = 192
    dropout: float = 0.3
    drop_chords: float = 0.15  # share of pieces whose chords are left out in training

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "inner_hidden"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if self.crop and self.crop <= self.lead:
            raise ConfigError(f"crop={self.crop}, expected 0, or more than lead={self.lead}")
        if not 0 <= self.drop_chords < 1:
            raise ConfigError(f"drop_chords={self.drop_chords}, expected 0 <= drop_chords < 1")
        if self.lowest_shift > 0 or self.highest_shift < 0:
            span = f"{self.lowest_shift} to {self.highest_shift}"
            raise ConfigError(f"shifts from {span}, expected a range that holds 0")


class VoicesTask:
    """Chorales and lead sheets."""

    name = "music.voices"
    settings_type: type = VoiceSettings
    monitor = "nats_per_16th"
    presets: Mapping[str, Preset] = {
        "chorale": Preset(
            train=TrainConfig(
                epochs=80,
                batch_size=8,
                learning_rate=2e-3,
                clip_norm=1.0,
                weight_decay=1e-4,
                evaluate_every=4,
            ),
            options=VoiceOptions(),
        ),
        "folk": Preset(
            train=TrainConfig(
                epochs=36,
                batch_size=8,
                learning_rate=2e-3,
                clip_norm=1.0,
                weight_decay=1e-4,
                evaluate_every=4,
            ),
            options=VoiceOptions(layout="lead-sheet", dropout=0.2),
        ),
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[VoicesExample]:
        """Read a MIDI file or a folder of them; chorales as JSON have their own importer."""
        return midi_voices(source, ledger)

    def prepare(self, examples: Sequence[VoicesExample], options: VoiceOptions) -> Preparation:
        """Learn how far each voice goes; configure the model.

        Raises
        ------
        DataError
            If no example has the voices of the layout.
        """
        slots = LAYOUTS[options.layout]
        pieces = []
        for example in examples:
            try:
                pieces.append(voices_of(example, options.layout))
            except DataError:
                continue  # refused by name in the preflight
        if not pieces:
            raise DataError(f"0 pieces of layout {options.layout}, expected at least 1")
        settings = VoiceSettings(
            layout=options.layout,
            slots=with_ranges(slots, [piece.values for piece in pieces]),
            bounds=Bounds.of([piece.grid for piece in pieces]),
            crop=options.crop,
            lead=options.lead,
            lowest_shift=options.lowest_shift,
            highest_shift=options.highest_shift,
            drop_chords=options.drop_chords,
        )
        return Preparation(settings=settings, model=model_config(Layout(slots), options))

    def preflight(
        self, examples: Sequence[VoicesExample], preparation: Preparation, ledger: Ledger
    ) -> list[VoicesExample]:
        """Read every piece once; refuse those that cannot be read or have other voices."""
        settings = voice_settings(preparation.settings)
        kept = []
        for example in examples:
            try:
                voices = voices_of(example, settings.layout)
            except DataError as bad:
                ledger.refuse(example.where, str(bad))
                continue
            for name, count in voices.notes.items():
                ledger.count(name, count)
            kept.append(replace(example, voices=voices, size=len(voices.values)))
        return kept

    def length(self, example: VoicesExample) -> int:
        """Count sixteenths."""
        return example.size

    def collate(
        self, examples: Sequence[VoicesExample], preparation: Preparation, draws: Draws | None
    ) -> VoiceBatch:
        """Spell sixteenths as tokens; with `draws`, crop and transpose each piece."""
        settings = voice_settings(preparation.settings)
        rows = []
        for example in examples:
            voices = voices_of(example, settings.layout)
            if draws is None:
                rows.append(spelled(voices, settings))
            else:
                rows.append(perturbed(voices, settings, draws.generator(example.id)))
        return padded(tuple(example.id for example in examples), rows, settings.lead)

    def loss(self, model: Any, batch: VoiceBatch) -> LossSum:
        """Sum nats over the counted sixteenths."""
        log_probs = model.log_probs(batch.tokens, batch.lengths, covariates=batch.covariates)
        total = -(log_probs.sum(-1) * batch.counted).sum()
        return LossSum(total, int(batch.counted.sum()))

    def measure(
        self, model: LoadedModel, examples: Iterable[VoicesExample]
    ) -> Iterator[Measurement]:
        """Measure whole pieces: nats a sixteenth and nats a token, pooled.

        The model is told position in bar, meter and bar; neither key nor end.
        """
        settings = voice_settings(model.settings)
        return measure_whole(
            examples,
            lambda example: spelled(voices_of(example, settings.layout), settings),
            lambda pieces: measure_pieces(model, pieces),
            self.monitor,
        )

    def preview(
        self, model: LoadedModel, examples: Sequence[VoicesExample], seed: int
    ) -> PreviewResult:
        """Compose four bars of 4/4."""
        return preview_voices(model, voice_settings(model.settings), seed)


def model_config(layout: Layout, options: VoiceOptions) -> ModelConfig:
    """Configure a nested decoder with one slot a voice."""
    decoder = NestedConfig(
        vocabulary=layout.vocabulary,
        slots=len(layout.slots),
        slot_ranges=layout.ranges,
        hidden=options.hidden,
        layers=options.layers,
        inner_hidden=options.inner_hidden,
        dropout=options.dropout,
        covariates=SIZES,
    )
    return ModelConfig(decoder=decoder)

"""The task `music.voices`: chorales and lead sheets, one token per voice and sixteenth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqstudio.api import (
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
from seqstudio_music.pieces import measure_whole
from seqstudio_music.voices.batches import (
    VoiceBatch,
    augment_piece,
    encode_piece,
    measure_pieces,
    pad_pieces,
    piece_of,
)
from seqstudio_music.voices.covariates import COVARIATE_SIZES, Bounds
from seqstudio_music.voices.data import VoiceExample, midi_examples
from seqstudio_music.voices.sampling import preview_voices
from seqstudio_music.voices.settings import VoiceOptions, VoiceSettings, voice_settings
from seqstudio_music.voices.tokens import LAYOUTS, Layout, fit_ranges


class VoicesTask:
    """Trains and measures models of chorales and of lead sheets."""

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

    def read(self, source: Path, ledger: Ledger) -> Iterator[VoiceExample]:
        """Read a MIDI file or a folder of them; chorales in JSON have their own importer."""
        return midi_examples(source, ledger)

    def prepare(self, examples: Sequence[VoiceExample], options: VoiceOptions) -> Preparation:
        """Find the range of each voice, and the meters and positions; configure the model.

        Raises
        ------
        DataError
            If no example has the voices of the layout.
        """
        pieces = []
        for example in examples:
            try:
                pieces.append(piece_of(example, options.layout))
            except DataError:
                continue  # the preflight refuses it by name
        if not pieces:
            raise DataError(f"0 pieces of layout {options.layout}, expected at least 1")
        voices = LAYOUTS[options.layout]
        settings = VoiceSettings(
            layout=options.layout,
            slots=fit_ranges(voices, [piece.values for piece in pieces]),
            bounds=Bounds.of([piece.grid for piece in pieces]),
            drop_chords=options.drop_chords,
            **options.crop_and_shift(),
        )
        return Preparation(settings=settings, model=model_config(Layout(voices), options))

    def preflight(
        self, examples: Sequence[VoiceExample], preparation: Preparation, ledger: Ledger
    ) -> list[VoiceExample]:
        """Read every piece once; refuse those that cannot be read or have other voices."""
        settings = voice_settings(preparation.settings)
        kept = []
        for example in examples:
            try:
                piece = piece_of(example, settings.layout)
            except DataError as error:
                ledger.refuse(example.where, str(error))
                continue
            for name, count in piece.adjustments.items():
                ledger.count(name, count)
            kept.append(replace(example, piece=piece, size=len(piece.values)))
        return kept

    def length(self, example: VoiceExample) -> int:
        """Return the number of sixteenths."""
        return example.size

    def collate(
        self, examples: Sequence[VoiceExample], preparation: Preparation, draws: Draws | None
    ) -> VoiceBatch:
        """Encode pieces as tokens; with `draws`, crop and transpose each piece."""
        settings = voice_settings(preparation.settings)
        encoded = []
        for example in examples:
            piece = piece_of(example, settings.layout)
            if draws is None:
                encoded.append(encode_piece(piece, settings))
            else:
                encoded.append(augment_piece(piece, settings, draws.generator(example.id)))
        return pad_pieces(tuple(example.id for example in examples), encoded, settings.lead)

    def loss(self, model: Any, batch: VoiceBatch) -> LossSum:
        """Return the sum of nats over the counted sixteenths."""
        log_probs = model.log_probs(batch.tokens, batch.lengths, covariates=batch.covariates)
        total = -(log_probs.sum(-1) * batch.counted).sum()
        return LossSum(total, int(batch.counted.sum()))

    def measure(
        self, model: LoadedModel, examples: Iterable[VoiceExample]
    ) -> Iterator[Measurement]:
        """Measure whole pieces in nats per sixteenth and nats per token.

        The model knows the meter, the position in the bar and the number of the bar; it does not
        know the key and the end.
        """
        settings = voice_settings(model.settings)
        return measure_whole(
            examples,
            lambda example: encode_piece(piece_of(example, settings.layout), settings),
            lambda pieces: measure_pieces(model, pieces),
            self.monitor,
        )

    def preview(
        self, model: LoadedModel, examples: Sequence[VoiceExample], seed: int
    ) -> PreviewResult:
        """Compose four bars of 4/4."""
        return preview_voices(model, voice_settings(model.settings), seed)


def model_config(layout: Layout, options: VoiceOptions) -> ModelConfig:
    """Return a nested decoder with one slot for each voice."""
    decoder = NestedConfig(
        vocabulary=layout.vocabulary,
        slots=len(layout.voices),
        slot_ranges=layout.ranges,
        hidden=options.hidden,
        layers=options.layers,
        inner_hidden=options.inner_hidden,
        dropout=options.dropout,
        covariates=COVARIATE_SIZES,
    )
    return ModelConfig(decoder=decoder)

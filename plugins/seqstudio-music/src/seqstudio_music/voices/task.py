"""The task `music.voices`: chorales and lead sheets, one token per voice and sixteenth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

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
    SuitedPreset,
    TrainConfig,
)
from seqstudio.api.nn import DecoderConfig, ModelConfig
from seqstudio_music.kinds import CHORALE, Look, advice, look_at_file, spread, suited_preset
from seqstudio_music.pieces import measure_whole
from seqstudio_music.voices.batches import (
    VoiceBatch,
    augment_piece,
    encode_piece,
    log_probs,
    measure_pieces,
    pad_pieces,
    piece_of,
)
from seqstudio_music.voices.covariates import Bounds, covariate_sizes
from seqstudio_music.voices.data import VoiceExample, midi_examples
from seqstudio_music.voices.past import VoicesPastConfig
from seqstudio_music.voices.sampling import preview_voices
from seqstudio_music.voices.settings import VoiceOptions, VoiceSettings, voice_settings
from seqstudio_music.voices.tokens import LAYOUTS, Layout, fit_ranges

LOOK_BACK_BARS = (1, 2, 4, 8)


class VoicesTask:
    """Trains and measures models of chorales and of lead sheets."""

    name = "music.voices"
    settings_type: type = VoiceSettings
    monitor = "nats_per_16th"
    presets: Mapping[str, Preset] = {
        "chorale": Preset(
            train=TrainConfig(
                epochs=66,
                batch_size=8,
                learning_rate=2e-3,
                clip_norm=1.0,
                weight_decay=0.01,
                ema=0.995,
                evaluate_every=4,
            ),
            options=VoiceOptions(unshifted=0.25),
        ),
        "folk": Preset(
            train=TrainConfig(
                epochs=14,
                batch_size=8,
                learning_rate=2e-3,
                clip_norm=1.0,
                weight_decay=0.01,
                ema=0.995,
                evaluate_every=2,
            ),
            options=VoiceOptions(
                layout="lead-sheet",
                crop=256,
                unshifted=0.25,
                dimension=192,
                dropout=0.2,
                output_dropout=0.2,
                look_back=True,
            ),
        ),
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[VoiceExample]:
        """Read a MIDI file or a folder of them; chorales in JSON have their own importer."""
        return midi_examples(source, ledger)

    def suited_preset(self, examples: Sequence[VoiceExample]) -> SuitedPreset:
        """Return the preset of chorales or that of lead sheets; see `ChoosesPreset`."""
        return suited_preset(self.name, looks_at(examples))

    def prepare(self, examples: Sequence[VoiceExample], options: VoiceOptions) -> Preparation:
        """Find the range of each voice, and the meters and positions; configure the model.

        Raises
        ------
        DataError
            If no example has the voices of the layout.
        """
        pieces, first = [], ""
        for example in examples:
            try:
                pieces.append(piece_of(example, options.layout))
            except DataError as error:  # the preflight refuses it by name
                first = first or f" (first {example.where}: {error})"
        if not pieces:
            count = f"0 of {len(examples)} pieces of layout {options.layout}, expected at least 1"
            raise DataError(f"{count}{first}{advice(looks_at(examples))}")
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
        layout = Layout(settings.slots)
        ids = tuple(example.id for example in examples)
        return pad_pieces(ids, encoded, layout, settings.lead)

    def loss(self, model: Any, batch: VoiceBatch) -> LossSum:
        """Return the sum of nats over the counted sixteenths."""
        total = -torch.where(batch.counted, log_probs(model, batch), 0.0).sum()
        return LossSum(total, int(batch.counted.sum()))

    def measure(
        self, model: LoadedModel, examples: Iterable[VoiceExample]
    ) -> Iterator[Measurement]:
        """Measure whole pieces in nats per sixteenth and nats per token.

        The model knows the meter, the position in the bar, the number of the bar and whether a
        melody is alone; it does not know the key and the end.
        """
        settings = voice_settings(model.settings)
        layout = Layout(settings.slots)
        return measure_whole(
            examples,
            lambda example: encode_piece(piece_of(example, settings.layout), settings),
            lambda pieces: measure_pieces(model, pieces, layout),
            self.monitor,
        )

    def preview(
        self, model: LoadedModel, examples: Sequence[VoiceExample], seed: int
    ) -> PreviewResult:
        """Compose four bars of 4/4."""
        return preview_voices(model, voice_settings(model.settings), seed)


def looks_at(examples: Sequence[VoiceExample]) -> Iterator[Look]:
    """Return what pieces are; those of JSON have four voices."""
    for example in spread(examples):
        if example.midi is None:
            yield Look(example.where, (CHORALE,), CHORALE.what)
        else:
            yield look_at_file(example.where, example.midi)


def model_config(layout: Layout, options: VoiceOptions) -> ModelConfig:
    """Return a flat decoder of one token for each voice and sixteenth."""
    past = VoicesPastConfig(
        vocabulary=layout.vocabulary,
        starts=tuple(int(start) for start in layout.starts),
        marks_onsets=tuple(voice.marks_onsets for voice in layout.voices),
        bars=LOOK_BACK_BARS if options.look_back else (),
        longest=options.longest_lag,
        reach=options.reach,
    )
    decoder = DecoderConfig(
        vocabulary=layout.vocabulary,
        dimension=options.dimension,
        hidden=options.hidden,
        layers=options.layers,
        dropout=options.dropout,
        output_dropout=options.output_dropout,
        covariates=covariate_sizes(len(layout.voices)),
        past=(past,),
        past_output=True,
        past_reach=options.reach,
    )
    return ModelConfig(decoder=decoder)

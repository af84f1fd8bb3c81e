"""The task `speech.ctc`: recordings and their transcripts become a character recogniser."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from seqstudio.api import (
    AudioExample,
    DataError,
    Draws,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
)
from seqstudio.api.media import audio_info
from seqstudio.api.nn import SequenceModel, build, ctc_loss_sum, frames_needed
from seqstudio_speech.drawing import Room, SpeechBatch, draw_frames, pad_batch
from seqstudio_speech.features import log_mel, statistics
from seqstudio_speech.importers import LibriSpeechImporter, ManifestImporter, SidecarImporter
from seqstudio_speech.presets import BASE, SMALL, model_config
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.scoring import error_sums, word_errors
from seqstudio_speech.settings import FeatureSettings, SpeechOptions, SpeechSettings
from seqstudio_speech.sound import read_mono
from seqstudio_speech.text import Alphabet, case_of, normalise, normaliser_name, vocabulary_of

PREVIEWS = 5
PERTURBED = "utterances too short for the fastest speed, drawn at their own"


class CtcTask:
    """Character CTC (Graves et al. 2006) on log-mel frames, for any alphabet."""

    name = "speech.ctc"
    presets: Mapping[str, Preset] = {"small": SMALL, "base": BASE}
    settings_type: type = SpeechSettings
    monitor = "wer"

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Read any of this plugin's layouts.

        Raises
        ------
        DataError
            If `source` is none of them.
        """
        for importer in (ManifestImporter(), LibriSpeechImporter(), SidecarImporter()):
            if importer.recognises(source):
                yield from importer.read(source, ledger)
                return
        raise DataError(
            f"{source}: no speech data, expected a folder with manifest.tsv (path, transcript), "
            "audio files with a .txt beside each, or a LibriSpeech tree"
        )

    def prepare(self, examples: Sequence[AudioExample], options: SpeechOptions) -> Preparation:
        """Take the alphabet and the statistics of the features from what can be read."""
        features = FeatureSettings(mels=options.mels)
        texts: list[str] = []

        def frames() -> Iterator[torch.Tensor]:
            for example in examples:
                try:
                    samples = read_mono(example.audio, features.rate_hz)
                except DataError:
                    continue  # preflight names it
                texts.append(normalise(example.transcript))
                yield log_mel(torch.from_numpy(samples), features)

        learned = statistics(frames())
        vocabulary = vocabulary_of(texts)
        settings = SpeechSettings(
            vocabulary=vocabulary,
            language=options.language,
            case=case_of(vocabulary),
            beam=options.beam,
            usual_offset=learned.usual_offset,
            features=features,
            augment=options.augment(),
        )
        model = model_config(options, labels=len(vocabulary) + 1)
        return Preparation(settings=settings, model=model, buffers=learned.buffers)

    def preflight(
        self, examples: Sequence[AudioExample], preparation: Preparation, ledger: Ledger
    ) -> list[AudioExample]:
        """Refuse what cannot be read, spelled, or fitted into the model's frames as recorded."""
        settings: SpeechSettings = preparation.settings
        room = _room(preparation)
        alphabet = Alphabet(settings)
        kept = []
        for example in examples:
            try:
                samples = len(read_mono(example.audio, settings.features.rate_hz))
                labels = alphabet.encode(example.transcript)
                _check_fit(example, samples, labels, room)
            except DataError as fault:
                ledger.refuse(example.where, str(fault))
                continue
            if not room.fits(samples, labels, max(settings.augment.speeds)):
                ledger.count(PERTURBED)
            kept.append(example)
        return kept

    def length(self, example: AudioExample) -> int:
        """Give hundredths of a second."""
        return round(100 * (example.seconds or audio_info(example.audio).duration_s))

    def collate(
        self, examples: Sequence[AudioExample], preparation: Preparation, draws: Draws | None
    ) -> SpeechBatch:
        """Read utterances and pad them; with `draws`, each at its own speed, gain and masks."""
        alphabet = Alphabet(preparation.settings)
        labels = [alphabet.encode(example.transcript) for example in examples]
        room = _room(preparation)
        frames = [
            draw_frames(example, row, room, preparation.buffers, draws)
            for example, row in zip(examples, labels, strict=True)
        ]
        return pad_batch(list(examples), frames, labels)

    def loss(self, model: SequenceModel, batch: SpeechBatch) -> LossSum:
        """Sum the CTC loss, in nats, over utterances."""
        encoded = model.encode(batch.frames, batch.frame_lengths)
        total = ctc_loss_sum(
            model.ctc_log_probs(encoded), encoded.lengths, batch.labels, batch.label_lengths
        )
        return LossSum(total, len(batch.ids))

    def measure(self, model: LoadedModel, examples: Iterable[AudioExample]) -> Iterator[Measurement]:
        """Transcribe as the operation does; a recording that cannot be read says nothing."""
        recogniser = Recogniser(model)
        case = model.settings.case
        for example in examples:
            refused, hypothesis = "", ""
            try:
                hypothesis = recogniser.transcribe(example.audio).text
            except DataError as fault:
                refused = str(fault)
            reference = normalise(example.transcript, case)
            errors = word_errors(reference.split(), hypothesis.split())
            yield Measurement(
                id=example.id,
                sums=error_sums(reference, hypothesis),
                detail={
                    "reference": reference,
                    "hypothesis": hypothesis,
                    "errors": [asdict(error) for error in errors],
                    "normaliser": normaliser_name(case),
                },
                refused=refused,
            )

    def preview(self, model: LoadedModel, examples: Sequence[AudioExample], seed: int) -> PreviewResult:
        """Show what is heard in the same few utterances at every stage; `seed` has no part."""
        first = sorted(examples, key=lambda example: example.id)[:PREVIEWS]
        lines = [
            f"said {one.detail['reference']} | heard {one.detail['hypothesis'] or '(nothing)'}"
            for one in self.measure(model, first)
        ]
        return PreviewResult(text="\n".join(lines))


def _room(preparation: Preparation) -> Room:
    with torch.device("meta"):  # the geometry alone is wanted: no weights are made
        geometry = build(preparation.model).geometry
    return Room(preparation.settings, geometry)


def _check_fit(example: AudioExample, samples: int, labels: tuple[int, ...], room: Room) -> None:
    if not labels:
        raise DataError(f"{example.audio}: the transcript is empty, expected some text")
    if not room.fits(samples, labels):
        seconds = samples / room.settings.features.rate_hz
        raise DataError(
            f"{example.audio}: {room.frames(samples)} frames ({seconds:.2f} s) for {len(labels)} "
            f"characters, expected at least {frames_needed(labels)}"
        )

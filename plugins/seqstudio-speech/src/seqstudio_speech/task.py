"""The task `speech.ctc`: train a character recogniser on recordings and their transcripts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from seqstudio.api import (
    AudioExample,
    DataError,
    Draws,
    Ledger,
    LoadedModel,
    LoadedRecogniser,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
    Trial,
)
from seqstudio.api.media import AudioSource, audio_info
from seqstudio.api.nn import SequenceModel, build, ctc_loss_sum, frames_needed
from seqstudio_speech.batches import FrameBudget, SpeechBatch, load_frames, pad_batch
from seqstudio_speech.features import log_mel, statistics
from seqstudio_speech.importers import read_speech
from seqstudio_speech.likelihood import doubt_sums, log_loss
from seqstudio_speech.orthography import oddities
from seqstudio_speech.outside import measure_outside
from seqstudio_speech.presets import BASE, SMALL, STREAMING, model_config
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.recordings import read_mono
from seqstudio_speech.scoring import error_sums, has_marks, word_errors
from seqstudio_speech.scripts import is_unspaced
from seqstudio_speech.settings import LEVEL_DB, FeatureSettings, SpeechOptions, SpeechSettings
from seqstudio_speech.spelling import Spelling, read_spelling
from seqstudio_speech.text import (
    Alphabet,
    case_of,
    normalise,
    normaliser_name,
    respelled,
    vocabulary_of,
)
from seqstudio_speech.tuning import tune

PREVIEWS = 5
KEPT_SPEED = "utterances too short for the fastest speed, kept at their own speed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPreparation(Preparation):
    """A preparation that also holds the length of each recording that was read for it.

    A resumed run has a plain `Preparation`; its recordings are then read again.
    """

    sample_counts: Mapping[Path | AudioSource, int] = field(
        default_factory=dict
    )  # at the model's rate


class CtcTask:
    """Character CTC (Graves et al. 2006) on log-mel frames, for any alphabet."""

    name = "speech.ctc"
    presets: Mapping[str, Preset] = {"small": SMALL, "base": BASE, "streaming": STREAMING}
    settings_type: type = SpeechSettings
    monitor = "nll_per_character"  # steadier than errors: a few hundred words make few of them
    tie_break = "cer"

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Read speech data in any layout of this plugin.

        Raises
        ------
        DataError
            If `source` has none of these layouts.
        """
        return read_speech(source, ledger)

    def prepare(self, examples: Sequence[AudioExample], options: SpeechOptions) -> Preparation:
        """Collect alphabet and feature statistics from the recordings that can be read."""
        level_db = None if options.chunk_frames else LEVEL_DB  # a level is known at the end
        features = FeatureSettings(mels=options.mels, level_db=level_db)
        spelling = read_spelling(options.orthography) if options.orthography else Spelling()
        texts: list[str] = []
        sample_counts: dict[Path | AudioSource, int] = {}

        def frames() -> Iterator[torch.Tensor]:
            for example in examples:
                try:
                    samples = read_mono(example.audio, features.rate_hz)
                except DataError:
                    continue  # preflight refuses it, with the reason
                texts.append(normalise(respelled(example.transcript, spelling.replaced)))
                sample_counts[example.audio] = len(samples)
                yield log_mel(torch.from_numpy(samples), features)

        measured = statistics(frames())
        vocabulary = vocabulary_of(texts, spelling.units)
        settings = SpeechSettings(
            vocabulary=vocabulary,
            language=options.language,
            case=case_of(vocabulary),
            spelling=spelling.replaced,
            beam=options.beam,
            usual_offset=measured.usual_offset,
            features=features,
            augment=options.augment(),
        )
        model = model_config(options, labels=len(vocabulary) + 1)
        return SpeechPreparation(
            settings=settings, model=model, buffers=measured.buffers, sample_counts=sample_counts
        )

    def preflight(
        self, examples: Sequence[AudioExample], preparation: Preparation, ledger: Ledger
    ) -> list[AudioExample]:
        """Refuse what cannot be read, has unknown characters or too few frames at its own speed.

        What is odd about the letters is counted in the ledger.
        """
        settings: SpeechSettings = preparation.settings
        budget = _frame_budget(preparation)
        alphabet = Alphabet(settings)
        kept = []
        for example in examples:
            try:
                samples = _sample_count(example, preparation)
                labels = alphabet.encode(example.transcript)
                _check_fit(example, samples, labels, budget)
            except DataError as error:
                ledger.refuse(example.where, str(error))
                continue
            if not budget.fits(samples, labels, max(settings.augment.speeds)):
                ledger.count(KEPT_SPEED)
            kept.append(example)
        for oddity in oddities({one.where: alphabet.normalise(one.transcript) for one in kept}):
            ledger.count(str(oddity), oddity.texts)
        return kept

    def length(self, example: AudioExample) -> int:
        """Return the length in hundredths of a second."""
        return round(100 * (example.seconds or audio_info(example.audio).duration_s))

    def collate(
        self, examples: Sequence[AudioExample], preparation: Preparation, draws: Draws | None
    ) -> SpeechBatch:
        """Read utterances and pad them; with `draws`, augment each."""
        alphabet = Alphabet(preparation.settings)
        labels = [alphabet.encode(example.transcript) for example in examples]
        budget = _frame_budget(preparation)
        frames = [
            load_frames(example, row, budget, preparation.buffers, draws)
            for example, row in zip(examples, labels, strict=True)
        ]
        return pad_batch(list(examples), frames, labels)

    def loss(self, model: SequenceModel, batch: SpeechBatch) -> LossSum:
        """Sum the CTC loss, in nats, over utterances."""
        encoded = model.encode(batch.frames, batch.frame_lengths)
        total = ctc_loss_sum(
            model.head("ctc")(encoded), encoded.lengths, batch.labels, batch.label_lengths
        )
        return LossSum(total, len(batch.ids))

    def measure(
        self, model: LoadedModel, examples: Iterable[AudioExample]
    ) -> Iterator[Measurement]:
        """Transcribe as the operation does; a recording that cannot be read has an empty text."""
        recogniser = Recogniser(model)
        settings: SpeechSettings = model.settings
        spaced, marked = not is_unspaced(settings.vocabulary), has_marks(settings.vocabulary)
        for example in examples:
            refused, hypothesis, likelihood = "", "", {}
            try:
                transcript = recogniser.transcribe(example.audio)
                hypothesis = transcript.text
                likelihood = log_loss(recogniser, example) | doubt_sums(transcript)
            except DataError as error:
                refused = str(error)
            reference = recogniser.alphabet.normalise(example.transcript)
            errors = word_errors(reference.split(), hypothesis.split())
            yield Measurement(
                id=example.id,
                sums=error_sums(reference, hypothesis, spaced=spaced, marked=marked) | likelihood,
                detail={
                    "reference": reference,
                    "hypothesis": hypothesis,
                    "errors": [asdict(error) for error in errors],
                    "normaliser": normaliser_name(settings.case, settings.spelling),
                },
                refused=refused,
            )

    def settled(self, settings: SpeechSettings, metrics: Mapping[str, float]) -> SpeechSettings:
        """Return settings that know how much doubt is usual in words of the valid split."""
        return replace(settings, usual_doubt=round(metrics.get("doubt", 0.0), 4))

    def measure_recogniser(
        self, recogniser: LoadedRecogniser, examples: Iterable[AudioExample]
    ) -> Iterator[Measurement]:
        """Measure a recogniser from outside, after the normaliser for an open vocabulary."""
        return measure_outside(recogniser, examples)

    def tune(
        self,
        model: LoadedModel,
        train: Sequence[AudioExample],
        valid: Sequence[AudioExample],
        text: Path | None,
        load: Callable[[Path], LoadedModel],
    ) -> Iterator[Trial]:
        """Choose a language model's weight, the beam and the confidence; see `Tunable`."""
        yield from tune(model, train, valid, text, load)

    def preview(
        self, model: LoadedModel, examples: Sequence[AudioExample], seed: int
    ) -> PreviewResult:
        """Show transcripts of the same few utterances at every stage; `seed` is not used."""
        first = sorted(examples, key=lambda example: example.id)[:PREVIEWS]
        lines = [
            f"reference {one.detail['reference']} | "
            f"hypothesis {one.detail['hypothesis'] or '(empty)'}"
            for one in self.measure(model, first)
        ]
        return PreviewResult(text="\n".join(lines))


def _frame_budget(preparation: Preparation) -> FrameBudget:
    with torch.device("meta"):  # only the geometry is needed: no weights are allocated
        geometry = build(preparation.model).geometry
    return FrameBudget(preparation.settings, geometry)


def _sample_count(example: AudioExample, preparation: Preparation) -> int:
    """Return the length of a recording; read it only if `prepare` has not."""
    if isinstance(preparation, SpeechPreparation) and example.audio in preparation.sample_counts:
        return preparation.sample_counts[example.audio]
    return len(read_mono(example.audio, preparation.settings.features.rate_hz))


def _check_fit(
    example: AudioExample, samples: int, labels: tuple[int, ...], budget: FrameBudget
) -> None:
    if not labels:
        raise DataError(f"{example.audio}: the transcript is empty, expected some text")
    if not budget.fits(samples, labels):
        seconds = samples / budget.settings.features.rate_hz
        raise DataError(
            f"{example.audio}: {budget.frames(samples)} frames ({seconds:.2f} s) for {len(labels)} "
            f"characters, expected at least {frames_needed(labels)}"
        )

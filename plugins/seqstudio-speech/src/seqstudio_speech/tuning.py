"""Choosing language model weights, beam and confidence of a recogniser on development data."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from seqstudio.api import AudioExample, DataError, LoadedModel, Preparation, Trial
from seqstudio.api.nn import align
from seqstudio_speech.confidence import Floats, beam_shares, features, fit_coefficients
from seqstudio_speech.decoding import Decoder, SearchOptions
from seqstudio_speech.language_model import WordModel, estimate, read_model
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.scoring import error_sums
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.words import words_of

WEIGHTS = (0.6, 0.3, 0.45, 0.8, 1.0, 1.3)
BONUSES = (-1.0, 1.0, 2.0)
BEAMS = (16, 32, 64)
TRIALS = len(WEIGHTS) + len(BONUSES) + len(BEAMS)


@dataclass(frozen=True, slots=True)
class Heard:
    """A reference, normalised, and the (T, V) log probabilities of its recording's chunks."""

    reference: str
    chunks: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """Errors of a way to decode: words and letters wrong, as one number to choose by."""

    both: float  # the sum, which has fewer ties and less chance in it than words alone
    wer: float
    cer: float

    def __str__(self) -> str:
        return f"wer {self.wer:.4f}, cer {self.cer:.4f}"


def tune(
    model: LoadedModel,
    train: Sequence[AudioExample],
    valid: Sequence[AudioExample],
    text: Path | None,
    load: Callable[[Path], LoadedModel],
) -> Iterator[Trial]:
    """Choose weight, bonus and beam one after the other; then fit the confidence of words.

    Raises
    ------
    DataError
        If no valid recording can be read, or there are no words for a language model.
    """
    settings: SpeechSettings = model.settings
    recogniser = Recogniser(model, SearchOptions(no_words=True))
    alphabet = recogniser.alphabet
    words = (
        read_model(text, alphabet, load)
        if text
        else estimate(alphabet.normalise(one.transcript) for one in train)
    )
    heard = hear(recogniser, valid)
    buffers = {
        name: tensor
        for name, tensor in model.preparation.buffers.items()
        if not name.startswith("lm_")
    }
    without = rate(recogniser.decoder, heard)
    yield Trial(fraction=0.1, text=f"without a language model: {without}")
    tried: list[tuple[Rate, SpeechSettings]] = []
    for number, changed in enumerate(_ways(tried, settings)):
        decoder = Decoder(_with(model, changed), SearchOptions(words=words))
        tried.append((rate(decoder, heard), changed))
        way = f"weight {changed.lm_weight:g}, bonus {changed.word_bonus:g}, beam {changed.beam}"
        yield Trial(fraction=0.1 + 0.85 * number / TRIALS, text=f"{way}: {tried[-1][0]}")
    best = min(tried, key=lambda one: one[0])
    final = dataclasses.replace(best[1], confidence=fit(_with(model, best[1]), words, heard))
    preparation = Preparation(
        settings=final, model=model.preparation.model, buffers={**buffers, **words.buffers()}
    )
    yield Trial(fraction=1.0, text=f"chosen: {best[0]}", preparation=preparation)


def _ways(
    tried: list[tuple[Rate, SpeechSettings]], settings: SpeechSettings
) -> Iterator[SpeechSettings]:
    """Yield what to try next, given what was tried so far: each setting in turn, from the best."""
    start = dataclasses.replace(settings, word_bonus=0.0, beam=max(BEAMS[1], settings.beam))
    for weight in WEIGHTS:
        yield dataclasses.replace(start, lm_weight=weight)
    start = min(tried, key=lambda one: one[0])[1]
    for bonus in BONUSES:
        yield dataclasses.replace(start, word_bonus=bonus)
    start = min(tried, key=lambda one: one[0])[1]
    for beam in BEAMS:
        if beam != start.beam:
            yield dataclasses.replace(start, beam=beam)


def _with(model: LoadedModel, settings: SpeechSettings) -> LoadedModel:
    # LoadedModel is a protocol; what is loaded is a dataclass
    loaded: LoadedModel = dataclasses.replace(model, settings=settings)  # type: ignore[type-var]
    return loaded


def hear(recogniser: Recogniser, examples: Sequence[AudioExample]) -> list[Heard]:
    """Run the encoder over recordings once; those that cannot be read are left out.

    Raises
    ------
    DataError
        If none can be read.
    """
    heard = []
    reason = "no examples"
    for example in examples:
        try:
            heard_chunks = recogniser.posteriors(example.audio).chunks
        except DataError as error:
            reason = str(error)
            continue
        rows = tuple(chunk.log_probs() for chunk in heard_chunks if chunk.labels)
        heard.append(Heard(recogniser.alphabet.normalise(example.transcript), rows))
    if not heard:
        raise DataError(f"0 of {len(examples)} valid recordings can be read: {reason}")
    return heard


def rate(decoder: Decoder, heard: Sequence[Heard]) -> Rate:
    """Return the errors of a decoder, pooled."""
    sums = {"wer": [0.0, 0.0], "cer": [0.0, 0.0]}
    for one in heard:
        texts = [decoder.alphabet.decode(decoder.search(c)[0].labels) for c in one.chunks]
        found = error_sums(one.reference, " ".join(" ".join(texts).split()))
        for name, total in sums.items():
            total[0] += found[name][0]
            total[1] += found[name][1]
    wer, cer = (top / max(bottom, 1) for top, bottom in sums.values())
    return Rate(wer + cer, wer, cer)


def fit(model: LoadedModel, words: WordModel, heard: Sequence[Heard]) -> tuple[float, ...]:
    """Fit the confidence of words to whether they are right; of no words, no coefficients."""
    decoder = Decoder(model, SearchOptions(words=words))
    inputs: list[Floats] = []
    right: list[float] = []
    for one in heard:
        found: list[str] = []
        for log_probs in one.chunks:
            hypotheses = decoder.search(log_probs)
            texts = [decoder.alphabet.decode(each.labels) for each in hypotheses]
            aligned = words_of(
                texts[0], align(log_probs, hypotheses[0].labels), lambda start, end: (start, end)
            )
            own = [word.word for word in aligned]
            shares = beam_shares(own, texts, [each.score for each in hypotheses])
            sound = np.array([word.confidence for word in aligned], np.float64)
            inputs.append(features(shares, sound))
            found += own
        edits = Levenshtein.editops(one.reference.split(), found)
        wrong = {edit.dest_pos for edit in edits if edit.tag != "delete"}
        right += [float(at not in wrong) for at in range(len(found))]
    return fit_coefficients(np.concatenate(inputs), np.array(right)) if right else ()

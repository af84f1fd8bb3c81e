"""N-gram models of words: estimated from text, kept as buffers of a bundle, and read from files."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from seqstudio.api import LoadedModel, ModelError
from seqstudio.api.media import read_text_file
from seqstudio.api.nn import (
    FIRST_WORD,
    UNKNOWN,
    LabelAutomaton,
    LetterNGrams,
    NGrams,
    OpenVocabulary,
    Smoothing,
    estimate_ngrams,
    parse_arpa,
    word_tokens,
)
from seqstudio_speech.text import Alphabet, normalise

ARRAYS = ("tokens", "parents", "suffixes", "log_probs", "backoffs")
WORDS = "lm_words"
LETTERS_ORDER = 3  # of the letters that spell unknown words
LM_ORDER = 4
LM_SMOOTHING: Smoothing = "kneser-ney"


@dataclass(frozen=True, eq=False)
class WordModel:
    """A model of words; `words[0]` is token `FIRST_WORD`. `origin` names it in transcripts."""

    ngrams: NGrams
    words: tuple[str, ...]
    origin: str = "of the model"

    def buffers(self) -> dict[str, Tensor]:
        """Return the model as tensors that a bundle can hold."""
        text = "\n".join(self.words).encode()
        arrays = {f"lm_{name}": torch.from_numpy(getattr(self.ngrams, name)) for name in ARRAYS}
        return {**arrays, WORDS: torch.frombuffer(bytearray(text), dtype=torch.uint8)}

    def tokens(self, texts: Iterable[str]) -> list[list[int]]:
        """Return the tokens of normalised texts; of a word that is not known, `UNKNOWN`."""
        known = {word: token for token, word in enumerate(self.words, start=FIRST_WORD)}
        return [[known.get(word, UNKNOWN) for word in text.split()] for text in texts]

    def automaton(self, alphabet: Alphabet, *, weight: float, bonus: float) -> LabelAutomaton:
        """Return the model as one of a recogniser's labels.

        Words with other characters than the recogniser's have no spelling and are never found;
        words that the model does not know are spelled by the letters of those it does.

        Raises
        ------
        ModelError
            If the recogniser writes no spaces, or none of the words.
        """
        labels = {character: label for label, character in enumerate(alphabet.characters, start=1)}
        if " " not in labels:
            raise ModelError("the recogniser writes no spaces, expected words for a language model")
        texts = (normalise(word, alphabet.case) for word in self.words)
        units = (alphabet.units(text) for text in texts)
        spellings = [
            tuple(labels[one] for one in word) if labels.keys() - {" "} >= set(word) else ()
            for word in units
        ]
        spelled = [word for word in spellings if word]
        if not spelled:
            raise ModelError(
                f"0 of {len(self.words)} words of the language model are in the recogniser's "
                "letters, expected some"
            )
        count = len(labels) + 1
        tokens = [[FIRST_WORD - 1 + label for label in word] for word in spelled]
        letters = estimate_ngrams(
            tokens, size=FIRST_WORD - 1 + count, order=LETTERS_ORDER, smoothing="witten-bell"
        )
        model = OpenVocabulary(
            self.ngrams,
            spellings,
            LetterNGrams(letters, count, space=labels[" "]),
            space=labels[" "],
            weight=weight,
            bonus=bonus,
        )
        return LabelAutomaton(model, count)


def model_in(buffers: Mapping[str, Tensor]) -> WordModel | None:
    """Return the model in the buffers of a bundle; None if there is none.

    Raises
    ------
    ModelError
        If it is not a whole model.
    """
    if WORDS not in buffers:
        return None
    try:
        words = tuple(buffers[WORDS].cpu().numpy().tobytes().decode().split("\n"))
        arrays = {name: buffers[f"lm_{name}"].cpu().numpy() for name in ARRAYS}
    except (KeyError, UnicodeDecodeError) as error:
        raise ModelError(f"language model: {error}, expected {', '.join(ARRAYS)}") from error
    ngrams = NGrams.of_arrays(FIRST_WORD + len(words), **arrays)
    return WordModel(ngrams, words)


def estimate(
    texts: Iterable[str], *, order: int = LM_ORDER, smoothing: Smoothing = LM_SMOOTHING
) -> WordModel:
    """Estimate a model of normalised texts, one sentence each.

    Raises
    ------
    DataError
        If there are no words.
    """
    words, sentences = word_tokens([text.split() for text in texts])
    size = FIRST_WORD + len(words)
    ngrams = estimate_ngrams(sentences, size=size, order=order, smoothing=smoothing)
    return WordModel(ngrams, words)


def read_model(path: Path, alphabet: Alphabet, load: Callable[[Path], LoadedModel]) -> WordModel:
    """Read a model for a recogniser: an ARPA file, a text to estimate one from, or a bundle.

    Raises
    ------
    DataError
        If a file is not UTF-8, or holds no words.
    ModelError
        If a bundle holds no language model.
    """
    if path.is_dir() or path.suffix == ".seqmodel":
        found = model_in(load(path).preparation.buffers)
        if found is None:
            raise ModelError(f"{path}: no language model, expected one from `models tune`")
        return replace(found, origin=path.name)
    lines = read_text_file(path).splitlines()
    if any(line.strip() == "\\data\\" for line in lines[:100]):
        return WordModel(*parse_arpa(lines, str(path)), origin=path.name)
    found = estimate(map(alphabet.normalise, lines))
    return replace(found, origin=path.name)

"""Word and character errors: as sums to be pooled, and as a list."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

ErrorKind = Literal["substitution", "deletion", "insertion"]
KINDS: Mapping[str, ErrorKind] = {
    "replace": "substitution",
    "delete": "deletion",
    "insert": "insertion",
}


@dataclass(frozen=True, slots=True)
class WordError:
    """One error of a hypothesis: `reference` is "" for an insertion, `hypothesis` for a deletion.

    `at` is the number of reference words before it.
    """

    kind: ErrorKind
    at: int
    reference: str
    hypothesis: str


def word_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> list[WordError]:
    """Align two sequences of words with the fewest errors, and return these in order.

    >>> word_errors(["GO", "TWO"], ["TWO", "TWO", "SIX"])[0]
    WordError(kind='substitution', at=0, reference='GO', hypothesis='TWO')
    """
    return [
        WordError(
            KINDS[op.tag],
            op.src_pos,
            reference[op.src_pos] if op.tag != "insert" else "",
            hypothesis[op.dest_pos] if op.tag != "delete" else "",
        )
        for op in Levenshtein.editops(reference, hypothesis)
    ]


def error_sums(
    reference: str, hypothesis: str, *, spaced: bool = True, marked: bool = False
) -> dict[str, tuple[float, float]]:
    """Count errors over reference length, for words (`wer`, and by kind) and characters (`cer`).

    Both texts are normalised; the single spaces between words count as characters. Words are left
    out where the script has no spaces between them. With `marked`, characters are also counted
    without accents and tone marks (`cer_no_marks`).
    """
    if marked:
        bare, other = without_marks(reference), without_marks(hypothesis)
        found = error_sums(reference, hypothesis, spaced=spaced)
        distance = float(Levenshtein.distance(bare, other))
        return {**found, "cer_no_marks": (distance, float(len(bare)))}
    if not spaced:
        errors_and_length = (
            float(Levenshtein.distance(reference, hypothesis)),
            float(len(reference)),
        )
        wrong = float(reference != hypothesis), 1.0
        return {"cer": errors_and_length, "wrong_utterances": wrong}
    words = reference.split()
    errors = word_errors(words, hypothesis.split())
    sums = {"wer": (float(len(errors)), float(len(words)))}
    sums["cer"] = float(Levenshtein.distance(reference, hypothesis)), float(len(reference))
    for kind in KINDS.values():
        count = sum(error.kind == kind for error in errors)
        sums[f"{kind}s"] = float(count), float(len(words))
    sums["wrong_utterances"] = float(bool(errors)), 1.0
    return sums


def without_marks(text: str) -> str:
    """Return a text without accents, tone marks and other marks of Latin, Greek and Cyrillic.

    >>> without_marks("bɛ́ ἀγαθός ёж")
    'bɛ αγαθος еж'
    """
    parts = unicodedata.normalize("NFD", text)
    bare = "".join(one for one in parts if not "\u0300" <= one <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def has_marks(vocabulary: Iterable[str]) -> bool:
    """Return whether an alphabet has letters with such marks."""
    text = "".join(vocabulary)
    return without_marks(text) != unicodedata.normalize("NFC", text)

"""The letters of a language that a keyboard may lack, to click while a word is typed."""

import unicodedata
from collections.abc import Iterable, Mapping

from seqstudio.contracts.transcript import Transcript

MOST = 40  # letters that are offered
# By the language's code (BCP 47), in the order of its alphabet; `fonipa` is phonetic script.
LETTERS: Mapping[str, str] = {
    "cs": "áčďéěíňóřšťúůýž",
    "da": "æøå",
    "de": "äöüß",
    "es": "áéíñóúü¿¡",
    "fr": "àâçéèêëîïôœùûü",
    "hu": "áéíóöőúüű",
    "is": "áðéíóúýþæö",
    "it": "àèéìòù",
    "nb": "æøå",
    "pl": "ąćęłńóśźż",
    "pt": "ãáâàçéêíóôõú",
    "ro": "ăâîșț",
    "sv": "åäö",
    "tr": "çğıöşü",
    "vi": "ăâđêôơư",
    "yo": "ẹọṣàáèéìíòóùú",
    "fonipa": "ɑæɐɔəɛɜɡɪŋɹɾʃʊʌʒθðβɣχʔːˈˌ",
}


def characters_for(transcripts: Iterable[Transcript]) -> tuple[str, ...]:
    """Return the letters of the transcripts' languages, then others that they hold, each once.

    Combining marks are offered alone, on a dotted circle where they are shown.
    """
    known: list[str] = []
    held: set[str] = set()
    for transcript in transcripts:
        for part in (transcript.language or "").lower().split("-"):
            known += LETTERS.get(part, "")
        held |= {letter for letter in transcript.text if _is_special(letter)}
    return tuple(dict.fromkeys((*known, *sorted(held))))[:MOST]


def shown(letter: str) -> str:
    """Return a letter as a button shows it: a combining mark needs something to stand on."""
    return f"◌{letter}" if unicodedata.combining(letter) else letter


def _is_special(letter: str) -> bool:
    return not letter.isascii() and unicodedata.category(letter)[0] in "LM"

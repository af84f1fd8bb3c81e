"""A normaliser for engines that write as people do, and references that are written otherwise.

Both texts are compared in lower case, without punctuation, hyphens as spaces, English numbers as
they are said: "Call 42, now!" is "call forty two now".
"""

import re
import unicodedata

WORDS_NAME = "lower case, no punctuation, hyphens as spaces"
NAME = f"{WORDS_NAME}, numbers as said"
BELOW_20 = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS = ("", "", *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"))
SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
            "nine": "ninth", "twelve": "twelfth"}  # fmt: skip
SIGNS = {"%": " percent", "&": " and ", "$": " dollars ", "+": " plus "}


def open_normalised(text: str, *, english: bool = True) -> str:
    r"""Return a text as it is compared.

    Parameters
    ----------
    text : of a reference or of an engine
    english : write numbers and signs as English words; else they stay as they are

    >>> open_normalised("Call 42: the twenty-first \"take\", it's 5% of $1,200.")
    "call forty two the twenty first take it's five percent of one thousand two hundred dollars"
    """
    text = (
        unicodedata.normalize("NFC", text)
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        .casefold()
    )
    if english:
        text = re.sub(r"\$([\d,.]*\d)", r"\1 dollars ", text)
        text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
        text = re.sub(r"\d+(?:st|nd|rd|th)\b", lambda m: f" {ordinal(int(m[0][:-2]))} ", text)
        text = re.sub(r"(\d)\.(\d)", r"\1 point \2", text)
        text = re.sub(r"\d+", lambda m: f" {said(m[0])} ", text)
        text = re.sub(r"[%&$+]", lambda m: SIGNS[m[0]], text)
    kept = [c if _is_kept(text, at) else " " for at, c in enumerate(text)]
    return " ".join("".join(kept).split())


def _is_kept(text: str, at: int) -> bool:
    """Whether a character belongs to a word; an apostrophe does between letters."""
    if text[at] == "'":
        return text[max(at - 1, 0)].isalnum() and text[at + 1 : at + 2].isalnum()
    return unicodedata.category(text[at])[0] in "LNM"


def said(digits: str) -> str:
    """Return digits as they are said: a number, or one by one where they begin with 0 or are many.

    >>> said("1999"), said("007"), said("2000000")
    ('one thousand nine hundred ninety nine', 'zero zero seven', 'two million')
    """
    if (digits[0] == "0" and len(digits) > 1) or len(digits) > 12:
        return " ".join(BELOW_20[int(digit)] for digit in digits)
    number = int(digits)
    if number < 20:
        return BELOW_20[number]
    if number < 100:
        unit = f" {BELOW_20[number % 10]}" if number % 10 else ""
        return TENS[number // 10] + unit
    scale, name = next((scale, name) for scale, name in SCALES if number >= scale)
    rest = f" {said(str(number % scale))}" if number % scale else ""
    return f"{said(str(number // scale))} {name}{rest}"


def ordinal(number: int) -> str:
    """Return an ordinal number as it is said.

    >>> ordinal(1), ordinal(20), ordinal(42)
    ('first', 'twentieth', 'forty second')
    """
    *before, last = said(str(number)).split()
    word = ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return " ".join([*before, word])

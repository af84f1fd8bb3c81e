# ruff: noqa: RUF001  # a table of letters that look like others
"""The operation `orthography`: data in, its letters with counts and examples out."""

import html
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seqstudio.api import DataError, Formatted, Job, Ledger, Request, Result
from seqstudio_speech.importers import read_speech
from seqstudio_speech.orthography import (
    MARK,
    RARE,
    Oddity,
    is_invisible,
    named,
    oddities,
    script_of,
)
from seqstudio_speech.spelling import Spelling, read_spelling, spelling_file
from seqstudio_speech.text import normalise, respelled

LATIN, CYRILLIC, GREEK = "LATIN", "CYRILLIC", "GREEK"
LOOK_ALIKES = (  # each letter of one string looks like that at the same place of the other
    (LATIN, "aceijopsxyABCEHIJKMOPSTXY", CYRILLIC, "асеіјорѕхуАВСЕНІЈКМОРЅТХУ"),
    (LATIN, "oABEHIKMNOPTXYZ", GREEK, "οΑΒΕΗΙΚΜΝΟΡΤΧΥΖ"),
)
AROUND = 12  # characters of an example on each side


@dataclass(frozen=True, slots=True)
class Letter:
    """A character of the data: how often it stands in how many texts, and one place of it."""

    character: str
    name: str
    count: int
    texts: int
    example: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthography:
    """What transcripts are written with."""

    texts: int
    refused: Sequence[str]  # texts that stand for none, such as "nan", with their places
    letters: Sequence[Letter]  # the most frequent first
    odd: Sequence[Oddity]


class ReportOrthography:
    """Lists the letters of speech data and what is odd about them, and drafts replacements."""

    name = "orthography"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the report and the draft of an orthography file.

        Raises
        ------
        DataError
            If the data cannot be read.
        """
        (source,) = request.inputs["data"]
        ledger = Ledger()
        file = request.options.get("orthography")
        spelling = read_spelling(Path(file)) if file else Spelling()
        texts = {
            one.where: normalise(respelled(one.transcript, spelling.replaced))
            for one in read_speech(source, ledger)
        }
        if not texts:
            raise DataError(f"{source}: no transcripts, expected some")
        job.check()
        found = describe(texts, [f"{where}: {why}" for where, why in ledger.refused.items()])
        formats = {"txt": to_text(found), "json": to_json(found), "html": to_html(found)}
        replaced, reasons = drafted(texts)
        given = dict.fromkeys(spelling.replaced, "given")
        both = Spelling({**spelling.replaced, **replaced}, spelling.units)
        draft = spelling_file(both, {**given, **reasons})
        counts = f"{len(found.letters)} characters in {found.texts} texts"
        yield Result(
            outputs={"report": Formatted(formats), "replacements": Formatted({"toml": draft})},
            summary=f"{counts}, odd: {len(found.odd)}, replacements drafted: {len(replaced)}",
            details={"characters": len(found.letters), "odd": [str(one) for one in found.odd]},
        )


def describe(texts: Mapping[str, str], refused: Sequence[str]) -> Orthography:
    """Count the characters of normalised texts, by the names of where they stand."""
    counts: Counter[str] = Counter()
    within: Counter[str] = Counter()
    first: dict[str, str] = {}
    for where, text in texts.items():
        counts.update(text)
        within.update(set(text))
        for character in text:
            first.setdefault(character, where)
    letters = [
        Letter(
            character,
            named(character),
            count,
            within[character],
            _around(texts[first[character]], character),
            first[character],
        )
        for character, count in counts.most_common()
    ]
    return Orthography(texts=len(texts), refused=refused, letters=letters, odd=oddities(texts))


def drafted(texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return replacements for what is likely a slip, and the reason of each.

    Marks and characters that cannot be seen are taken out; letters of another script than most
    become those that they look like.
    """
    replaced, reasons = {}, {}
    marks = dict.fromkeys(mark for text in texts.values() for mark in MARK.findall(text))
    counts = Counter(one for text in texts.values() for one in MARK.sub("", text))
    scripts: Counter[str] = Counter()
    for character, count in counts.items():
        if character.isalpha():
            scripts[script_of(character)] += count
    main = scripts.most_common(1)[0][0] if scripts else ""
    for mark in marks:
        replaced[mark], reasons[mark] = "", "a mark, which is not said"
    for character in sorted(counts):
        if is_invisible(character):
            replaced[character] = ""
            reasons[character] = f"{named(character)}: cannot be seen or heard"
        elif other := _look_alike(character, main):
            replaced[character] = other
            reasons[character] = f"{named(character)} looks like {named(other)}"
    return replaced, reasons


def _look_alike(character: str, main: str) -> str:
    """Return the letter of the main script that another script's letter looks like, or ""."""
    for one, letters, other, twins in LOOK_ALIKES:
        if main == one and character in twins:
            return letters[twins.index(character)]
        if main == other and character in letters:
            return twins[letters.index(character)]
    return ""


def _around(text: str, character: str) -> str:
    at = text.index(character)
    return text[max(0, at - AROUND) : at + AROUND + 1]


def to_text(found: Orthography) -> str:
    """Return what is odd first, then every character, the most frequent first."""
    lines = [f"{found.texts} texts, {len(found.letters)} characters", ""]
    lines += [f"{one.texts:7}  {one}" for one in found.odd] or ["nothing odd"]
    lines += ["", *(f"refused: {one}" for one in found.refused)]
    lines += ["", f"{'times':>8}  {'texts':>7}  character"]
    for one in found.letters:
        rare = "  rare" if one.texts < RARE <= found.texts / RARE else ""
        lines.append(
            f"{one.count:8}  {one.texts:7}  {one.name}{rare}  in: {one.example}  ({one.where})"
        )
    return "\n".join(lines) + "\n"


def to_json(found: Orthography) -> str:
    """Return everything as JSON."""
    plain = {
        "texts": found.texts,
        "odd": [asdict(one) for one in found.odd],
        "refused": list(found.refused),
        "letters": [asdict(one) for one in found.letters],
    }
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


def to_html(found: Orthography) -> str:
    """Return one page that needs nothing else."""
    rows = "".join(
        f"<tr><td>{html.escape(one.character)}</td><td>{html.escape(one.name)}</td>"
        f"<td>{one.count}</td><td>{one.texts}</td><td>{html.escape(one.example)}</td></tr>"
        for one in found.letters
    )
    odd = "".join(f"<li>{one.texts} texts: {html.escape(str(one))}</li>" for one in found.odd)
    refused = "".join(f"<li>{html.escape(one)}</li>" for one in found.refused)
    return (
        '<!doctype html><meta charset="utf-8"><title>Letters</title>'
        "<style>body { font: 15px/1.5 system-ui, sans-serif; margin: 2em } "
        "td, th { padding: .1em .8em; text-align: left }</style>"
        f"<h1>Letters</h1><p>{len(found.letters)} characters in {found.texts} texts</p>"
        f"<h2>Odd</h2><ul>{odd}</ul><h2>Refused</h2><ul>{refused}</ul>"
        "<table><tr><th></th><th>character</th><th>times</th><th>texts</th><th>example</th></tr>"
        f"{rows}</table>\n"
    )

"""The operation `translate`: every line of a text, or every line of subtitles."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from seqstudio.api import BeamConfig, Formatted, Job, Request, Result
from seqstudio_text.files import read_lines
from seqstudio_text.formats import page
from seqstudio_text.translate.pictures import Pictures, attention_table
from seqstudio_text.translate.search import COVERAGE, Translation, translate_lines
from seqstudio_text.translate.settings import translate_settings

AT_ONCE = 16  # lines in one search
LONGEST = 300  # characters that are translated at once; longer lines are cut between sentences
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
TIMES = re.compile(r"\d+:\d\d:\d\d[,.]\d+\s*-->")


class Translate:
    """Translates lines; their number and order, and the times of subtitles, stay."""

    name = "translate"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the translation of one file.

        Raises
        ------
        DataError
            If the file cannot be read.
        """
        (path,) = request.inputs["text"]
        best, model = request.options["best"], job.model()
        search = BeamConfig(beam=max(request.options["beam"], best), best=best, coverage=COVERAGE)
        lines = read_lines(path)
        kept = kept_lines(lines, path)
        parts = [
            (at, part) for at, line in enumerate(lines) if at not in kept for part in cut(line)
        ]
        found: list[list[Translation]] = []
        for first in range(0, len(parts), AT_ONCE):
            job.progress(first / len(parts))
            some = [part for _, part in parts[first : first + AT_ONCE]]
            found += translate_lines(model, some, sampler=job, search=search)
        by_line: dict[int, list[list[Translation]]] = {}
        for (at, _), one in zip(parts, found, strict=True):
            by_line.setdefault(at, []).append(one)
        settings = translate_settings(model.settings)
        pair = f"{settings.source} to {settings.target}"
        yield Result(
            outputs={"translation": formatted(lines, by_line, path)},
            summary=f"{len(by_line)} lines, {pair}, by {model.name}",
            details={"model": model.name},
        )


def kept_lines(lines: Sequence[str], path: Path) -> set[int]:
    """Return the places of lines that stay: empty ones, and numbers and times of subtitles."""
    kept = {at for at, line in enumerate(lines) if not line.strip()}
    if path.suffix.lower() == ".srt":
        for at, line in enumerate(lines):
            if TIMES.match(line):
                kept |= {at, at - 1} if at and lines[at - 1].strip().isdecimal() else {at}
    return kept


def cut(line: str) -> list[str]:
    """Return a line as pieces that are not too long, cut between sentences, else between words."""
    if len(line) <= LONGEST:
        return [line]
    pieces: list[str] = []
    for sentence in SENTENCE_END.split(line):
        for word in [sentence] if len(sentence) <= LONGEST else short_words(sentence):
            if pieces and len(pieces[-1]) + len(word) < LONGEST:
                pieces[-1] = f"{pieces[-1]} {word}"
            else:
                pieces.append(word)
    return [piece for piece in pieces if piece.strip()]


def short_words(sentence: str) -> list[str]:
    """Return the words of a sentence, very long ones in pieces."""
    return [
        word[start : start + LONGEST]
        for word in sentence.split()
        for start in range(0, len(word), LONGEST)
    ]


def formatted(
    lines: Sequence[str], found: dict[int, list[list[Translation]]], path: Path
) -> Formatted:
    """Return the translation in every format; `srt` only of subtitles."""
    texts = [
        " ".join(one[0].text for one in found[at]) if at in found else line
        for at, line in enumerate(lines)
    ]
    text = "\n".join(texts) + "\n"
    pairs = list(zip(lines, texts, strict=True))
    rows = [_row(*pair, found.get(at, ())) for at, pair in enumerate(pairs)]
    formats = {"txt": text, "json": _json(lines, found), "html": page("Translation", rows)}
    if path.suffix.lower() == ".srt":
        formats["srt"] = text
    drawn = tuple(one[0] for parts in found.values() for one in parts)
    return Formatted(formats, otherwise=Pictures(drawn))


def _json(lines: Sequence[str], found: dict[int, list[list[Translation]]]) -> str:
    """Return for each line its best translations with scores, and the attention of the best."""
    rows = [
        {
            "text": line,
            "parts": [
                {
                    "best": [{"text": t.text, "score": round(t.score, 4)} for t in one],
                    "source_units": list(one[0].sources),
                    "units": list(one[0].units),
                    "attention": [[round(w, 3) for w in step] for step in one[0].attention],
                }
                for one in found.get(at, ())
            ],
        }
        for at, line in enumerate(lines)
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _row(line: str, text: str, parts: Sequence[list[Translation]]) -> str:
    """Return a line above its translation, and where that attended to, as HTML."""
    tables = "".join(attention_table(one[0]) for one in parts)
    return f"{html.escape(line)}<br><b>{html.escape(text)}</b>{tables}"

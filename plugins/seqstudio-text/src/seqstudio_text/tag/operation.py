"""The operation `tag`: the spans of every line of a text."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seqstudio.api import Formatted, Job, Request, Result
from seqstudio_text.files import read_lines
from seqstudio_text.formats import Span, coloured, marked, page
from seqstudio_text.tag.spans import spans_of
from seqstudio_text.tag.task import tag_words
from seqstudio_text.words import Word

TOKEN = re.compile(r"https?://\S+|[@#]\w+|\w+(?:['\u2019]\w+)*|[^\w\s]")
LONGEST = 400  # words of a line that are tagged at once
COLOURS = ("#cfe2f3", "#f9cb9c", "#b6d7a8", "#d9c3e8", "#ffe599", "#f4c2d7", "#c9daf8")


@dataclass(frozen=True)
class Tagged:
    """A line, its words and their tags."""

    line: str
    words: tuple[Word, ...]
    tags: tuple[str, ...]

    def entities(self) -> list[tuple[int, int, str]]:
        """Return the places in the line of each span, and its kind."""
        return [
            (self.words[span.first].start, self.words[span.last - 1].end, span.kind)
            for span in sorted(spans_of(self.tags))
        ]


class Tag:
    """Finds the spans of every line."""

    name = "tag"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the spans of one file.

        Raises
        ------
        DataError
            If the file cannot be read.
        """
        (path,) = request.inputs["text"]
        model, lines = job.model(), read_lines(path)
        found = []
        for number, line in enumerate(lines):
            job.progress(number / len(lines))
            words = [Word(match[0], match.start(), match.end()) for match in TOKEN.finditer(line)]
            tags: list[str] = []
            for first in range(0, len(words), LONGEST):
                tags += tag_words(model, [word.text for word in words[first : first + LONGEST]])
            found.append(Tagged(line, tuple(words), tuple(tags)))
        kinds = [kind for one in found for _, _, kind in one.entities()]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
        yield Result(
            outputs={"entities": formatted(found)},
            summary=f"{counts or 'none'}, by {model.name}",
            details={"model": model.name},
        )


def formatted(found: Sequence[Tagged]) -> Formatted:
    """Return the spans in every format."""
    return Formatted(
        {
            "txt": "".join(_line(one) + "\n" for one in found),
            "json": json.dumps([_plain(one) for one in found], ensure_ascii=False, indent=1) + "\n",
            "conll": "\n".join(map(_conll, found)),
            "html": page("Entities", [_html(one) for one in found]),
            "ansi": "".join(_terminal(one) + "\n" for one in found),
        }
    )


def _line(one: Tagged) -> str:
    """Return a line with its spans in brackets."""
    pieces, at = [], 0
    for start, end, kind in one.entities():
        pieces.append(f"{one.line[at:start]}[{kind}: {one.line[start:end]}]")
        at = end
    return "".join([*pieces, one.line[at:]])


def _plain(one: Tagged) -> dict[str, object]:
    entities = [
        {"text": one.line[start:end], "kind": kind, "start": start, "end": end}
        for start, end, kind in one.entities()
    ]
    return {"text": one.line, "entities": entities}


def _conll(one: Tagged) -> str:
    pairs = zip(one.words, one.tags, strict=True)
    return "".join(f"{word.text}\t{tag}\n" for word, tag in pairs)


def _html(one: Tagged) -> str:
    """Return a line as HTML, followed by the kinds in it."""
    legend = html.escape(", ".join(_kinds(one)))
    return marked(one.line, _spans(one)) + (f" <small>{legend}</small>" if legend else "")


def _terminal(one: Tagged) -> str:
    """Return a line for a terminal, followed by the kinds in it."""
    legend = ", ".join(_kinds(one))
    return coloured(one.line, _spans(one)) + (f" ({legend})" if legend else "")


def _spans(one: Tagged) -> list[Span]:
    """Return the spans of a line, each kind in a colour of its own."""
    return [
        (start, end, COLOURS[sum(kind.encode()) % len(COLOURS)], kind)
        for start, end, kind in one.entities()
    ]


def _kinds(one: Tagged) -> list[str]:
    return list(dict.fromkeys(kind for _, _, kind in one.entities()))

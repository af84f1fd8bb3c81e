"""Texts with coloured spans, as HTML and for a terminal.

A span has its start, its end, a colour such as #cfe2f3, and a title.
"""

import html
import re
from collections.abc import Iterator, Sequence

Span = tuple[int, int, str, str]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def page(title: str, rows: Sequence[str]) -> str:
    """Return an HTML page with rows of HTML; each has the direction of its own first letter."""
    mark = '<meta name="generator" content="SeqStudio">'  # by which the app knows what it may show
    head = f'<!doctype html><meta charset="utf-8">{mark}<title>{html.escape(title)}</title>'
    body = [f'<p dir="auto">{row}</p>' for row in rows]
    return "\n".join([head, '<body style="font: 16px sans-serif">', *body, ""])


def marked(text: str, spans: Sequence[Span]) -> str:
    """Return a text as HTML with coloured spans."""
    pieces = []
    for part, colour, title in parts(text, spans):
        shown = html.escape(part)
        if colour:
            look = f"background: {colour}; color: #1a1a1a"
            shown = f'<span style="{look}" title="{html.escape(title)}">{shown}</span>'
        pieces.append(shown)
    return "".join(pieces)


def coloured(text: str, spans: Sequence[Span]) -> str:
    r"""Return a text for a terminal with 24-bit colours, without characters that would steer it.

    >>> coloured("in Rome", [(3, 7, "#cfe2f3", "location")])
    'in \x1b[48;2;207;226;243;38;2;26;26;26mRome\x1b[0m'
    """
    pieces = []
    for part, colour, _ in parts(text, spans):
        shown = CONTROL.sub("\ufffd", part)
        if colour:
            levels = ";".join(str(level) for level in bytes.fromhex(colour[1:]))
            shown = f"\x1b[48;2;{levels};38;2;26;26;26m{shown}\x1b[0m"
        pieces.append(shown)
    return "".join(pieces)


def parts(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, str, str]]:
    """Yield the parts of a text, with the colour and title of each, '' outside of spans."""
    at = 0
    for start, end, colour, title in spans:
        yield text[at:start], "", ""
        yield text[start:end], colour, title
        at = end
    yield text[at:], "", ""

"""Given texts: lines to be placed in time, and subtitles whose time stamps are replaced."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError
from seqstudio.api.media import read_text_file

STAMP = re.compile(
    r"^(?P<start>(?:\d+:)?\d+:\d+[,.]\d+)\s+-->\s+(?P<end>(?:\d+:)?\d+:\d+[,.]\d+)(?P<rest>.*)$"
)
TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")  # <i>, <v Ann>, {\an8}
SUBTITLES = (".srt", ".vtt")


@dataclass(frozen=True, slots=True)
class GivenText:
    """Lines in order, as they stand; each cue of subtitles is one, without its tags.

    `source` holds the lines of a subtitle file, and `stamps` which of them are time stamps, one for
    each of `lines`; other texts have none.
    """

    lines: tuple[str, ...]
    source: tuple[str, ...] = ()
    stamps: tuple[int, ...] = ()

    def retimed(self, spans_s: Sequence[tuple[float, float]]) -> str:
        """Return the subtitle file with other times, and every other character as it was.

        Parameters
        ----------
        spans_s : start and end of each line, in seconds
        """
        lines = list(self.source)
        for at, (start_s, end_s) in zip(self.stamps, spans_s, strict=True):
            old = STAMP.match(lines[at])
            assert old, "stamps index lines that match"
            point = "," if "," in old["start"] else "."
            start_ms = round(start_s * 1000)
            end_ms = max(round(end_s * 1000), start_ms + 1)
            lines[at] = f"{_stamp(start_ms, point)} --> {_stamp(end_ms, point)}{old['rest']}"
        return "\n".join(lines)


def read_given_text(path: Path) -> GivenText:
    """Read a text with a line for each sentence or verse, or subtitles.

    Raises
    ------
    DataError
        If it cannot be read or holds no text.
    """
    text = read_text_file(path)
    if path.suffix.lower() in SUBTITLES:
        given = _subtitles(text)
    else:
        given = GivenText(tuple(line for line in text.split("\n") if line.strip()))
    if not given.lines:
        raise DataError(f"{path}: no text, expected lines or subtitles")
    return given


def spoken_text(line: str) -> str:
    """Return a line without the tags and entities of subtitles.

    >>> spoken_text("<i>Tea &amp; cake</i>")
    'Tea & cake'
    """
    return " ".join(html.unescape(TAG.sub("", line)).split())


def _subtitles(text: str) -> GivenText:
    source = text.split("\n")
    stamps = [at for at, line in enumerate(source) if STAMP.match(line)]
    cues = []
    for at in stamps:
        body = source[at + 1 :]
        end = next((n for n, line in enumerate(body) if not line.strip()), len(body))
        cues.append(spoken_text("\n".join(body[:end])))
    return GivenText(tuple(cues), tuple(source), tuple(stamps))


def _stamp(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"

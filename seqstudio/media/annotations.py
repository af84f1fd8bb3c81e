"""Write transcripts as tables and as the files of annotation programs: CTM, TextGrid, ELAN, CSV."""

import csv
import io
import math
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.media.tables import no_formula
from seqstudio.media.word_times import segments_of, with_word_times

COLUMNS = ("start_s", "end_s", "speaker", "text", "confidence", "notes")
EAF_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
"""


def valid_text(text: str) -> str:
    r"""Return a text that UTF-8 and XML can hold; other characters are escaped.

    >>> valid_text("caf\udce9\x07")
    'caf\\udce9\\x07'
    """
    return "".join(c if _is_valid(c) else ascii(c)[1:-1] for c in text)


def _is_valid(character: str) -> bool:
    return character in "\t\n" or (character >= " " and not "\ud800" <= character <= "\udfff")


def segments_with_words(transcript: Transcript) -> list[Segment]:
    """Return the segments; without any, the whole text is one. Words without times get some."""
    return [with_word_times(segment) for segment in segments_of(transcript)]


def to_ctm(transcript: Transcript) -> str:
    """Return NIST's CTM: recording, channel, start, duration, word, confidence.

    Notes are comments at the top.
    """
    recording = "_".join(valid_text(transcript.audio).split()) or "recording"
    lines = [f";; {' '.join(valid_text(note).split())}" for note in transcript.notes]
    lines += [
        f"{recording} {segment.channel or 1} {word.start_s:.3f} {word.end_s - word.start_s:.3f} "
        f"{'_'.join(word.word.split())}"
        + ("" if word.confidence is None else f" {word.confidence:.4f}")
        for segment in segments_with_words(transcript)
        for word in segment.words
    ]
    return "".join(f"{line}\n" for line in lines)


def to_tsv(transcript: Transcript) -> str:
    """Return a table of segments without quotes: tabs and line breaks in a text become spaces."""
    rows = (COLUMNS, *_rows(transcript))
    lines = ("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def to_csv(transcript: Transcript) -> str:
    """Return a table of segments as RFC 4180 has it.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for start, end, speaker, text, *others in _rows(transcript):
        writer.writerow((start, end, no_formula(speaker), no_formula(text), *others))
    return written.getvalue()


def _rows(transcript: Transcript) -> Iterator[tuple[str, ...]]:
    notes = valid_text("; ".join(transcript.notes))
    for one in segments_with_words(transcript):
        sure = "" if one.confidence is None else f"{one.confidence:.4f}"
        times = f"{one.start_s:.3f}", f"{one.end_s:.3f}"
        yield (*times, valid_text(one.speaker or ""), valid_text(one.text), sure, notes)


def to_textgrid(transcript: Transcript) -> str:
    """Return Praat's TextGrid: a tier of words and one of segments for each speaker, and notes."""
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    for segment in segments_with_words(transcript) or [Segment(start_s=0, end_s=0, text="")]:
        speaker = f"{segment.speaker} " if segment.speaker else ""
        words = [(word.start_s, word.end_s, word.word) for word in segment.words]
        tiers.setdefault(f"{speaker}words", []).extend(words)
        said = (segment.start_s, segment.end_s, segment.text)
        tiers.setdefault(f"{speaker}segments", []).append(said)
    if transcript.notes:
        tiers["notes"] = [(0.0, transcript.duration_s, "; ".join(transcript.notes))]
    marks = [end for spans in tiers.values() for _, end, _ in spans]
    end_s = max([transcript.duration_s, 0.001, *marks])
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [f"xmin = 0\nxmax = {end_s:.3f}\ntiers? <exists>\nsize = {len(tiers)}\nitem []:"]
    for number, (name, spans) in enumerate(tiers.items(), start=1):
        filled = list(_filled(spans, end_s))
        named = f'name = "{_quoted(name)}"'
        lines += [f'    item [{number}]:\n        class = "IntervalTier"\n        {named}']
        lines += [f"        xmin = 0\n        xmax = {end_s:.3f}"]
        lines += [f"        intervals: size = {len(filled)}"]
        for at, (start, end, text) in enumerate(filled, start=1):
            lines += [f"        intervals [{at}]:\n            xmin = {start:.3f}"]
            lines += [f'            xmax = {end:.3f}\n            text = "{_quoted(text)}"']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return valid_text(text).replace('"', '""')


def _filled(
    spans: list[tuple[float, float, str]], end_s: float
) -> Iterator[tuple[float, float, str]]:
    """Yield intervals without gaps or overlaps from 0 to the end; gaps have no text."""
    at = 0.0
    for start, end, text in sorted(spans):
        start, end = round(max(start, at), 3), round(min(end, end_s), 3)
        if end <= start:
            continue  # wholly covered by the one before
        if start > at:
            yield at, start, ""
        yield start, end, text
        at = end
    if at < round(end_s, 3):
        yield at, round(end_s, 3), ""


def to_eaf(transcript: Transcript) -> str:
    """Return ELAN's EAF: a tier for the segments of each speaker, and one for their words."""
    tiers: dict[str, list[Segment | Word]] = {}
    for segment in segments_with_words(transcript):
        name = valid_text(segment.speaker or "speech")
        tiers.setdefault(name, []).append(segment)
        tiers.setdefault(f"{name} words", []).extend(segment.words)
    slots: list[int] = []
    body: list[str] = []
    number = 0
    for name, spans in tiers.items():
        body.append(f'<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID={quoteattr(name)}>')
        for span, end_ms in _eaf_ends(spans):
            start_ms, number = round(span.start_s * 1000), number + 1
            slots += [start_ms, max(end_ms, start_ms + 1)]
            text = span.text if isinstance(span, Segment) else span.word
            body.append(
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" '
                f'TIME_SLOT_REF1="ts{len(slots) - 1}" TIME_SLOT_REF2="ts{len(slots)}">'
                f"<ANNOTATION_VALUE>{escape(valid_text(text))}</ANNOTATION_VALUE>"
                "</ALIGNABLE_ANNOTATION></ANNOTATION>"
            )
        body.append("</TIER>")
    order = "\n".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{at}" TIME_VALUE="{ms}"/>'
        for at, ms in enumerate(slots, start=1)
    )
    kind = '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>'
    notes = [
        f'<PROPERTY NAME="note">{escape(valid_text(note))}</PROPERTY>' for note in transcript.notes
    ]
    slots_in_order = f"<TIME_ORDER>\n{order}\n</TIME_ORDER>"
    parts = (*notes, "</HEADER>", slots_in_order, *body, kind, "</ANNOTATION_DOCUMENT>")
    return EAF_HEAD + "\n".join(parts) + "\n"


def _eaf_ends(spans: list[Segment | Word]) -> Iterator[tuple[Segment | Word, int]]:
    """Yield annotations with their ends in milliseconds: within a tier none overlap."""
    ordered = sorted(spans, key=lambda one: one.start_s)
    starts_s = [*(one.start_s for one in ordered), math.inf]
    for one, next_s in zip(ordered, starts_s[1:], strict=True):
        yield one, round(min(one.end_s, next_s) * 1000)

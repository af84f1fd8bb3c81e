"""Texts with coloured spans, and pictures of attention."""

from pathlib import Path

import pytest
from seqstudio_text.formats import coloured, marked
from seqstudio_text.translate.pictures import AttentionExporter, Pictures, attention_table
from seqstudio_text.translate.search import Translation

from seqstudio.api import DataError

SPANS = [(3, 7, "#cfe2f3", "location")]
TRANSLATION = Translation(
    text="ein Hund",
    score=-1.0,
    units=("\u2581ein", "\u2581Hund"),
    sources=("\u2581a", "\u2581dog", ""),
    attention=((0.9, 0.1, 0.0), (0.2, 0.8, 0.0)),
)


def test_a_terminal_is_not_steered_by_the_text() -> None:
    shown = coloured("in \x1b[2J\u202eme", SPANS)

    assert shown == "in \x1b[48;2;207;226;243;38;2;26;26;26m\ufffd[2J\x1b[0m\ufffdme"


def test_html_is_escaped_inside_and_outside_of_spans() -> None:
    shown = marked("<a <b> c", SPANS)

    assert shown.startswith("&lt;a <span style=")
    assert "&lt;b&gt; </span>c" in shown


def test_attention_is_drawn_as_png_and_as_a_table(tmp_path: Path) -> None:
    AttentionExporter().write(Pictures((TRANSLATION,)), tmp_path / "a.png")
    table = attention_table(TRANSLATION)

    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert table.count("<tr>") == 3
    assert "_Hund" in table


def test_without_attention_there_is_nothing_to_draw(tmp_path: Path) -> None:
    bare = Translation(text="x", score=0.0, units=("x",), sources=("x", ""))
    with pytest.raises(DataError, match=r"^a\.png: no attention to draw, expected"):
        AttentionExporter().write(Pictures((bare,)), tmp_path / "a.png")
    assert attention_table(bare) == ""

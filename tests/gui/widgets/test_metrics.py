"""Colours, spacing and sizes have one place; views write none of their own."""

import re
from pathlib import Path

import pytest
from contrast import contrast

import seqstudio.gui
from seqstudio.gui.widgets.colours import CONTRAST, DARK, LIGHT, Colours

GUI = Path(seqstudio.gui.__file__).parent
VALUES = {"metrics.py", "colours.py", "style.py", "layout.py"}  # where the values are
NUMBER = r"(?<![\w.\"'])\d+(?![\w.\"'])"
SPACING = re.compile(
    r"(?:margins=|spacing=|setContentsMargins\(|setSpacing\(|addSpacing\(|"
    rf"setHorizontalSpacing\(|setVerticalSpacing\()[^\n]*?{NUMBER}"
)
COLOUR = re.compile(r"QColor\(\s*[\"'#\d]|#[0-9a-fA-F]{6}")
TYPE = re.compile(r"setPointSizeF?\(|setPixelSize\(")
WCAG_TEXT, WCAG_GRAPHICS = 4.5, 3.0  # WCAG 2.2, success criteria 1.4.3 and 1.4.11


@pytest.mark.parametrize("what", [SPACING, COLOUR, TYPE], ids=["spacing", "colour", "type size"])
def test_no_view_writes_its_own(what: re.Pattern[str]) -> None:
    own = [
        f"{path.relative_to(GUI)}:{number}: {line.strip()}"
        for path in sorted(GUI.rglob("*.py"))
        if path.name not in VALUES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if what.search(line) and "0x" not in line
    ]
    assert not own, "\n".join(own)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("layout = column(self, margins=7, spacing=SMALL)", SPACING),
        ('label.setStyleSheet("color: #ff0000")', COLOUR),
        ("font.setPointSizeF(12.0)", TYPE),
    ],
)
def test_a_view_with_its_own_is_found(line: str, what: re.Pattern[str]) -> None:
    assert what.search(line)
    assert not what.search("layout = column(self, margins=LARGE, spacing=SMALL)")


@pytest.mark.parametrize("colours", [LIGHT, DARK, CONTRAST], ids=["light", "dark", "contrast"])
def test_text_and_graphics_meet_wcag_aa_on_every_tone(colours: Colours) -> None:
    tones = [colours.background, colours.surface, colours.raised]
    for tone in tones:
        for ink in ("text", "muted", "accent", "error", "success"):
            assert contrast(getattr(colours, ink), tone) >= WCAG_TEXT, ink
    for ink in ("wave", "playhead", "note"):
        assert contrast(getattr(colours, ink), colours.background) >= WCAG_GRAPHICS
    assert contrast(colours.on_accent, colours.accent) >= WCAG_TEXT
    assert len({tone.name() for tone in tones}) == 3


def test_high_contrast_is_higher() -> None:
    assert contrast(CONTRAST.text, CONTRAST.background) > 15
    assert contrast(CONTRAST.muted, CONTRAST.surface) > 7  # WCAG AAA

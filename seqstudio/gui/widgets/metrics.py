"""The spacing, the type scale and the sizes that views share, in pixels at 100 %.

A test fails where a view writes a spacing or a type size of its own.
"""

from typing import Literal

from PySide6.QtGui import QFont

# Spacing: between parts of one thing, between things, between groups, around a page.
NONE, HAIR, TIGHT, SMALL, MEDIUM, LARGE, WIDE, HUGE = 0, 2, 4, 8, 12, 16, 24, 32

ICON = 20  # of a button with an icon
RAIL = 76  # width of the rail
RAIL_ICON = 22
TRANSPORT = 48  # height of the transport
PANEL = 320  # width of the panel beside a page
LIBRARY = 240  # width of the library
LIBRARY_MIN = 170
PAGE = 720  # width of a page of text
CHIP = 220  # width of the jobs in the status bar
POP_OVER = 400
START_BUTTON = 56  # height
THUMBNAIL = (96, 48)
TREE_TAKE, TREE_PICTURE, TREE_GAP = 176, 40, 48  # of a take in the tree: width, height, gap
SLIDER = 96  # volume
TIME = 130  # of the position and the length
DIALOG = (460, 480)
SHEET = (620, 560)  # of a dialog with facts
GUIDE = (820, 640)

Style = Literal["title", "heading", "strong", "reading", "small"]
SCALE: dict[Style, tuple[float, bool]] = {  # times the system's size, and whether it is bold
    "title": (2.0, True),
    "heading": (1.25, True),
    "strong": (1.0, True),
    "reading": (1.1, False),  # of a transcript
    "small": (0.9, False),
}


def styled(font: QFont, style: Style) -> QFont:
    """Return a font of the type scale.

    Parameters
    ----------
    font : of the widget, in the system's size
    style : its place in the scale
    """
    size, bold = SCALE[style]
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * size)
    made.setBold(bold)
    return made

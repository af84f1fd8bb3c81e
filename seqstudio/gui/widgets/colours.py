"""The colours of widgets and of painted views, light and dark."""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one theme. Text on any background has a contrast ratio of at least 4.5.

    Views never convey information by colour alone.
    """

    background: QColor  # of a painted view
    surface: QColor  # bars, rulers, cards
    text: QColor
    muted: QColor  # secondary text
    line: QColor  # grids and borders
    accent: QColor  # selected or active
    on_accent: QColor
    wave: QColor
    playhead: QColor
    note: QColor
    error: QColor
    success: QColor


LIGHT = Colours(
    background=QColor("#ffffff"),
    surface=QColor("#f3f4f6"),
    text=QColor("#1c2024"),
    muted=QColor("#5f6670"),
    line=QColor("#d9dce1"),
    accent=QColor("#2458c5"),
    on_accent=QColor("#ffffff"),
    wave=QColor("#4c7bd9"),
    playhead=QColor("#c2410c"),
    note=QColor("#2f7d5b"),
    error=QColor("#b42318"),
    success=QColor("#1c7a4a"),
)
DARK = Colours(
    background=QColor("#16181c"),
    surface=QColor("#202329"),
    text=QColor("#e8eaed"),
    muted=QColor("#a2a9b4"),
    line=QColor("#383d46"),
    accent=QColor("#8ab0ff"),
    on_accent=QColor("#0d1420"),
    wave=QColor("#6f9bf0"),
    playhead=QColor("#ff9c66"),
    note=QColor("#5fc79a"),
    error=QColor("#ff8a80"),
    success=QColor("#6fd3a0"),
)


def colours_of(palette: QPalette) -> Colours:
    """Return the colours that match a widget's palette."""
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return DARK if dark else LIGHT

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
    raised: QColor  # the rail, the transport and headers: the third tone
    faint: QColor  # icons of what cannot be done now, which the text says too
    line: QColor  # grids and borders
    accent: QColor  # selected or active
    on_accent: QColor
    wave: QColor
    playhead: QColor
    note: QColor
    error: QColor
    success: QColor
    tracks: tuple[QColor, ...]  # of the tracks after the first, which has `note`

    def of_track(self, number: int) -> QColor:
        """Return the colour of a track, from 0; -1, none, has that of the first."""
        every = (self.note, *self.tracks)
        return every[max(number, 0) % len(every)]


LIGHT = Colours(
    background=QColor("#ffffff"),
    surface=QColor("#f3f4f6"),
    text=QColor("#1c2024"),
    muted=QColor("#565d67"),
    raised=QColor("#e7eaee"),
    faint=QColor("#9aa1ab"),
    line=QColor("#d9dce1"),
    accent=QColor("#2458c5"),
    on_accent=QColor("#ffffff"),
    wave=QColor("#4c7bd9"),
    playhead=QColor("#c2410c"),
    note=QColor("#2f7d5b"),
    error=QColor("#b42318"),
    success=QColor("#186f43"),
    tracks=tuple(map(QColor, ("#8a4b0f", "#7a3aa8", "#0f6f7d", "#a8326a", "#566316", "#5a4fb0"))),
)
DARK = Colours(
    background=QColor("#16181c"),
    surface=QColor("#202329"),
    text=QColor("#e8eaed"),
    muted=QColor("#a9b0bb"),
    raised=QColor("#2a2e36"),
    faint=QColor("#6d7480"),
    line=QColor("#383d46"),
    accent=QColor("#8ab0ff"),
    on_accent=QColor("#0d1420"),
    wave=QColor("#6f9bf0"),
    playhead=QColor("#ff9c66"),
    note=QColor("#5fc79a"),
    error=QColor("#ff8a80"),
    success=QColor("#6fd3a0"),
    tracks=tuple(map(QColor, ("#f0b070", "#c9a0f5", "#6fd0dd", "#f599c0", "#c3d06a", "#b3b0ff"))),
)


CONTRAST = Colours(
    background=QColor("#000000"),
    surface=QColor("#0a0a0a"),
    raised=QColor("#161616"),
    text=QColor("#ffffff"),
    muted=QColor("#e4e4e4"),
    faint=QColor("#9c9c9c"),
    line=QColor("#8c8c8c"),
    accent=QColor("#ffd60a"),
    on_accent=QColor("#000000"),
    wave=QColor("#6cc7ff"),
    playhead=QColor("#ffd60a"),
    note=QColor("#5cf2a4"),
    error=QColor("#ff9a90"),
    success=QColor("#7cf0b4"),
    tracks=tuple(map(QColor, ("#6cc7ff", "#ffb454", "#d7a8ff", "#5ceaf2", "#ff9ccb", "#d9f25c"))),
)


def colours_of(palette: QPalette) -> Colours:
    """Return the colours that match a widget's palette."""
    if palette.color(QPalette.ColorRole.Window) == CONTRAST.surface:
        return CONTRAST
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return DARK if dark else LIGHT

"""The contrast of two colours, as WCAG 2 defines it: 1 to 21."""

from PySide6.QtGui import QColor

SHARES = (0.2126, 0.7152, 0.0722)  # of red, green and blue in the luminance


def contrast(one: QColor, other: QColor) -> float:
    """Return the ratio of the luminances, each with 0.05 of ambient light."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(share * part for share, part in zip(SHARES, linear, strict=True))

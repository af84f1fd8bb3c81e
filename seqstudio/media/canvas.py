"""A light drawing surface: boxes, lines and text in points, smoothed by drawing at twice the size.

Pillow is imported here and nowhere else in the room; only jobs that draw load this module.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageColor, ImageDraw, ImageFont

Point: TypeAlias = tuple[float, float]
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
SCALE = 2
PAPER, INK, FADED, GRID, FAINT = "#ffffff", "#1f2933", "#6b7785", "#d5dbe1", "#eef1f4"
COLOURS = (
    "#2f6db5", "#d9592c", "#2c9c69", "#8a56b0", "#c7951a",
    "#c2437f", "#2a9db0", "#7d6148", "#5c6b7a", "#7fa22e",
)  # fmt: skip


class Canvas:
    """A picture of `width` by `height` points, white at first."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def box(
        self,
        start: Point,
        end: Point,
        fill: str,
        *,
        outline: str | None = None,
        radius: float = 0.0,
    ) -> None:
        """Fill the rectangle between two corners."""
        corners = [*(SCALE * value for value in start), *(SCALE * value - 1 for value in end)]
        corners[2] = max(corners[0], corners[2])
        corners[3] = max(corners[1], corners[3])
        self._draw.rounded_rectangle(corners, SCALE * radius, fill, outline, SCALE)

    def line(self, points: Sequence[Point], fill: str, width: float = 1.0) -> None:
        """Join points by straight lines."""
        flat = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(flat, fill, max(1, round(width * SCALE)), joint="curve")

    def dot(self, at: Point, radius: float, fill: str) -> None:
        """Fill a circle."""
        (x, y), wide = at, radius
        self._draw.ellipse([SCALE * v for v in (x - wide, y - wide, x + wide, y + wide)], fill)

    def text(
        self, at: Point, text: str, size: float = 11, *, fill: str = INK, anchor: str = "la"
    ) -> None:
        """Write a line of text; `anchor` as Pillow names it ("la": left, top)."""
        place = at[0] * SCALE, at[1] * SCALE
        self._draw.text(place, text, fill, font_for(text, size), anchor=anchor)

    def upright(self, at: Point, text: str, size: float = 11, *, fill: str = INK) -> None:
        """Write text from bottom to top, centred on a point."""
        wide, high = round(text_width(text, size) * SCALE) + 4, round(size * 1.5 * SCALE)
        strip = Image.new("RGB", (wide, high), PAPER)
        middle = wide / 2, high / 2
        ImageDraw.Draw(strip).text(middle, text, fill, font_for(text, size), anchor="mm")
        strip = strip.transpose(Image.Transpose.ROTATE_90)
        left, top = round(at[0] * SCALE - high / 2), round(at[1] * SCALE - wide / 2)
        self._image.paste(strip, (left, top))

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        size = self.width, self.height
        self._image.resize(size, Image.Resampling.LANCZOS).save(path, format="PNG")


def font_for(text: str, size: float) -> Font:
    """Give Pillow's own font, or for letters it lacks a common one of the system, if installed.

    Pillow's own holds ASCII only, but it is the same on every machine.
    """
    return _own_font(size) if text.isascii() else _system_font(size)


@functools.cache  # Pillow unpacks its font anew at each call
def _own_font(size: float) -> Font:
    return ImageFont.load_default(size * SCALE)


@functools.cache  # looking for a font walks the system's folders
def _system_font(size: float) -> Font:
    for name in ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf"):
        try:
            return ImageFont.truetype(name, size * SCALE)
        except OSError:
            continue  # not installed here: try the next
    return _own_font(size)


def text_width(text: str, size: float) -> float:
    """Give the width of a line of text, in points."""
    return font_for(text, size).getlength(text) / SCALE


def mixed(colour: str, share: float, paper: str = PAPER) -> str:
    """Mix a colour into the paper: 0 is paper, 1 the colour.

    >>> mixed("#000000", 0.5)
    '#808080'
    """
    over, under = ImageColor.getrgb(colour), ImageColor.getrgb(paper)
    levels = (round(b + (a - b) * share) for a, b in zip(over, under, strict=True))
    return "#" + "".join(f"{level:02x}" for level in levels)

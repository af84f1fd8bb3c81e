"""A drawing canvas in points: boxes, lines and text, drawn at twice the size for smooth edges.

This is the only module of `seqstudio.media` that imports Pillow; only jobs that draw load it.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageColor, ImageDraw, ImageFont

Point: TypeAlias = tuple[float, float]
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
SCALE = 2
PAPER, INK, GREY, GRID, PALE_GREY = "#ffffff", "#1f2933", "#6b7785", "#d5dbe1", "#eef1f4"
COLOURS = (
    "#2f6db5", "#d9592c", "#2c9c69", "#8a56b0", "#c7951a",
    "#c2437f", "#2a9db0", "#7d6148", "#5c6b7a", "#7fa22e",
)  # fmt: skip


class Canvas:
    """An image of `width` by `height` points, initially white."""

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
        """Draw straight lines between points."""
        flat = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(flat, fill, max(1, round(width * SCALE)), joint="curve")

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """Fill the area within points."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def circle(self, at: Point, radius: float, fill: str) -> None:
        """Fill a circle."""
        x, y = at
        corners = x - radius, y - radius, x + radius, y + radius
        self._draw.ellipse([SCALE * value for value in corners], fill)

    def text(
        self, at: Point, text: str, size: float = 11, *, fill: str = INK, anchor: str = "la"
    ) -> None:
        """Draw a line of text; `anchor` uses Pillow's codes ("la": left, top)."""
        position = at[0] * SCALE, at[1] * SCALE
        self._draw.text(position, text, fill, font_for(text, size), anchor=anchor)

    def vertical_text(self, at: Point, text: str, size: float = 11, *, fill: str = INK) -> None:
        """Draw text from bottom to top, centred on a point."""
        width, height = round(text_width(text, size) * SCALE) + 4, round(size * 1.5 * SCALE)
        strip = Image.new("RGB", (width, height), PAPER)
        middle = width / 2, height / 2
        ImageDraw.Draw(strip).text(middle, text, fill, font_for(text, size), anchor="mm")
        strip = strip.transpose(Image.Transpose.ROTATE_90)
        left, top = round(at[0] * SCALE - height / 2), round(at[1] * SCALE - width / 2)
        self._image.paste(strip, (left, top))

    def save(self, path: Path) -> None:
        """Write the image as PNG."""
        size = self.width, self.height
        self._image.resize(size, Image.Resampling.LANCZOS).save(path, format="PNG")


def font_for(text: str, size: float) -> Font:
    """Return Pillow's built-in font for ASCII text, otherwise a common system font if installed.

    The built-in font has only ASCII characters, but it is the same on every machine.
    """
    return _built_in_font(size) if text.isascii() else _system_font(size)


@functools.cache  # Pillow unpacks its font at each call
def _built_in_font(size: float) -> Font:
    return ImageFont.load_default(size * SCALE)


@functools.cache  # searching for a font walks the system's folders
def _system_font(size: float) -> Font:
    for name in ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf"):
        try:
            return ImageFont.truetype(name, size * SCALE)
        except OSError:
            continue  # not installed: try the next
    return _built_in_font(size)


def text_width(text: str, size: float) -> float:
    """Return the width of a line of text, in points."""
    return font_for(text, size).getlength(text) / SCALE


def blend(colour: str, share: float, background: str = PAPER) -> str:
    """Blend a colour with a background: a share of 0 is the background, 1 the colour.

    >>> blend("#000000", 0.5)
    '#808080'
    """
    over, under = ImageColor.getrgb(colour), ImageColor.getrgb(background)
    levels = (round(b + (a - b) * share) for a, b in zip(over, under, strict=True))
    return "#" + "".join(f"{level:02x}" for level in levels)

"""Drawing pictures, for plugins. Importing this module loads Pillow, and no plotting library."""

from seqstudio.media.canvas import COLOURS, GREY, GRID, INK, PALE_GREY, PAPER, Canvas, blend
from seqstudio.media.heat_map import draw_hidden_units
from seqstudio.media.line_chart import Axis, draw_line_chart

__all__ = [
    "COLOURS",
    "GREY",
    "GRID",
    "INK",
    "PALE_GREY",
    "PAPER",
    "Axis",
    "Canvas",
    "blend",
    "draw_hidden_units",
    "draw_line_chart",
]

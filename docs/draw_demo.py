"""Draw `docs/demo.png`, the README's picture: `python docs/draw_demo.py FOLDER`.

FOLDER is what `seqstudio demo` made. A folk tune as a piano roll above, the words of one recording
below.
"""

import sys
from pathlib import Path

from PIL import Image

ROLL = "music/folk-tune.png"
WORDS = "speech/an114-mdcs2-b.png"
WIDTH = 1200  # pixels
COLOURS = 64  # enough for flat drawings, and a small file


def draw(folder: Path, target: Path) -> None:
    """Stack both pictures at one width."""
    pictures = [Image.open(folder / name).convert("RGB") for name in (ROLL, WORDS)]
    scaled = [p.resize((WIDTH, round(p.height * WIDTH / p.width))) for p in pictures]
    stacked = Image.new("RGB", (WIDTH, sum(p.height for p in scaled)))
    top = 0
    for picture in scaled:
        stacked.paste(picture, (0, top))
        top += picture.height
    stacked.quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(__file__).parent / "demo.png")

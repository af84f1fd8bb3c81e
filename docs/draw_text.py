"""Draw `docs/text.png`: `python docs/draw_text.py LABELS.json`, of `seqstudio text classify`.

Each line as it was labelled: words that speak for the label in green, those against it in orange.
"""

import json
import sys
from pathlib import Path

from seqstudio.api.pictures import Canvas, blend
from seqstudio.media.canvas import text_width

WIDTH, LINE, MARGIN, SIZE = 960, 34, 20, 15
FOR, AGAINST = "#2c9c69", "#d9592c"


def draw(labels: Path, target: Path) -> None:
    """Draw every line of a file of labels."""
    rows = json.loads(labels.read_text(encoding="utf-8"))
    canvas = Canvas(WIDTH, LINE * len(rows) + MARGIN)
    for number, row in enumerate(rows):
        middle = MARGIN / 2 + LINE * (number + 0.5)
        label = f"{row['label']} {row['probability']:.2f}"
        canvas.text((MARGIN, middle), label, SIZE, anchor="lm")
        most = max(abs(word["weight"]) for word in row["words"])
        for word in row["words"]:
            start = 160 + text_width(row["text"][: word["start"]], SIZE)
            end = 160 + text_width(row["text"][: word["end"]], SIZE)
            colour = FOR if word["weight"] > 0 else AGAINST
            shade = blend(colour, 0.7 * abs(word["weight"]) / most)
            canvas.box((start - 1, middle - 11), (end + 1, middle + 11), shade, radius=3)
        canvas.text((160, middle), row["text"], SIZE, anchor="lm")
    canvas.save(target)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(__file__).parent / "text.png")

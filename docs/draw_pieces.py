"""Compose the pieces of `docs/pieces.md` again: `python docs/draw_pieces.py`.

Each model composes eight bars from the seeds 1 to 5 at default settings. The MIDI files and one
picture for each model, its five pieces one above the other, go to `docs/pieces/`.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

MODELS = ("music-chorale", "music-folk", "music-drums")
SEEDS = range(1, 6)
WIDTH = 1000  # pixels
COLOURS = 32  # enough for flat drawings, and a small file


def compose(model: str, seed: int, folder: Path) -> Path:
    """Compose a piece as MIDI and as a picture; return the path of the MIDI file."""
    target = folder / f"{model}-{seed}.mid"
    command = ["seqstudio", "music", "generate", "--model", model, "--seed", str(seed)]
    subprocess.run([*command, "--out", str(target), "--format", "mid,png"], check=True)
    return target


def draw(model: str, target: Path) -> None:
    """Compose the five pieces of a model, and stack their pictures."""
    with TemporaryDirectory() as folder:
        pieces = [compose(model, seed, Path(folder)) for seed in SEEDS]
        pictures = [Image.open(piece.with_suffix(".png")).convert("RGB") for piece in pieces]
        for piece in pieces:
            (target / piece.name).write_bytes(piece.read_bytes())
    scaled = [p.resize((WIDTH, round(p.height * WIDTH / p.width))) for p in pictures]
    stacked = Image.new("RGB", (WIDTH, sum(p.height for p in scaled)))
    top = 0
    for picture in scaled:
        stacked.paste(picture, (0, top))
        top += picture.height
    stacked.quantize(COLOURS).save(target / f"{model}.png", optimize=True)


if __name__ == "__main__":
    target = Path(__file__).parent / "pieces"
    target.mkdir(exist_ok=True)
    for model in MODELS:
        draw(model, target)

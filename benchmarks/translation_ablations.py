"""What attention and a reversed source give a translator, by the length of sentences.

`python benchmarks/translation_ablations.py FOLDER` trains small models on the sentences of at most
`LONGEST` words (Sutskever et al. 2014 and Bahdanau et al. 2015 asked the same of large ones), and
prints the BLEU of each on the valid part: on sentences of these lengths, and on longer ones.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from seqstudio_text.translate.bleu import CASED, corpus_bleu
from seqstudio_text.translate.data import ParallelLine
from seqstudio_text.translate.task import TranslateTask

from seqstudio.api import Ledger

LONGEST = 12  # words of the sources that are trained on
BOUNDS = ((1, LONGEST), (LONGEST + 1, 18), (19, 100))  # words of the sources that are measured
SIZES = ("dimension=128", "hidden=192", "subwords=2000", "evaluate_every=100", "preview_every=0")
MODELS: Mapping[str, Sequence[str]] = {
    "no attention": ("attention=none",),
    "no attention, source reversed": ("attention=none", "reverse=true"),
    "attention by dot products": (),
    "additive attention": ("attention=additive",),
}


def write_lines(lines: Sequence[ParallelLine], folder: Path, split: str) -> None:
    """Write lines as one file for each language."""
    for language in lines[0].texts:
        text = "".join(f"{line.texts[language]}\n" for line in lines)
        (folder / f"{split}.{language}").write_text(text, encoding="utf-8")


def words(line: ParallelLine) -> int:
    """Return the number of words of a source."""
    return len(line.texts["en"].split())


def measured(data: Path, run: Path, settings: Sequence[str]) -> dict[str, list[object]]:
    """Train and evaluate a model; return what BLEU counts for each line of the valid part."""
    options = [option for text in (*SIZES, *settings) for option in ("--set", text)]
    train = ["seqstudio", "train", "text.translate", data, "--run", run, *options]
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    report = run.with_suffix(".json")
    evaluate = ["seqstudio", "evaluate", run, data, "--split", "valid", "--json", report]
    subprocess.run(evaluate, check=True, stdout=subprocess.DEVNULL)
    details = json.loads(report.read_text())["details"]
    return {one["id"]: one[CASED] for one in details}


def main() -> None:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", type=Path, help="Folder for the runs; a new temporary one.")
    arguments = parser.parse_args()
    out = arguments.out or Path(tempfile.mkdtemp())
    data = out / "data"
    data.mkdir(parents=True)
    lines = list(TranslateTask().read(arguments.folder, Ledger()))
    train = [one for one in lines if one.split == "train" and words(one) <= LONGEST]
    valid = [one for one in lines if one.split == "valid"]
    write_lines(train, data, "train")
    write_lines(valid, data, "valid")
    lengths = {f"valid:{at}": words(one) for at, one in enumerate(valid, start=1)}
    counts = [sum(low <= n <= high for n in lengths.values()) for low, high in BOUNDS]
    print(f"{len(train)} sentences of at most {LONGEST} words; BLEU by the words of the source")
    print("words", *(f"{a}-{b} ({n})" for (a, b), n in zip(BOUNDS, counts, strict=True)), sep="\t")
    for name, settings in MODELS.items():
        found = measured(
            data, out / name.replace(" ", "-"), (f"epochs={arguments.epochs}", *settings)
        )
        rows = (
            [row for line, row in found.items() if low <= lengths[line] <= high]
            for low, high in BOUNDS
        )
        print(name, *(f"{corpus_bleu(row, lowercase=False):.1f}" for row in rows), sep="\t")


if __name__ == "__main__":
    main()

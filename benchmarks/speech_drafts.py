"""A model that was trained on the drafts of an engine, beside one trained on the true texts.

    python benchmarks/speech_drafts.py ASTERISK_EN --out FOLDER [--set epochs=40]

ASTERISK_EN is a folder with `manifest.tsv` and short recordings of one voice. The engine drafts
all its recordings; two trainings with the same recipe differ in their texts only, those of the
part that chooses the checkpoint included. Both are measured on the true texts of 40 recordings
that neither has seen, those whose paths have the smallest SHA-1, with a language model of the texts
that each has learned from. All texts are those of the normaliser of engines, in capitals and
without apostrophes. Drafts and runs that are in the folder already are used as they are.
"""

import argparse
import csv
import hashlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from seqstudio_speech.open_vocabulary import open_normalised

COLUMNS = ("split", "path", "speaker", "seconds", "transcript")
HELD_OUT, VALID = 40, 40  # recordings

Row = dict[str, str]


def spelled(text: str) -> str:
    """Return a text in the letters of the model that both trainings start from."""
    return open_normalised(text).replace("'", "").upper()


def parts(data: Path) -> dict[str, list[Row]]:
    """Return the rows of the data set by part: test, valid and train, by the hash of the path."""
    with (data / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows.sort(key=lambda row: hashlib.sha1(row["path"].encode()).digest())
    seen = HELD_OUT + VALID
    return {"test": rows[:HELD_OUT], "valid": rows[HELD_OUT:seen], "train": rows[seen:]}


def write_table(
    target: Path, data: Path, rows: dict[str, list[Row]], text_of: Callable[[Row], str]
) -> None:
    """Write a table of recordings with the texts that `text_of` gives, and these alone beside it.

    A recording without a text is left out.
    """
    lines, texts = ["\t".join(COLUMNS)], []
    for split, several in rows.items():
        for row in several:
            if text := spelled(text_of(row)):
                path = str((data / row["path"]).absolute())
                cells = {**row, "split": split, "path": path, "transcript": text}
                lines.append("\t".join(cells[name] for name in COLUMNS))
                texts.append(text)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    target.with_suffix(".txt").write_text("\n".join(texts) + "\n", encoding="utf-8")


def train(table: Path, run: Path, base: str, settings: Sequence[str]) -> None:
    """Train on a table, unless there is such a run."""
    options = [option for text in settings for option in ("--set", text)]
    command = ["seqstudio", "train", "speech.ctc", table, "--run", run, "--from", base, *options]
    if not run.exists():
        subprocess.run(command, check=True)


def main() -> None:
    """Draft, train twice, and print both measurements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="Folder for drafts and runs.")
    parser.add_argument("--model", default="whisper-tiny-en", help="The engine.")
    parser.add_argument("--from", dest="base", default="speech-en-small")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    given = parser.parse_args()
    out, heard = given.out, given.out / "heard"
    out.mkdir(parents=True, exist_ok=True)
    transcribe = ["seqstudio", "speech", "transcribe", given.data, "--recursive", "--out", heard]
    subprocess.run([*transcribe, "--model", given.model, "--yes"], check=True)

    def draft(row: Row) -> str:
        return (heard / Path(row["path"]).with_suffix(".txt")).read_text(encoding="utf-8")

    def truth(row: Row) -> str:
        return row["transcript"]

    split = parts(given.data)
    learned = {name: split[name] for name in ("train", "valid")}
    for name, text_of in {"truth": truth, "drafts": draft}.items():
        write_table(out / f"{name}.tsv", given.data, learned, text_of)
        write_table(out / f"{name}-test.tsv", given.data, {"test": split["test"]}, text_of)
        train(out / f"{name}.tsv", out / f"from-{name}", given.base, given.settings)
        said = ["speech", "transcribe", *(given.data / row["path"] for row in split["test"])]
        said += ["--model", out / f"from-{name}", "--lm", out / f"{name}.txt"]
        said += ["--out", out / f"said-{name}"]
        subprocess.run(["seqstudio", *said], check=True)
    for name, texts, options in (
        ("the drafts that were learned", "drafts.tsv", []),
        ("the drafts of the others", "drafts-test.tsv", []),
        ("trained on the truth", "said-truth", []),
        ("trained on drafts, beside it", "said-drafts", ["--against", out / "said-truth"]),
    ):
        reference = "truth.tsv" if texts == "drafts.tsv" else "truth-test.tsv"
        report = out / f"{Path(texts).stem}.errors.txt"
        score = ["speech", "score", out / reference, out / texts, *options]
        print(f"{name}, see {report}:", flush=True)
        subprocess.run(["seqstudio", *score, "--out", report, "--overwrite"], check=True)


if __name__ == "__main__":
    main()

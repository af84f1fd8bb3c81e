"""How much must I transcribe? Characters wrong by minutes of speech, from scratch and from a model.

Usage: python benchmarks/speech_mboshi.py MBOSHI [--minutes 10 60] [--from MODEL] [--set K=V]

MBOSHI is a folder with `manifest.tsv` (besacier/mboshi-french-parallel-corpus as FLAC or Ogg). Its
development part is cut from the training part by sentence: a sentence is in it if the hash of its
text says so, whoever reads it. Each training is one `seqstudio train`; `seqstudio evaluate` then
prints its figures. The last line fits them: what twice the speech would give.
"""

import argparse
import csv
import hashlib
import json
import math
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

DEV_SHARE = 0.05
COLUMNS = ("split", "path", "speaker", "seconds", "transcript")


def fraction(text: str) -> float:
    """Return a number from 0 to 1 that depends on a text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def write_part(mboshi: Path, minutes: float, target: Path) -> None:
    """Write a table of so many minutes of training sentences, and the development part."""
    with (mboshi / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = sorted((row for row in rows if row["split"] == "train"), key=lambda row: row["path"])
    rows.sort(key=lambda row: fraction(row["transcript"]))
    left_s, lines = 60 * minutes, ["\t".join(COLUMNS)]
    for row in rows:
        is_dev = fraction(row["transcript"]) < DEV_SHARE
        if not is_dev and (left_s := left_s - float(row["seconds"])) < 0:
            break
        split = "valid" if is_dev else "train"
        path = str((mboshi / row["path"]).absolute())
        cells = {**row, "split": split, "path": path}
        lines.append("\t".join(cells[name] for name in COLUMNS))
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def trained(table: Path, run: Path, base: str, settings: Sequence[str]) -> dict[str, float]:
    """Train on a table, and return the metrics on its development part."""
    options = [option for text in settings for option in ("--set", text)]
    options += ["--from", base] if base else []
    subprocess.run(["seqstudio", "train", "speech.ctc", table, "--run", run, *options], check=True)
    command = ["seqstudio", "evaluate", run, table, "--split", "valid", "--json"]
    report = run.with_suffix(".json")
    subprocess.run([*command, report], check=True)
    metrics: dict[str, float] = json.loads(report.read_text())
    return metrics


def twice(minutes: Sequence[float], rates: Sequence[float]) -> float:
    """Return the factor of the rate for twice the speech, by a power law through all points."""
    logs = [(math.log2(m), math.log(r)) for m, r in zip(minutes, rates, strict=True)]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in logs)
    return math.exp(slope / sum((x - mean_x) ** 2 for x, _ in logs))


def main() -> None:
    """Print a row for each training, and what twice the speech gives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mboshi", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 60])
    parser.add_argument("--from", dest="base", default="")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--out", type=Path, help="Folder for the runs; a new temporary one.")
    arguments = parser.parse_args()
    out = arguments.out or Path(tempfile.mkdtemp())
    rates = []
    for minutes in arguments.minutes:
        table, run = out / f"{minutes:g}.tsv", out / f"{minutes:g}{arguments.base}"
        out.mkdir(parents=True, exist_ok=True)
        write_part(arguments.mboshi, minutes, table)
        found = trained(table, run, arguments.base, arguments.settings)
        rates.append(found["cer"])
        rate, bare = 100 * found["cer"], 100 * found["cer_no_marks"]
        figures = f"{rate:.1f} % of characters wrong, {bare:.1f} % without tone marks"
        print(f"{minutes:g} minutes: {figures}", flush=True)
    if len(rates) > 1:
        factor = twice(arguments.minutes, rates)
        expected = 100 * factor * rates[-1]
        print(f"with twice the speech expect about {expected:.1f} % ({factor:.2f} times)")


if __name__ == "__main__":
    main()

"""What a refactoring must leave as it was: one line a result, to compare two checkouts with diff.

Run it in each checkout's environment, with the folder that holds the data sets (see
`docs/recipes.md` for where they come from), and compare what the two runs print:

    python benchmarks/same_results.py DATA > after.txt && diff before.txt after.txt

It hashes the demo's transcripts, MIDI and WAV; the figures of `evaluate` for the models of speech
and music; three takes of each music model at three seeds; and the losses of the first 40 optimiser
steps of each of their tasks, printed to the last bit.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

STEPS = 40
SEEDS = (1, 2, 3)
MUSIC_MODELS = ("music-chorale", "music-folk", "rolls-jsb", "rolls-nottingham")
SUFFIXES = (".txt", ".srt", ".mid", ".wav")


def run(*arguments: str) -> None:
    """Run one `seqstudio` command; its output appears only if it fails."""
    command = [sys.executable, "-m", "seqstudio", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(command)}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")


def hashes(folder: Path) -> Iterator[str]:
    """Yield a line for each output file under `folder`, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield f"{path.relative_to(folder)}  {digest}"


def demo(folder: Path) -> Iterator[str]:
    run("demo", "--out", str(folder / "demo"))
    yield from hashes(folder / "demo")


def takes(folder: Path) -> Iterator[str]:
    for model in MUSIC_MODELS:
        for seed in SEEDS:
            out = folder / "takes" / f"{model}-{seed}.mid"
            out.parent.mkdir(exist_ok=True)
            options = ("--model", model, "--seed", str(seed), "--takes", "3", "--bars", "8")
            run("music", "generate", "--out", str(out), *options)
    yield from hashes(folder / "takes")


def figures(folder: Path, data: Path) -> Iterator[str]:
    sources = {
        "speech-en-small": data / "speech/an4",
        "music-chorale": data / "music/jsb/Jsb16thSeparated.json",
        "music-folk": data / "music/nottingham",
        "rolls-jsb": data / "music/piano_rolls/JSB_Chorales.valid.npz",
        "rolls-nottingham": data / "music/piano_rolls/Nottingham.valid.npz",
    }
    for model, source in sources.items():
        report = folder / f"{model}.json"
        run("evaluate", model, str(source), "--split", "valid", "--json", str(report))
        table = json.loads(report.read_bytes())
        shown = {name: value for name, value in table.items() if isinstance(value, float | int)}
        yield f"{model}  {json.dumps(shown, sort_keys=True)}"


def small_speech(folder: Path, data: Path) -> Path:
    """Make a folder of the first 80 utterances of AN4 that names the audio where it is."""
    folder.mkdir()
    head, *rows = (data / "speech/an4/manifest.tsv").read_text(encoding="utf-8").splitlines()
    place = head.split("\t").index("path")
    for row in rows[:80]:
        name = row.split("\t")[place]
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(data / "speech/an4" / name)
    (folder / "manifest.tsv").write_text("\n".join([head, *rows[:80]]) + "\n", encoding="utf-8")
    return folder


def losses(folder: Path, data: Path) -> Iterator[str]:
    speech = small_speech(folder / "an4", data)
    trainings = {
        "speech.ctc": (speech, "small", 6),
        "music.voices": (data / "music/jsb/Jsb16thSeparated.json", "chorale", 2),
        "music.rolls": (data / "music/piano_rolls/JSB_Chorales.valid.npz", "jsb", 6),
    }
    for task, (source, preset, epochs) in trainings.items():
        home = folder / f"run-{task}"
        options = ("--preset", preset, "--set", f"epochs={epochs}")
        run("train", task, str(source), "--run", str(home), *options)
        lines = (home / "events.jsonl").read_text(encoding="utf-8").splitlines()
        steps = [event for event in map(json.loads, lines) if event["event"] == "step"][:STEPS]
        if len(steps) < STEPS:
            sys.exit(f"{task}: {len(steps)} steps, expected at least {STEPS}")
        yield f"{task}  {' '.join(float(step['loss']).hex() for step in steps)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with speech/ and music/")
    data = parser.parse_args().data.absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for results in (demo(folder), takes(folder), figures(folder, data), losses(folder, data)):
            for line in results:
                print(line, flush=True)


if __name__ == "__main__":
    main()

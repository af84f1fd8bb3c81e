"""`seqstudio demo`: transcribe, compose, render and draw with the shipped models and recordings."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rapidfuzz.distance import Levenshtein

from seqstudio import __version__
from seqstudio.cli.options import json_flag
from seqstudio.cli.output import echo, to_json
from seqstudio.cli.reporters import JsonReporter, brace_paths
from seqstudio.cli.run_job import exit_unless_done, follow_job
from seqstudio.host.assets import assets_folder
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import format_duration
from seqstudio.media.alignment_picture import draw_alignment
from seqstudio.media.audio import read_audio
from seqstudio.media.subtitles import read_transcript
from seqstudio.services.model_card import ModelCard

RESUME_HINT = "run the demo again at any time"
SEED = 1
PIECES = (("chorale", "music-chorale"), ("folk-tune", "music-folk"))
TRY_NEXT = ("seqstudio models list", "seqstudio music continue YOUR.mid --out more.mid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """A recording with its reference, the hypothesis of the model, and its picture."""

    name: str
    seconds: float
    reference: str
    hypothesis: str
    words: int
    word_errors: int
    picture: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedPiece:
    """A composed piece and its files."""

    name: str
    model: str
    files: tuple[Path, ...]
    seconds: float  # wall time, including loading the model
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRun:
    """A finished operation: its model, the summary of its last item, and its wall time."""

    model: str
    summary: str
    seconds: float


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("seqstudio-demo"),
    show_default=True,
    help="Folder for the results.",
)
@json_flag
def demo(*, out: Path, as_json: bool) -> None:
    """Transcribe the shipped recordings, compose two pieces, render and draw them.

    Everything is computed on this machine while you wait; nothing is downloaded. Recognition errors
    are shown.
    """
    say = (lambda _: None) if as_json else echo
    say(f"SeqStudio {__version__} runs the shipped models offline and writes to {out}/")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="seqstudio-demo-") as home:
        studio = Studio(Path(home))  # a fresh profile, so that nothing is skipped as already done
        recognitions, run = transcribe(studio, out / "speech")
        say(recognition_text(recognitions, run, studio.models.find(run.model).facts.card))
        pieces = []
        for name, model in PIECES:
            pieces.append(compose(studio, out / "music", name, model))
            say(piece_text(pieces[-1]))
    seconds = time.perf_counter() - started
    if as_json:
        document = {"out": out, "recordings": recognitions, "wer": word_error_rate(recognitions)}
        echo(to_json({**document, "pieces": pieces, "seconds": seconds}))
    say(closing_text(recognitions, seconds))


def transcribe(studio: Studio, out: Path) -> tuple[list[Recognition], OperationRun]:
    """Transcribe the shipped recordings and draw the alignment of each."""
    folder = assets_folder() / "speech"
    lines = (folder / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    names, *rows = (line.split("\t") for line in lines)
    items = [dict(zip(names, row, strict=True)) for row in rows]
    recordings = tuple(folder / item["path"] for item in items)
    options: dict[str, Any] = {"inputs": {"audio": recordings}, "formats": ("txt", "srt", "json")}
    run = run_operation(studio, plugin="speech", name="transcribe", out=out, **options)
    return [compare(folder, out, item) for item in items], run


def compare(folder: Path, out: Path, item: dict[str, str]) -> Recognition:
    """Compare the transcript of a recording with its reference, and draw it."""
    recording = folder / item["path"]
    transcript = read_transcript(out / f"{recording.stem}.json")
    picture = out / f"{recording.stem}.png"
    title = f"reference: {item['transcript']}"
    draw_alignment(read_audio(recording), transcript, picture, title=title)
    reference, hypothesis = item["transcript"].split(), transcript.text.split()
    return Recognition(
        name=item["path"],
        seconds=float(item["seconds"]),
        reference=" ".join(reference),
        hypothesis=" ".join(hypothesis),
        words=len(reference),
        word_errors=Levenshtein.distance(reference, hypothesis),
        picture=picture,
    )


def compose(studio: Studio, out: Path, name: str, model: str) -> ComposedPiece:
    """Compose a piece, render it and draw its piano roll."""
    target, formats = out / f"{name}.mid", ("mid", "wav", "png")
    options: dict[str, Any] = {"model": model, "seed": SEED, "formats": formats}
    run = run_operation(studio, plugin="music", name="generate", out=target, **options)
    files = tuple(target.with_suffix(f".{form}") for form in formats)
    return ComposedPiece(
        name=name, model=model, files=files, seconds=run.seconds, summary=run.summary
    )


def run_operation(studio: Studio, **fields: Any) -> OperationRun:
    """Run one operation to its end."""
    started = time.perf_counter()
    reporter = JsonReporter(several=False)
    outcome = follow_job(studio.submit(JobSpec(**fields)), reporter, resume_hint=RESUME_HINT)
    exit_unless_done(outcome, several=False)
    last = reporter.items[-1]
    seconds = time.perf_counter() - started
    return OperationRun(model=last["model"], summary=last["summary"], seconds=seconds)


def word_error_rate(recognitions: list[Recognition]) -> float:
    """Return the word error rate, pooled over all recordings."""
    errors = sum(one.word_errors for one in recognitions)
    return errors / max(1, sum(one.words for one in recognitions))


def recognition_text(recognitions: list[Recognition], run: OperationRun, card: ModelCard) -> str:
    """Return lines with the error rate and speed, then each reference and hypothesis."""
    speech = sum(one.seconds for one in recognitions)
    errors = sum(one.word_errors for one in recognitions)
    words = sum(one.words for one in recognitions)
    rate = f"{errors} of {words} words wrong, {word_error_rate(recognitions):.1%}"
    for metric in card.metrics:
        if metric.name == "wer":
            rate += f" (model card: {metric.value:.1%} over {metric.items} recordings)"
    took = format_duration(run.seconds)
    what = f"{len(recognitions)} recordings, {speech:.0f} s, in {took} with {run.model}"
    lines = [f"Transcribed {what}: {rate}:"]
    for one in recognitions:
        same = one.reference == one.hypothesis
        recognised = "the same" if same else one.hypothesis
        lines.append(f"  reference {one.reference} | recognised {recognised}")
    return "\n".join(lines)


def piece_text(piece: ComposedPiece) -> str:
    """Return a line with a piece, its files and its wall time."""
    what = f"Composed a {piece.name.replace('-', ' ')} ({piece.summary})"
    return f"{what} in {format_duration(piece.seconds)}: {brace_paths(piece.files)}"


def closing_text(recognitions: list[Recognition], seconds: float) -> str:
    """Return a line with the total time, the results to open and commands to try next."""
    next_steps = " or ".join(f"`{line}`" for line in TRY_NEXT)
    results = f"open {recognitions[0].picture}, play the .wav files"
    return f"Done in {format_duration(seconds)}. Results: {results}; next: {next_steps}"

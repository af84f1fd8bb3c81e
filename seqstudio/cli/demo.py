"""`seqstudio demo`: hear, compose, render and draw with what is in the box, and say how it went."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rapidfuzz.distance import Levenshtein

from seqstudio import __version__
from seqstudio.cli.options import json_flag
from seqstudio.cli.output import to_json
from seqstudio.cli.reporting import Collected, together
from seqstudio.cli.run_job import follow, leave
from seqstudio.host.assets import assets_folder
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import duration
from seqstudio.media.alignment import draw_alignment
from seqstudio.media.audio import read_audio
from seqstudio.media.subtitles import read_transcript
from seqstudio.services.card import Card

GO_ON = "run the demo again whenever you like"
SEED = 1
PIECES = (("chorale", "music-chorale"), ("folk-tune", "music-folk"))
TRY_NEXT = ("seqstudio models list", "seqstudio music continue YOUR.mid --out more.mid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One recording: what was said, what the model heard, and where its picture is."""

    name: str
    seconds: float
    said: str
    heard: str
    words: int
    wrong_words: int
    picture: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One piece and its files."""

    name: str
    model: str
    files: tuple[Path, ...]
    seconds: float  # that it took, the model's start included
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How an operation went: its model, its last summary, and how long it took."""

    model: str
    summary: str
    seconds: float


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("seqstudio-demo"),
    show_default=True,
    help="Folder for what the demo makes.",
)
@json_flag
def demo(*, out: Path, as_json: bool) -> None:
    """Transcribe shipped recordings, compose two pieces, render and draw them.

    Everything is made on this machine while you wait, mistakes included; nothing is fetched.
    """
    say = (lambda _: None) if as_json else click.echo
    say(f"SeqStudio {__version__} makes all of this now, offline, into {out}/")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="seqstudio-demo-") as home:
        studio = Studio(Path(home))  # a profile of its own, so that nothing is skipped as done
        heard, ran = listen(studio, out / "speech")
        say(heard_text(heard, ran, studio.models.find(ran.model).facts.card))
        pieces = []
        for name, model in PIECES:
            pieces.append(compose(studio, out / "music", name, model))
            say(composed_text(pieces[-1]))
    took = time.perf_counter() - started
    if as_json:
        document = {"out": out, "heard": heard, "wer": error_rate(heard), "composed": pieces}
        click.echo(to_json({**document, "seconds": took}))
    say(last_text(heard, took))


def listen(studio: Studio, out: Path) -> tuple[list[Heard], Ran]:
    """Transcribe the shipped recordings and draw where each word was heard."""
    folder = assets_folder() / "speech"
    lines = (folder / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    names, *rows = (line.split("\t") for line in lines)
    items = [dict(zip(names, row, strict=True)) for row in rows]
    recordings = tuple(folder / item["path"] for item in items)
    options: dict[str, Any] = {"inputs": {"audio": recordings}, "formats": ("txt", "srt", "json")}
    ran = run(studio, plugin="speech", name="transcribe", out=out, **options)
    return [compare(folder, out, item) for item in items], ran


def compare(folder: Path, out: Path, item: dict[str, str]) -> Heard:
    """Set what was heard beside what was said, and draw it."""
    recording = folder / item["path"]
    transcript = read_transcript(out / f"{recording.stem}.json")
    picture = out / f"{recording.stem}.png"
    draw_alignment(read_audio(recording), transcript, picture, title=f"said: {item['transcript']}")
    said, heard = item["transcript"].split(), transcript.text.split()
    return Heard(
        name=item["path"],
        seconds=float(item["seconds"]),
        said=" ".join(said),
        heard=" ".join(heard),
        words=len(said),
        wrong_words=Levenshtein.distance(said, heard),
        picture=picture,
    )


def compose(studio: Studio, out: Path, name: str, model: str) -> Composed:
    """Compose a piece, render it and draw its piano roll."""
    target, formats = out / f"{name}.mid", ("mid", "wav", "png")
    options: dict[str, Any] = {"model": model, "seed": SEED, "formats": formats}
    ran = run(studio, plugin="music", name="generate", out=target, **options)
    files = tuple(target.with_suffix(f".{form}") for form in formats)
    return Composed(name=name, model=model, files=files, seconds=ran.seconds, summary=ran.summary)


def run(studio: Studio, **fields: Any) -> Ran:
    """Run one operation to its end."""
    started = time.perf_counter()
    collected = Collected(several=False)
    leave(follow(studio.submit(JobSpec(**fields)), collected, go_on=GO_ON), several=False)
    last = collected.items[-1]
    seconds = time.perf_counter() - started
    return Ran(model=last["model"], summary=last["summary"], seconds=seconds)


def error_rate(heard: list[Heard]) -> float:
    """Pool the word error rate over all recordings."""
    return sum(one.wrong_words for one in heard) / max(1, sum(one.words for one in heard))


def heard_text(heard: list[Heard], ran: Ran, card: Card) -> str:
    """Say how well and how fast the recordings were heard, then each, beside what was said."""
    speech = sum(one.seconds for one in heard)
    wrong, words = sum(one.wrong_words for one in heard), sum(one.words for one in heard)
    usual = [
        f" (its card: {f.value:.1%} over {f.items} recordings)"
        for f in card.figures
        if f.name == "wer"
    ]
    what = f"{len(heard)} recordings, {speech:.0f} s, in {duration(ran.seconds)} with {ran.model}"
    errors = f"{wrong} of {words} words wrong, {error_rate(heard):.1%}{''.join(usual)}"
    lines = [f"Heard {what}: {errors}:"]
    for one in heard:
        same = "the same" if one.said == one.heard else one.heard
        lines.append(f"  said {one.said} | heard {same}")
    return "\n".join(lines)


def composed_text(piece: Composed) -> str:
    """Say what was composed, where it is, and how long that took."""
    what = f"Composed a {piece.name.replace('-', ' ')} ({piece.summary})"
    return f"{what} in {duration(piece.seconds)}: {together(piece.files)}"


def last_text(heard: list[Heard], took: float) -> str:
    """Say how long it all took, where to look, and what to try next."""
    next_steps = " or ".join(f"`{line}`" for line in TRY_NEXT)
    return (
        f"All in {duration(took)}. See {heard[0].picture}, hear the .wav files; next: {next_steps}"
    )

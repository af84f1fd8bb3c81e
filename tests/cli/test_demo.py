"""What the demo says: the reference beside the hypothesis, mistakes included, in ten lines."""

from pathlib import Path

from seqstudio.cli.demo import (
    Composed,
    Heard,
    Ran,
    composed_text,
    error_rate,
    heard_text,
    last_text,
)
from seqstudio.host.assets import assets_folder
from seqstudio.services.card import Card, Figure

RIGHT = Heard(
    name="a.flac", seconds=1.5, said="GO", heard="GO", words=1, wrong_words=0, picture=Path("a.png")
)
WRONG = Heard(
    name="b.flac",
    seconds=2.5,
    said="HELP ME NOW",
    heard="SHELP NOW",
    words=3,
    wrong_words=2,
    picture=Path("b.png"),
)
RAN = Ran(model="speech-en-small", summary="", seconds=2.0)
CARD = Card(task="speech.ctc", figures=(Figure(name="wer", value=0.118, split="valid", items=104),))


def test_word_errors_are_pooled_over_all_recordings() -> None:
    assert error_rate([RIGHT, WRONG]) == 0.5


def test_what_was_said_stands_beside_what_was_heard() -> None:
    assert heard_text([RIGHT, WRONG], RAN, CARD).splitlines() == [
        "Heard 2 recordings, 4 s, in 2.0 s with speech-en-small: 2 of 4 words wrong, 50.0%"
        " (its card: 11.8% over 104 recordings):",
        "  said GO | heard the same",
        "  said HELP ME NOW | heard SHELP NOW",
    ]


def test_a_piece_is_named_with_its_files() -> None:
    files = (Path("m/folk-tune.mid"), Path("m/folk-tune.wav"))
    piece = Composed(name="folk-tune", model="m", files=files, seconds=3.0, summary="8 bars")

    assert composed_text(piece) == "Composed a folk tune (8 bars) in 3.0 s: m/folk-tune.{mid,wav}"


def test_the_last_line_says_where_to_look_and_what_to_try_next() -> None:
    said = last_text([RIGHT], 12.0)

    assert said.startswith("All in 12.0 s. See a.png, ")
    assert "next: `seqstudio " in said
    assert "\n" not in said


def test_every_shipped_recording_is_in_its_manifest() -> None:
    folder = assets_folder() / "speech"
    named = [line.split("\t")[1] for line in (folder / "manifest.tsv").read_text().splitlines()]

    assert sorted(named[1:]) == sorted(path.name for path in folder.glob("*.flac"))

"""What the demo prints: the hypothesis beside the reference, recognition errors included."""

from pathlib import Path

from seqstudio.cli.demo import (
    ComposedPiece,
    OperationRun,
    Recognition,
    closing_text,
    piece_text,
    recognition_text,
    word_error_rate,
)
from seqstudio.host.assets import assets_folder
from seqstudio.services.model_card import CardMetric, ModelCard

RIGHT = Recognition(
    name="a.flac",
    seconds=1.5,
    reference="GO",
    hypothesis="GO",
    words=1,
    word_errors=0,
    picture=Path("a.png"),
)
WRONG = Recognition(
    name="b.flac",
    seconds=2.5,
    reference="HELP ME NOW",
    hypothesis="SHELP NOW",
    words=3,
    word_errors=2,
    picture=Path("b.png"),
)
RUN = OperationRun(model="speech-en-small", summary="", seconds=2.0)
CARD = ModelCard(
    task="speech.ctc", metrics=(CardMetric(name="wer", value=0.118, split="valid", items=104),)
)


def test_word_errors_are_pooled_over_all_recordings() -> None:
    assert word_error_rate([RIGHT, WRONG]) == 0.5


def test_the_hypothesis_is_printed_beside_the_reference() -> None:
    assert recognition_text([RIGHT, WRONG], RUN, CARD).splitlines() == [
        "Transcribed 2 recordings, 4 s, in 2.0 s with speech-en-small: 2 of 4 words wrong, 50.0%"
        " (model card: 11.8% over 104 recordings):",
        "  reference GO | recognised the same",
        "  reference HELP ME NOW | recognised SHELP NOW",
    ]


def test_a_piece_is_printed_with_its_files() -> None:
    files = (Path("m/folk-tune.mid"), Path("m/folk-tune.wav"))
    piece = ComposedPiece(name="folk-tune", model="m", files=files, seconds=3.0, summary="8 bars")

    assert piece_text(piece) == "Composed a folk tune (8 bars) in 3.0 s: m/folk-tune.{mid,wav}"


def test_the_last_line_names_the_results_and_what_to_try_next() -> None:
    line = closing_text([RIGHT], 12.0)

    assert line.startswith("Done in 12.0 s. Results: open a.png, ")
    assert "next: `seqstudio " in line
    assert "\n" not in line


def test_every_shipped_recording_is_in_its_manifest() -> None:
    folder = assets_folder() / "speech"
    listed = [line.split("\t")[1] for line in (folder / "manifest.tsv").read_text().splitlines()]

    assert sorted(listed[1:]) == sorted(path.name for path in folder.glob("*.flac"))

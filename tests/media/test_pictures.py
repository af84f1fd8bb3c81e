"""Pictures are complete, and nothing is cut off at the border."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.errors import DataError
from seqstudio.media.alignment_picture import HIGH_CONFIDENCE, LOW_CONFIDENCE, draw_alignment
from seqstudio.media.audio import Audio
from seqstudio.media.canvas import COLOURS, blend
from seqstudio.media.heat_map import MOST_COLUMNS, NEGATIVE, POSITIVE, draw_heat_map
from seqstudio.media.line_chart import Axis, draw_line_chart
from seqstudio.media.midi import Score
from seqstudio.media.piano_roll_picture import draw_piano_roll


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(np.array(picture.convert("RGB")), dtype=int)


def near(picture: np.ndarray, colour: str, within: int = 12) -> np.ndarray:
    """Return a mask of the pixels with a colour."""
    distance: np.ndarray = np.abs(picture - np.array(ImageColor.getrgb(colour))).max(axis=2)
    return np.asarray(distance <= within)


def columns(picture: np.ndarray, colour: str) -> set[int]:
    """Return the columns of a picture that contain a colour."""
    return set(np.flatnonzero(near(picture, colour, 40).any(axis=0)).tolist())


def border_is_clear(picture: np.ndarray, width: int = 8) -> bool:
    frame = np.ones(picture.shape[:2], bool)
    frame[width:-width, width:-width] = False
    return bool((picture[frame] == 255).all())


def tune(count: int, **more: int) -> list[Note]:
    return [Note(t * 480, 60 + t * 7 % 13, 400, 127, **more) for t in range(count)]


def test_a_piano_roll_shows_every_track_in_its_colour(tmp_path: Path) -> None:
    score = Score.new().with_new_track(tune(32), name="High")
    score = score.with_new_track([Note(0, 36, 480 * 32, 127)], name="Low", channel=1)
    draw_piano_roll(score, tmp_path / "a.png", title="A tune")
    picture = pixels(tmp_path / "a.png")

    assert picture.shape[1] == 1400
    assert border_is_clear(picture)
    high, low = (near(picture, colour) for colour in COLOURS[:2])
    runs = np.diff(high.astype(int), axis=1) == 1
    assert runs.any(axis=0).sum() >= 32
    assert np.flatnonzero(low.any(axis=0))[[0, -1]] == pytest.approx([95, 1375], abs=30)
    assert picture.mean() > 230  # light


def test_velocity_changes_the_shade(tmp_path: Path) -> None:
    for velocity in (20, 127):
        score = Score.new().with_new_track([Note(0, 60, 1920, velocity)])
        draw_piano_roll(score, tmp_path / f"{velocity}.png")
        shade = blend(COLOURS[0], 0.35 + 0.65 * velocity / 127)
        assert near(pixels(tmp_path / f"{velocity}.png"), shade, 2).sum() > 1000


@pytest.mark.parametrize("bars", [1, 40, 200])
def test_long_scores_are_broken_into_rows(bars: int, tmp_path: Path) -> None:
    draw_piano_roll(Score.new().with_new_track(tune(4 * bars)), tmp_path / "a.png")
    picture = pixels(tmp_path / "a.png")

    assert border_is_clear(picture)
    assert picture.shape[0] < 300 if bars == 1 else 300 < picture.shape[0] < 3000


def test_odd_meters_and_no_notes_are_drawn(tmp_path: Path) -> None:
    odd = Score.new(meter=(7, 8)).with_new_track(tune(9))
    draw_piano_roll(odd, tmp_path / "odd.png")
    draw_piano_roll(Score.new(), tmp_path / "none.png")

    assert border_is_clear(pixels(tmp_path / "odd.png"))
    assert border_is_clear(pixels(tmp_path / "none.png"))


def spoken(duration_s: float, count: int) -> tuple[Audio, Transcript]:
    rate_hz = 8000
    samples = (np.sin(np.arange(int(duration_s * rate_hz)))[:, None] / 2).astype(np.float32)
    step = duration_s / count
    words = tuple(
        Word(
            word=f"WORD{n}",
            start_s=n * step,
            end_s=(n + 0.8) * step,
            confidence=1.0 if n % 2 else 0.4,
        )
        for n in range(count)
    )
    text = " ".join(word.word for word in words)
    segment = Segment(start_s=0, end_s=duration_s, text=text, words=words)
    transcript = Transcript(audio="x/a.wav", duration_s=duration_s, text=text, segments=(segment,))
    return Audio(samples, rate_hz), transcript


@pytest.mark.parametrize(("duration_s", "count"), [(0.01, 1), (3.0, 6), (12.0, 80)])
def test_an_alignment_shows_waveform_words_and_confidence(
    duration_s: float, count: int, tmp_path: Path
) -> None:
    draw_alignment(*spoken(duration_s, count), tmp_path / "a.png")
    picture = pixels(tmp_path / "a.png")

    assert border_is_clear(picture)
    assert near(picture, LOW_CONFIDENCE).any()
    if count > 1:
        assert near(picture, HIGH_CONFIDENCE).any()
    assert near(picture, "#52606d", 40).sum() > 200


def test_segments_without_words_and_other_scripts_are_drawn(tmp_path: Path) -> None:
    audio, _ = spoken(2.0, 1)
    segment = Segment(start_s=0.2, end_s=1.0, text="чёрт ωɔ")
    transcript = Transcript(audio="a", duration_s=2.0, text="", segments=(segment,))
    draw_alignment(audio, transcript, tmp_path / "a.png", title="ещё")

    assert near(pixels(tmp_path / "a.png"), COLOURS[0], 30).any()


def test_curves_are_drawn_and_break_where_they_are_not_finite(tmp_path: Path) -> None:
    whole = [(float(n), 10.0 ** (-n / 10)) for n in range(60)]
    broken = [(x, float("nan") if 20 <= x < 40 else 2 * y) for x, y in whole]
    for log_y in (False, True):
        draw_line_chart(
            {"one": whole, "two": broken, "none": [(0.0, -1.0)] if log_y else []},
            tmp_path / "a.png",
            x_label="step",
            y_label="loss (nats)",
            title="Training",
            log_y=log_y,
        )
        picture = pixels(tmp_path / "a.png")
        assert border_is_clear(picture)
        one, two = (columns(picture[70:], colour) for colour in COLOURS[:2])
        assert {*range(90, 360), *range(430, 580)} <= one | two
        assert not two & set(range(420, 600))


def test_a_constant_and_a_single_point_are_drawn(tmp_path: Path) -> None:
    for log_y in (False, True):
        draw_line_chart(
            {"a": [(3.0, 5.0)]}, tmp_path / "a.png", x_label="x", y_label="y", log_y=log_y
        )
        assert near(pixels(tmp_path / "a.png"), COLOURS[0], 30).any()


def test_a_chart_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Loss: no point to draw, expected at least 1"):
        draw_line_chart({"a": []}, tmp_path / "a.png", x_label="x", y_label="y", title="Loss")


def test_an_axis_labels_round_values() -> None:
    assert Axis(0, 1950).ticks() == [0, 500, 1000, 1500]
    assert Axis(0.001, 100, log=True).ticks() == pytest.approx([0.001, 0.01, 0.1, 1, 10, 100])
    assert Axis(-1, 1).fraction(0) == 0.5


def test_a_heat_map_has_a_cell_for_each_value_in_the_colour_of_its_sign(tmp_path: Path) -> None:
    values = np.zeros((3, 50))
    values[0, :10], values[2, 40:] = 2.0, -2.0
    draw_heat_map(
        values, tmp_path / "a.png", rows=("a", "b", "c"), marks=((0, "1"), (25, "2")), title="Units"
    )
    picture = pixels(tmp_path / "a.png")
    left = (picture.shape[1] - 64 - 24) // 50

    assert border_is_clear(picture)
    for colour, start, stop in ((POSITIVE, 0, 10), (NEGATIVE, 40, 50)):
        found = columns(picture, colour)
        assert min(found) == pytest.approx(64 + start * left, abs=1)  # beside a line
        assert max(found) == pytest.approx(64 + stop * left - 1, abs=1)


def test_a_heat_map_that_is_too_long_for_a_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"^Units: {MOST_COLUMNS + 1} steps, expected 1 to "):
        draw_heat_map(
            np.zeros((1, MOST_COLUMNS + 1)), tmp_path / "a.png", rows=("a",), title="Units"
        )

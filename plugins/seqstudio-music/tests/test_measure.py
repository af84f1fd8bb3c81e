"""The metrics of pieces: known answers, intervals, and files and folders as sources."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seqstudio_music.grid import chorale_grid, new_grid
from seqstudio_music.measure.chorale import chorale_sums
from seqstudio_music.measure.estimates import estimate, halves
from seqstudio_music.measure.lead_sheet import LeadSheet, lead_sheet_sums
from seqstudio_music.measure.operation import Measure
from seqstudio_music.measure.pieces import measure_score
from small_music import TPB, OneJob, four_parts, lead_sheet

from seqstudio.api import DataError, Request
from seqstudio.api.media import KeySignature, Score

Write = Callable[..., Path]
C, F, G = 0, 5 * 14, 7 * 14  # major triads as chords


def of_quarters(*chords: Sequence[int]) -> dict[str, tuple[float, float]]:
    """Measure chords of soprano, alto, tenor and bass, a quarter note each."""
    values = np.repeat(np.array(chords, dtype=np.int64), 4, axis=0)
    return dict(chorale_sums(values, values[:, 3], chorale_grid(len(values)), tonic=0))


def test_movement_of_voices_is_counted() -> None:
    sums = of_quarters((72, 67, 64, 48), (74, 67, 65, 55), (72, 67, 64, 48), (72, 67, 64, 48))

    assert sums["changes_per_bar"] == (2, 1.0)
    assert sums["stepwise"] == (4, 6)  # the bass leaps twice
    assert sums["cadence"] == (True, 1)


@pytest.mark.parametrize(
    ("soprano", "fifths", "octaves"),
    [((67, 69), 1, 0), ((72, 74), 0, 1), ((67, 67), 0, 0), ((67, 57), 0, 0), ((64, 65), 0, 0)],
)
def test_parallels_are_kept_intervals_that_move_one_way(
    soprano: tuple[int, int], fifths: int, octaves: int
) -> None:
    first, second = ((pitch, -1, -1, bass) for pitch, bass in zip(soprano, (60, 62), strict=True))
    sums = of_quarters(first, second)

    assert sums["parallel_fifths"] == (100 * fifths, 1)
    assert sums["parallel_octaves"] == (100 * octaves, 1)


def test_beats_are_consonant_that_fit_in_a_triad_or_seventh_chord() -> None:
    seventh, cluster, rest = (65, 62, 59, 43), (62, 61, 60, 48), (-1, -1, -1, -1)

    assert of_quarters(seventh, cluster, (72, 67, 64, 48), rest)["consonant_beats"] == (2, 3)


def test_notes_of_a_quaver_or_shorter_are_counted_by_what_sounds_on() -> None:
    values = np.full((16, 4), -1, dtype=np.int64)
    values[:, 0] = [60] * 8 + [62] * 2 + [64] * 3 + [-1] + [65] * 2

    sums = chorale_sums(values, values[:, 3], chorale_grid(16), tonic=0)

    assert sums["short_notes"] == (2, 4)


def folk(melody: Sequence[Sequence[int]], chords: Sequence[int]) -> LeadSheet:
    """Return bars of quarter notes (-1 rests), each bar with one chord (-1 for none)."""
    quarters = np.array(melody, dtype=np.int64).ravel()
    onsets = np.zeros(16 * len(melody), dtype=np.bool_)
    onsets[::4] = quarters >= 0
    grid = new_grid(len(melody), (4, 4))
    return LeadSheet(np.repeat(quarters, 4), onsets, np.repeat(np.array(chords), 16), grid)


TUNE = folk(
    [[60, 60, 64, 67], [65, 64, 62, -1], [60, 60, 64, 67], [-1] * 4, [67, 65, 64, 60]],
    [C, F, -1, G, C],
)


def test_melodies_are_measured_by_bars() -> None:
    sums = lead_sheet_sums(TUNE)

    assert sums["notes_per_bar"] == (15, 5)
    assert sums["repeated_bars"] == (1, 5)  # the silent bar repeats nothing
    assert sums["rhythm_of_4_before"] == (1, 1)
    assert sums["repeated_pitches"] == (3, 14)  # a rest does not count
    assert sums["ends_on_root"] == (1, 1)
    assert sums["chord_cover"] == (64, 80)
    assert sums["chord_tones"] == (4 + 1 + 3, 4 + 3 + 4)


def test_only_the_first_bars_count_but_for_the_close() -> None:
    sums = lead_sheet_sums(TUNE, bars=2)

    assert sums["notes_per_bar"] == (7, 2)
    assert sums["rhythm_of_4_before"] == (0, 0)
    assert sums["ends_on_root"] == (1, 1)


def test_a_melody_alone_has_no_metrics_of_chords() -> None:
    sums = lead_sheet_sums(folk([[60, 62, 64, 65]], [-1]))

    assert all(sums[name] == (0, 0) for name in ("ends_on_root", "chord_cover", "chord_tones"))
    assert "chord_cover" not in estimate([sums])


def test_an_estimate_pools_pieces_and_its_interval_shrinks_with_their_number() -> None:
    few = estimate([{"x": (1, 2)}, {"x": (3, 4)}])["x"]
    many = estimate([{"x": (1, 2)}, {"x": (3, 4)}] * 50)["x"]

    assert few.value == many.value == 4 / 6
    assert few.low == 1 / 2
    assert few.high == 3 / 4
    assert few.low < many.low < many.value < many.high < few.high
    assert estimate([{"x": (1, 2)}] * 9)["x"].low == 1 / 2


def test_the_halves_of_a_set_share_no_piece_and_do_not_depend_on_its_order() -> None:
    pieces = [(f"tune {n}", {"x": (float(n), 1.0)}) for n in range(9)]
    one, other = halves(pieces)

    assert sorted(sums["x"][0] for sums in (*one, *other)) == list(range(9))
    assert abs(len(one) - len(other)) == 1
    assert halves(pieces[::-1]) == (one, other)


def test_the_key_asked_for_is_that_of_the_key_signature() -> None:
    major, minor = (
        lead_sheet().with_track_events(0, [KeySignature(0, 0, mode).to_event()])
        for mode in (False, True)
    )

    asked = [measure_score(s, "tune").sums["key_as_asked"] for s in (lead_sheet(), major, minor)]
    assert asked == [(0, 0), (1, 1), (0, 1)]
    assert measure_score(lead_sheet(), "tune", key=2).sums["key_as_asked"] == (0, 1)


def measured(job: OneJob, *paths: Path, **options: Any) -> Any:
    defaults = {"against": None, "split": "valid", "bars": 0, "key": ""}
    request = Request(inputs={"pieces": paths}, options=defaults | options)
    return next(Measure().run(request, job))


def test_files_are_measured_by_their_kind_and_the_others_are_named(
    job: OneJob, write: Write
) -> None:
    paths = write(four_parts(), "four.mid"), write(lead_sheet(), "tune.mid")
    empty = write(Score.new(ticks_per_beat=TPB), "empty.mid")
    result = measured(job, *paths, empty)

    assert result.details["chorale"]["pieces"] == result.details["lead-sheet"]["pieces"] == 1
    assert result.details["lead-sheet"]["metrics"]["notes_per_bar"]["value"] == 4.0
    assert list(result.details["refused"]) == [str(empty)]
    assert "2 used, 1 refused" in result.summary
    assert "melody notes a bar" in result.summary
    with pytest.raises(DataError, match=r"^0 of 1 pieces measured.*0 parts with notes"):
        measured(job, empty)


def test_pieces_are_compared_with_one_part_of_a_data_set(
    job: OneJob, write: Write, tmp_path: Path
) -> None:
    path = write(four_parts(), "four.mid")
    held = [[[72, 67, 64, 48]] * 16, [[72, 67, 64, 48]] * 8 + [[74, 67, 65, 43]] * 8]
    data = tmp_path / "set.json"
    data.write_text(json.dumps({"train": [[[60, 55, 52, 48]] * 4] * 5, "valid": held}))

    against = measured(job, path, against=str(data)).details["chorale"]
    assert against["against"] == 2
    assert against["metrics"]["changes_per_bar"]["against"]["value"] == 0.5
    assert sorted(against["metrics"]["changes_per_bar"]["against"]["halves"]) == [0.0, 1.0]

    folder = tmp_path / "tunes"
    folder.mkdir()
    (folder / "manifest.tsv").write_text("split\tpath\ntest\ta.mid\n")
    write(lead_sheet(), "tunes/a.mid")
    with pytest.raises(DataError, match="no pieces of split 'valid'"):
        measured(job, path, against=str(folder))

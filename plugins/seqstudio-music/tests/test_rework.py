"""Changing pieces: bars written anew, variations, and voices added to a melody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from seqstudio_music.rework.operations import Harmonize, Infill, Vary
from small_music import TPB, OneJob, four_parts, lead_sheet, melody, options_of, piano, score_of

from seqstudio.api import ConfigError, DataError, Note, Operation, Request, Result, TakeSeed
from seqstudio.api.media import Event, Score

Write = Callable[[Score, str], Path]


def reworked(job: OneJob, operation: Operation, path: Path, **options: Any) -> list[Result]:
    takes = (TakeSeed(1, 5), TakeSeed(2, 6))
    request = Request(
        inputs={"piece": (path,)}, options=options_of(operation.name, **options), takes=takes
    )
    return list(operation.run(request, job))


def notes(score: Score) -> list[list[Note]]:
    return [sorted(track.notes) for track in score.tracks]


def other_events(score: Score) -> list[list[tuple[int, int, bytes]]]:
    return [
        [(e.tick, e.status, e.data) for e in t.events if e.kind not in (0x80, 0x90)]
        for t in score.tracks
    ]


def outside(score: Score, low: int, high: int) -> list[list[Note]]:
    return [[n for n in track if not low <= n.onset_ticks < high] for track in notes(score)]


@pytest.mark.medium
@pytest.mark.parametrize("piece", [four_parts(beats=16), lead_sheet(beats=16)])
def test_infill_changes_the_bars_and_nothing_else(job: OneJob, write: Write, piece: Score) -> None:
    marked = piece.with_track_events(1, [Event(TPB, 0xB0, bytes([7, 90]))])
    results = reworked(job, Infill(), write(marked, "piece.mid"), bars="2-3")
    low, high = 4 * TPB, 12 * TPB

    for result in results:
        score = score_of(result)
        assert outside(score, low, high) == outside(marked, low, high)
        assert other_events(score) == other_events(marked)
        assert score.faults == ()
        assert notes(score) != notes(marked)
        assert result.details["constraints"] == {"locked notes": True}
    assert score_of(results[0]).to_bytes() != score_of(results[1]).to_bytes()


@pytest.mark.medium
def test_infill_keeps_parts_and_locked_notes(job: OneJob, write: Write) -> None:
    piece = four_parts(beats=12)
    path = write(piece, "piece.mid")
    options = {"bars": "2", "keep": ("soprano", "2"), "lock": ("2:3/bass",)}
    result = reworked(job, Infill(), path, **options)[0]
    before, after = notes(piece), notes(score_of(result))

    assert after[1] == before[1]  # the highest part, kept as soprano; and track 2 again, by number
    assert Note(6 * TPB, 50, TPB, 80, 3) in before[4]
    assert Note(6 * TPB, 50, TPB, 80, 3) in after[4]
    assert "bar 2 of piece.mid anew by music-chorale" in result.summary


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"bars": "3-9"}, "bars='3-9', expected one such as 2-3, within bars 1 to 2"),
        ({"bars": "x"}, "bars='x', expected"),
        ({"bars": "1", "lock": ("1",)}, "lock='1', expected BAR:BEAT"),
        ({"bars": "1", "lock": ("1:9",)}, "lock='1:9': beat 9, expected 1 to 4"),
        ({"bars": "1", "keep": ("viola",)}, "part 'viola', expected one of: soprano"),
    ],
)
def test_a_place_that_is_not_there_is_refused(
    job: OneJob, write: Write, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        reworked(job, Infill(), write(four_parts(), "piece.mid"), **options)


@pytest.mark.medium
@pytest.mark.parametrize("piece", [four_parts(), lead_sheet()])
@pytest.mark.parametrize("distance", [0.1, 0.5])
def test_a_variation_has_the_stated_distance(
    job: OneJob, write: Write, piece: Score, distance: float
) -> None:
    for result in reworked(job, Vary(), write(piece, "piece.mid"), distance=distance):
        before = {(track, n.onset_ticks) for track, own in enumerate(notes(piece)) for n in own}
        kept = {
            (track, n.onset_ticks)
            for track, own in enumerate(notes(piece))
            for n in own
            if n in notes(score_of(result))[track]
        }
        assert len(before) - len(kept) == max(round(distance * len(before)), 1)
        assert all(result.details["constraints"].values())  # type: ignore[attr-defined]


@pytest.mark.medium
def test_a_melody_becomes_a_chorale_and_keeps_its_bytes(job: OneJob, write: Write) -> None:
    tune = Score.new(ticks_per_beat=TPB).with_new_track(melody(8), name="Tune")
    job.chosen = "music-chorale"
    results = reworked(job, Harmonize(), write(tune, "tune.mid"))

    for result in results:
        score = score_of(result)
        assert score.tracks[1].data == tune.tracks[1].data
        assert {track.name for track in score.tracks[2:]} == {"Alto", "Tenor", "Bass"}
        assert score.end_tick <= tune.end_tick
    assert "soprano of tune.mid harmonized" in results[0].summary


@pytest.mark.medium
def test_any_voices_can_be_given(job: OneJob, write: Write) -> None:
    low = [Note(note.onset_ticks, note.pitch - 12, TPB) for note in melody(8)]
    two = Score.new(ticks_per_beat=TPB).with_new_track(melody(8)).with_new_track(low, channel=1)
    job.chosen = "music-chorale"
    path = write(two, "two.mid")
    score = score_of(reworked(job, Harmonize(), path, voice=("alto", "tenor"))[0])

    assert {track.name for track in score.tracks[3:]} == {"Soprano", "Bass"}
    with pytest.raises(ConfigError, match="voice=alto, expected 2, one for each part"):
        reworked(job, Harmonize(), path, voice=("alto",))


def test_a_folk_model_adds_chords(job: OneJob, write: Write) -> None:
    tune = Score.new(ticks_per_beat=TPB).with_new_track(melody(8), name="Tune")
    job.chosen = "music-folk"
    score = score_of(reworked(job, Harmonize(), write(tune, "tune.mid"), key="C")[0])

    assert [track.name for track in score.tracks[1:]] == ["Tune", "Chords"]
    with pytest.raises(DataError, match=r"2 parts with .* notes per onset, expected a melody"):
        reworked(job, Harmonize(), write(piano(), "piano.mid"))

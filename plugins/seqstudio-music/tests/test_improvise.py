"""Melodies over given chords: every take has exactly these chords."""

from typing import Any

import pytest
from seqstudio_music import COMPOSERS
from seqstudio_music.chords import chord_symbol, nearest_chord
from seqstudio_music.improvise import Improvise
from small_music import TPB, OneJob, options_of, score_of

from seqstudio.api import ConfigError, Request, Result, TakeSeed
from seqstudio.api.media import Score

BAR = 4 * TPB


def improvised(job: OneJob, **options: Any) -> list[Result]:
    job.chosen = "music-folk"
    takes = (TakeSeed(1, 5), TakeSeed(2, 6))
    chosen = options_of("improvise", **{"raw": True} | options)
    return list(Improvise(COMPOSERS).run(Request(options=chosen, takes=takes), job))


def chords_of(score: Score) -> list[tuple[int, str]]:
    """Return the tick and the symbol of each chord."""
    track = next(track for track in score.tracks if track.name == "Chords")
    onsets = sorted({note.onset_ticks for note in track.notes})
    sounding = ([n.pitch for n in track.notes if n.onset_ticks == onset] for onset in onsets)
    return [
        (onset, chord_symbol(nearest_chord(pitches)[0]))
        for onset, pitches in zip(onsets, sounding, strict=True)
    ]


@pytest.mark.medium
def test_a_blues_has_its_twelve_bars_in_any_key(job: OneJob) -> None:
    results = improvised(job, form="blues", key="F", scale="", range=("melody:C4-C6",))

    for result in results:
        names = [*["F7"] * 4, "Bb7", "Bb7", "F7", "F7", "C7", "Bb7", "F7", "F7"]
        assert chords_of(score_of(result)) == [(BAR * n, name) for n, name in enumerate(names)]
        melody = next(track for track in score_of(result).tracks if track.name == "Melody")
        assert all(60 <= note.pitch <= 84 for note in melody.notes)
        assert "12 bars of 4/4 over F7 F7" in result.summary
        assert "13 of 13 constraints met" in result.summary
        assert result.details["key"] == "F"
    assert score_of(results[0]).to_bytes() != score_of(results[1]).to_bytes()


def test_chords_return_until_the_last_bar_and_suggest_the_key(job: OneJob) -> None:
    result = improvised(job, chords="Dm7 | G7 Ebdim | C", bars=5, meter="3/4")[0]
    bar = 3 * TPB

    assert chords_of(score_of(result)) == [
        *[(0, "Dm7"), (bar, "G7"), (3 * bar // 2, "Ebdim"), (2 * bar, "C")],
        *[(3 * bar, "Dm7"), (4 * bar, "G7"), (9 * bar // 2, "Ebdim")],
    ]
    assert result.details["key"] == "C"
    assert len(score_of(improvised(job, chords="Am E7")[0]).bars) - 1 == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "chords='', form='', expected one of the two"),
        ({"chords": "C", "form": "blues"}, "chords='C', form='blues', expected one of the two"),
        ({"chords": "C H"}, "chords='H', expected chord symbols"),
        ({"chords": ". | ."}, "chords without a chord, expected one at least"),
        ({"form": "blues", "scale": "C major"}, "constraints clash: scale C major; C7 in bar"),
    ],
)
def test_chords_that_are_missing_or_unclear_are_refused(
    job: OneJob, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        improvised(job, **options)

"""Composing new pieces: bars, meter, key, and the constraints on voices."""

from itertools import pairwise
from typing import Any

import pytest
from seqstudio_music import COMPOSERS
from seqstudio_music.keys import parse_key
from seqstudio_music.operations import Generate
from small_music import TPB, OneJob, options_of, score_of

from seqstudio.api import ConfigError, Request, Result, TakeSeed
from seqstudio.api.media import Score


def generated(job: OneJob, model: str, *seeds: int, **options: Any) -> list[Result]:
    job.chosen = model
    takes = tuple(TakeSeed(n, seed) for n, seed in enumerate(seeds or (1,), start=1))
    chosen = options_of("generate", **{"bars": 2, "raw": True} | options)
    return list(Generate(COMPOSERS).run(Request(options=chosen, takes=takes), job))


@pytest.mark.parametrize("model", ["music-chorale", "music-folk", "rolls-nottingham"])
@pytest.mark.parametrize("meter", ["4/4", "7/8", "5/4", "3/16"])
def test_a_piece_has_the_requested_bars_in_any_meter(job: OneJob, model: str, meter: str) -> None:
    score = score_of(generated(job, model, meter=meter, bars=3)[0])
    beats, unit = map(int, meter.split("/"))

    assert [(m.beats, m.unit) for m in score.meters] == [(beats, unit)]
    assert 0 < score.end_tick <= 3 * beats * 4 * TPB // unit
    assert score.faults == ()
    assert Score.from_bytes(score.to_bytes()).notes == score.notes


def test_a_chorale_has_four_named_voices_within_their_ranges(job: OneJob) -> None:
    model = job.models["music-chorale"]
    score = score_of(generated(job, "music-chorale", 3, bars=4)[0])
    ranges = {voice.name: (voice.low, voice.high) for voice in model.settings.slots}

    assert sorted(t.name for t in score.tracks[1:]) == ["Alto", "Bass", "Soprano", "Tenor"]
    for track in score.tracks[1:]:
        low, high = ranges[track.name]
        assert all(low <= note.pitch <= high for note in track.notes)


def test_a_lead_sheet_is_a_melody_over_chords(job: OneJob) -> None:
    score = score_of(generated(job, "music-folk", 2, bars=4)[0])

    assert [track.name for track in score.tracks[1:]] == ["Melody", "Chords"]
    melody = sorted(score.tracks[1].notes)
    for one, other in pairwise(melody):
        assert one.onset_ticks + one.length_ticks <= other.onset_ticks


@pytest.mark.parametrize("model", ["music-chorale", "music-folk", "rolls-nottingham"])
def test_the_same_seed_gives_the_same_bytes_and_takes_differ(job: OneJob, model: str) -> None:
    three = [score_of(result).to_bytes() for result in generated(job, model, 1, 2, 3)]
    alone = score_of(generated(job, model, 2)[0]).to_bytes()

    assert three[1] == alone
    assert len(set(three)) == 3


def test_a_requested_key_changes_the_piece_and_is_reported(job: OneJob) -> None:
    in_d = generated(job, "music-chorale", 4, key="D")[0]
    in_f = generated(job, "music-chorale", 4, key="Fm")[0]

    assert in_d.details["key"] == "D"
    assert in_f.details["key"] == "Fm"
    assert score_of(in_d).notes != score_of(in_f).notes


@pytest.mark.parametrize(("key", "triad"), [("C", {0, 4, 7}), ("Cm", {0, 3, 7})])
@pytest.mark.parametrize("bars", [1, 3])
def test_a_chorale_closes_on_the_tonic_of_its_key(
    job: OneJob, key: str, triad: set[int], bars: int
) -> None:
    for result in generated(job, "music-chorale", 1, 2, 3, key=key, bars=bars):
        score = score_of(result)
        end = 4 * bars * TPB
        last = {n.pitch % 12 for n in score.notes if n.onset_ticks + n.length_ticks == end}
        bass = max(next(t for t in score.tracks if t.name == "Bass").notes)
        tonic = parse_key(key)
        third = (tonic + (3 if tonic >= 12 else 4)) % 12
        assert {tonic % 12, third} <= last <= triad
        assert bass.pitch % 12 == tonic % 12


def test_a_lead_sheet_closes_on_the_nearest_chord_its_key(job: OneJob) -> None:
    score = score_of(generated(job, "music-folk", 2, key="Am", bars=2, meter="6/8")[0])
    end = 6 * TPB
    chords = next(track for track in score.tracks if track.name == "Chords")
    last = {n.pitch % 12 for n in chords.notes if n.onset_ticks + n.length_ticks == end}

    assert last == {9, 0, 4}


def test_tempo_follows_the_option(job: OneJob) -> None:
    assert round(score_of(generated(job, "music-folk", tempo=150.0)[0]).tempos[0].bpm) == 150


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"meter": "4"}, "meter='4', expected one such as 4/4 or 7/8"),
        ({"meter": "4/5"}, "meter='4/5', expected"),
        ({"meter": "0/4"}, "meter='0/4', expected"),
        ({"key": "H"}, "key='H', expected one such as C, Bb, F#m or"),
        ({"top_p": 0.0}, "top_p=0.0, expected"),
    ],
)
def test_an_invalid_option_is_refused(job: OneJob, options: dict[str, Any], expected: str) -> None:
    if "top_p" not in options:  # refused before a model loads
        job = OneJob({}, job.folder)
    with pytest.raises(ConfigError, match=expected):
        generated(job, "music-chorale", **options)


def test_a_key_is_refused_for_piano_rolls(job: OneJob) -> None:
    with pytest.raises(ConfigError, match="key='C', expected none with rolls-nottingham"):
        generated(job, "rolls-nottingham", key="C")


@pytest.mark.medium
def test_hard_constraints_are_met_and_certified(job: OneJob) -> None:
    asked = {"scale": "C major", "chords": "C | F G | .", "notes_in_bar": "2-5", "close": True}
    for model in ("music-chorale", "music-folk"):
        for result in generated(job, model, 1, 2, key="C", bars=3, **asked):
            pitches = {note.pitch % 12 for note in score_of(result).notes}
            certificate = result.details["constraints"]
            assert pitches <= {0, 2, 4, 5, 7, 9, 11}
            assert isinstance(certificate, dict)
            assert len(certificate) == 6
            assert all(certificate.values())
            assert "6 of 6 constraints met" in result.summary


def test_hard_constraints_are_refused_for_piano_rolls(job: OneJob) -> None:
    with pytest.raises(
        ConfigError, match="scale is asked for, expected none with rolls-nottingham"
    ):
        generated(job, "rolls-nottingham", scale="C major")


def test_flats_and_sharps_name_the_same_key() -> None:
    assert parse_key("Db") == parse_key("C#")
    assert parse_key("D#m") == parse_key("Ebm") == 15

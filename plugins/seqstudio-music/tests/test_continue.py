"""Continuing a primer: its bytes stay, the new notes have no faults, the model suits it."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from seqstudio_music import CONTINUERS
from seqstudio_music.operations import Continue
from small_music import TPB, OneJob, four_parts, lead_sheet, melody, options_of, piano, score_of

from seqstudio.api import ConfigError, DataError, Note, Request, Result, TakeSeed
from seqstudio.api.media import Score

Write = Callable[..., Path]


def continued(job: OneJob, path: Path, *seeds: int, **options: Any) -> list[Result]:
    takes = tuple(TakeSeed(n, seed) for n, seed in enumerate(seeds or (1,), start=1))
    request = Request(
        inputs={"primer": (path,)},
        options=options_of("continue", **{"bars": 2} | options),
        takes=takes,
    )
    return list(Continue(CONTINUERS).run(request, job))


def drums() -> Score:
    notes = [Note(TPB * n, 36 + 2 * (n % 2), TPB // 2, channel=9) for n in range(8)]
    return Score.new(ticks_per_beat=TPB).with_new_track(notes, channel=9)


def melody_alone() -> Score:
    return Score.new(ticks_per_beat=TPB).with_new_track(melody(), name="Tune")


def assert_clean(before: Score, after: Score, bars: int) -> None:
    """Check that the primer's notes are unchanged and that the notes after it have no faults."""
    end = before.end_tick
    assert [note for note in after.notes if note.onset_ticks < end] == list(before.notes)
    assert Score.from_bytes(after.to_bytes()).notes == after.notes
    assert after.faults == before.faults
    starts = before.tempo_map.bars(end)
    bar = starts[-1] - starts[-2]
    assert after.end_tick <= starts[-1] + bars * bar
    by_key: dict[tuple[int, int, int], list[Note]] = {}
    for number, track in enumerate(after.tracks):
        for note in track.notes:
            by_key.setdefault((number, note.channel, note.pitch), []).append(note)
    for notes in by_key.values():
        for one, other in pairwise(notes):
            assert one.onset_ticks + one.length_ticks <= other.onset_ticks


@pytest.mark.parametrize(
    ("primer", "model"),
    [
        (four_parts(), "music-chorale"),
        (lead_sheet(), "music-folk"),
        (melody_alone(), "music-folk"),
        (piano(), "rolls-nottingham"),
    ],
    ids=["chorale", "lead sheet", "melody", "piano"],
)
def test_the_default_model_follows_the_primer(
    job: OneJob, write: Write, primer: Score, model: str
) -> None:
    result = continued(job, write(primer))[0]

    assert result.details["model"] == model
    assert f"2 bars added to primer.mid by {model}" in result.summary
    assert_clean(primer, score_of(result), 2)
    assert len(score_of(result).notes) > len(primer.notes)


@pytest.mark.parametrize("meter", [(4, 4), (3, 4), (5, 4), (7, 8), (6, 8), (3, 16), (3, 32)])
@pytest.mark.parametrize("make", [four_parts, lead_sheet])
def test_new_bars_have_the_meter_of_the_primer(
    job: OneJob, write: Write, make: Callable[..., Score], meter: tuple[int, int]
) -> None:
    primer = make(meter)
    after = score_of(continued(job, write(primer), 5, bars=3)[0])

    assert after.meters == primer.meters
    assert after.tempos == primer.tempos
    assert_clean(primer, after, 3)


def test_tracks_that_are_not_continued_keep_their_bytes(job: OneJob, write: Write) -> None:
    primer = drums().with_new_track(melody(), name="Tune", program=40)
    after = score_of(continued(job, write(primer))[0])

    assert after.body[:2] == primer.body[:2]
    assert after.tracks[2].program == 40
    assert len(after.tracks) == 3
    assert_clean(primer, after, 2)


def test_a_melody_alone_stays_a_melody(job: OneJob, write: Write) -> None:
    after = score_of(continued(job, write(melody_alone()), bars=4)[0])

    assert len(after.tracks) == 2
    onsets = [note.onset_ticks for note in after.notes]
    assert len(onsets) == len(set(onsets))


def test_the_same_seed_gives_the_same_bytes_and_takes_differ(job: OneJob, write: Write) -> None:
    path = write(lead_sheet())
    three = [score_of(result).to_bytes() for result in continued(job, path, 1, 2, 3)]
    alone = score_of(continued(job, path, 2)[0]).to_bytes()

    assert three[1] == alone
    assert len(set(three)) == 3


def test_an_incomplete_last_bar_is_completed_first(job: OneJob, write: Write) -> None:
    primer = Score.new(ticks_per_beat=TPB).with_new_track(melody(6), name="Tune")
    after = score_of(continued(job, write(primer), 1, 4, bars=1, temperature=2.0)[0])

    assert_clean(primer, after, 1)
    assert min(n.onset_ticks for n in after.notes if n not in primer.notes) < 8 * TPB


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "primer.mid"),
        (b"MThd\x00\x00\x00\x06\x00\x01", "primer.mid"),
        (b"MThd\x00\x00\x00\x06\x00\x02\x00\x00\x01\xe0", "type"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\xe7\x28", "SMPTE"),
        (b"RIFF....WAVE", "primer.mid"),
    ],
    ids=["empty", "truncated", "type 2", "SMPTE", "misnamed"],
)
def test_a_primer_that_is_not_usable_midi_is_refused_in_one_line(
    job: OneJob, tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "primer.mid"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"primer\.mid.*{expected}|{expected}.*expected") as caught:
        continued(job, path)

    assert "\n" not in str(caught.value)


def test_a_primer_without_notes_is_refused(job: OneJob, write: Write) -> None:
    with pytest.raises(DataError, match=r"primer\.mid: 0 notes, expected at least 1"):
        continued(job, write(Score.new()))


def test_a_model_that_does_not_suit_the_primer_is_refused(job: OneJob, write: Write) -> None:
    job.chosen = "music-chorale"
    with pytest.raises(
        DataError, match=r"primer\.mid: 2 parts with .* expected four parts of one voice"
    ):
        continued(job, write(lead_sheet()))
    job.chosen = "music-folk"
    with pytest.raises(DataError, match=r"primer\.mid: 4 parts .* expected a melody"):
        continued(job, write(four_parts()))


def test_a_piano_roll_model_continues_any_polyphony(job: OneJob, write: Write) -> None:
    job.chosen = "rolls-nottingham"
    primer = four_parts()

    assert_clean(primer, score_of(continued(job, write(primer))[0]), 2)


def track(events: bytes) -> bytes:
    return b"MTrk" + len(events).to_bytes(4) + events


def faulty() -> bytes:
    """Return a file with one endless note, and two overlapping notes of one pitch."""
    header = b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0"
    events = bytes.fromhex("00903c50 8100903c50 8100803c00 8100803c00 00904050 8300904150")
    events += bytes.fromhex("8300804100 00ff2f00")
    return header + track(events)


def test_faults_of_a_primer_are_kept_and_named(job: OneJob, tmp_path: Path) -> None:
    path = tmp_path / "faulty.mid"
    path.write_bytes(faulty())
    result = continued(job, path)[0]

    assert result.details["faults"]
    assert result.details["repaired"] is False
    assert "faults kept: track 1" in result.summary
    assert any("faults kept: track 1" in line for line in job.logged)
    kept = [note for note in Score.read(path).notes if note.pitch == 60]
    assert set(kept) <= set(score_of(result).notes)


def test_a_damaged_primer_is_mended_while_it_is_read(job: OneJob, tmp_path: Path) -> None:
    path = tmp_path / "damaged.mid"
    content = lead_sheet().to_bytes()
    last = content.rfind(b"MTrk")
    path.write_bytes(content[: last + 4] + b"\x00\x01\x00\x00" + content[last + 8 :])
    result = continued(job, path)[0]

    assert "mended while reading: track 3: its length says 65536 bytes" in result.summary
    assert set(lead_sheet().notes) <= set(score_of(result).notes)
    assert Score.from_bytes(score_of(result).to_bytes()).faults == ()


def test_repair_removes_the_faults_of_a_primer(job: OneJob, tmp_path: Path) -> None:
    path = tmp_path / "faulty.mid"
    path.write_bytes(faulty())
    result = continued(job, path, repair=True)[0]

    assert "faults repaired: track 1" in result.summary
    assert score_of(result).faults == ()


@pytest.mark.medium
def test_a_long_primer_is_continued_from_its_last_bars(job: OneJob, write: Write) -> None:
    primer = lead_sheet(beats=400)
    after = score_of(continued(job, write(primer), bars=1)[0])

    assert_clean(primer, after, 1)


@pytest.mark.medium
def test_notes_end_even_on_a_coarse_tick_grid(job: OneJob, write: Write) -> None:
    for ticks in (1, 2, 3, 7):
        notes = [Note(ticks * n, 60 + n, ticks) for n in range(8)]
        primer = Score.new(ticks_per_beat=ticks).with_new_track(notes)
        after = score_of(continued(job, write(primer), 3, bars=2)[0])
        assert_clean(primer, after, 2)


def test_progress_never_decreases_and_ends_at_one(job: OneJob, write: Write) -> None:
    continued(job, write(four_parts()), 1, 2)

    assert job.fractions == sorted(job.fractions)
    assert job.fractions[-1] == 1.0


@pytest.mark.parametrize(
    ("primer", "highest"), [(four_parts(beats=6), "soprano"), (lead_sheet(beats=8), "melody")]
)
def test_new_bars_meet_hard_constraints_and_the_certificate_says_so(
    job: OneJob, write: Write, primer: Score, highest: str
) -> None:
    asked: dict[str, Any] = {
        "scale": "C major",
        "chords": "C | G7 | .",
        "range": (f"{highest}:C4-E5",),
        "notes_in_bar": "2-4",
        "close": True,
    }
    for result in continued(job, write(primer), 1, 2, bars=3, **asked):
        score, certificate = score_of(result), result.details["constraints"]
        new = [note for note in score.notes if note.onset_ticks >= primer.end_tick]
        top = score.tracks[1].notes
        assert isinstance(certificate, dict)
        assert len(certificate) == 6
        assert all(certificate.values())
        assert "6 of 6 constraints met" in result.summary
        assert {note.pitch % 12 for note in new} <= {0, 2, 4, 5, 7, 9, 11}
        assert all(60 <= n.pitch <= 76 for n in top if n.onset_ticks >= primer.end_tick)
        assert_clean(primer, score, 3)


def test_notes_of_a_new_bar_are_counted_as_the_file_has_them(job: OneJob, write: Write) -> None:
    primer = lead_sheet()
    for result in continued(job, write(primer), *range(1, 9), bars=1, notes_in_bar="1"):
        track = score_of(result).tracks[1]
        assert track.name == "Tune"
        assert sum(note.onset_ticks >= primer.end_tick for note in track.notes) == 1


def test_constraints_that_nothing_meets_or_no_voice_can_have_are_refused(
    job: OneJob, write: Write
) -> None:
    clash = "constraints clash: scale C major; F# in bar 3, expected others"
    with pytest.raises(ConfigError, match=clash):
        continued(job, write(lead_sheet()), bars=1, scale="C major", chords="F#")
    with pytest.raises(
        ConfigError, match="close is asked for, expected none with rolls-nottingham"
    ):
        continued(job, write(piano()), close=True)

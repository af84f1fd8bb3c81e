"""Ticks, seconds and bars are consistent with each other and with pretty_midi."""

from io import BytesIO

import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import END_OF_TRACK, META, METER, TEMPO, Event
from seqstudio.media.midi_track import Track
from seqstudio.media.tempo_map import Meter, Tempo


def with_time(*events: Event) -> Score:
    new = Score.new(ticks_per_beat=96)
    end = Event(events[-1].tick, META, b"", END_OF_TRACK)
    return Score(new.header, (Track.of([*events, end]),))


def tempo(tick: int, beat_us: int) -> Event:
    return Event(tick, META, beat_us.to_bytes(3), TEMPO)


def meter(tick: int, beats: int, power: int) -> Event:
    return Event(tick, META, bytes([beats, power, 24, 8]), METER)


tempos = st.lists(st.tuples(st.integers(0, 900), st.integers(50_000, 2_000_000)), min_size=1)


@given(tempos.map(sorted), st.lists(st.integers(0, 2000), max_size=10))
@settings(max_examples=30, deadline=None)
def test_seconds_and_ticks_are_inverse_and_match_pretty_midi(
    drawn: list[tuple[int, int]], ticks: list[int]
) -> None:
    changes = dict(drawn)  # the last at a tick wins
    score = with_time(*(tempo(tick, beat_us) for tick, beat_us in changes.items()))
    score = score.with_new_track([Note(0, 60, 2000)])
    oracle = pretty_midi.PrettyMIDI(BytesIO(score.to_bytes()))

    for tick in ticks:
        assert score.ticks(score.seconds(tick)) == tick
        assert score.seconds(tick) == pytest.approx(oracle.tick_to_time(tick), abs=1e-6)


def test_the_last_event_at_a_tick_wins_and_invalid_ones_are_ignored() -> None:
    score = with_time(
        tempo(0, 400_000), tempo(0, 600_000), meter(0, 3, 2), meter(0, 0, 2), tempo(96, 0)
    )

    assert score.tempos == (Tempo(0, 600_000),)
    assert score.tempos[0].bpm == pytest.approx(100)
    assert score.meters == (Meter(0, 3, 4),)


def test_a_file_without_tempo_and_meter_is_in_4_4_at_120_bpm() -> None:
    score = with_time(Event(0, META, b"", 1))

    assert (score.tempos, score.meters) == ((Tempo(0, 500_000),), (Meter(0, 4, 4),))
    assert score.seconds(192) == 1.0
    assert score.ticks(-1.0) == 0


def test_bars_follow_the_meters_and_a_change_starts_a_bar() -> None:
    # 4/4 for a bar and a beat, then 7/8
    score = with_time(meter(0, 4, 2), meter(480, 7, 3)).with_new_track([Note(0, 60, 500)])
    assert score.bars == (0, 384, 480, 816)

    exact = with_time(meter(0, 3, 2)).with_new_track([Note(288, 60, 288)])
    assert exact.bars == (0, 288, 576)
    assert with_time(meter(0, 3, 2)).bars == (0, 288)


def test_a_score_of_too_many_bars_is_refused() -> None:
    far = with_time(meter(0, 3, 2)).with_new_track([Note(1 << 27, 60, 1)])
    with pytest.raises(DataError, match="ends at tick 134217729, expected at most 100000 bars"):
        assert far.bars

"""Measurements of the synthesiser: pitch, onsets, velocity, release, drums, loudness, speed."""

import time
from random import Random

import numpy as np
import pytest

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import BEND, CONTROL, END_OF_TRACK, META, PROGRAM, Event
from seqstudio.media.midi_track import Track
from seqstudio.media.synth import render
from seqstudio.media.synth_instruments import FAMILIES, timbre_of

RATE = 44100
FAMILY_PROGRAMS = (0, 8, 16, 24, 32, 40, 52, 56, 64, 72)  # one for each instrument


def pitch_hz(pitch: int) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def rendered(*notes: Note, program: int = 0, channel: int = 0, rate_hz: int = RATE) -> np.ndarray:
    """Render notes in stereo at 120 bpm and 480 ticks per beat: 960 ticks per second."""
    score = Score.new().with_new_track(notes, program=program, channel=channel)
    return render(score, rate_hz).samples


def with_events(*events: Event, notes: list[Note]) -> np.ndarray:
    end = Event(max(event.tick for event in events), META, b"", END_OF_TRACK)
    track = Track.of([*events, end]).with_notes(notes)
    new = Score.new()
    return render(Score(new.header, (*new.body, track))).samples


def level(samples: np.ndarray, start_s: float, end_s: float) -> float:
    part = samples[int(start_s * RATE) : int(end_s * RATE)]
    return float(np.sqrt(np.mean(np.square(part)))) if len(part) else 0.0


def fundamental_hz(samples: np.ndarray, near_hz: float, rate_hz: int = RATE) -> float:
    """Return the strongest frequency within a whole tone of `near_hz`."""
    windowed = samples.sum(axis=1) * np.hanning(len(samples))
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(windowed, size))
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    near = (hz > near_hz * 0.9) & (hz < near_hz * 1.1)
    return float(hz[near][spectrum[near].argmax()])


@pytest.mark.parametrize("program", FAMILY_PROGRAMS)
@pytest.mark.parametrize("pitch", [33, 60, 69, 96])
def test_every_instrument_family_is_in_tune_within_20_cents(program: int, pitch: int) -> None:
    samples = rendered(Note(0, pitch, 1920), program=program)
    found = fundamental_hz(samples[: 2 * RATE], pitch_hz(pitch))

    assert abs(1200 * np.log2(found / pitch_hz(pitch))) < 20


@pytest.mark.parametrize("rate_hz", [16000, 22050, 48000])
def test_other_rates_are_in_tune_too(rate_hz: int) -> None:
    samples = rendered(Note(0, 69, 960), rate_hz=rate_hz)

    assert fundamental_hz(samples, 440, rate_hz) == pytest.approx(440, rel=0.005)
    assert len(samples) / rate_hz == pytest.approx(1.2, abs=0.3)


@pytest.mark.parametrize(("program", "channel"), [*((p, 0) for p in FAMILY_PROGRAMS), (0, 9)])
def test_onsets_are_within_5_ms(program: int, channel: int) -> None:
    onsets = [0, 700, 1500, 2888]
    notes = [Note(tick, 38 + 2 * n, 96, 100) for n, tick in enumerate(onsets)]
    loud = np.abs(rendered(*notes, program=program, channel=channel)).max(axis=1)
    for tick in onsets:
        start = round(tick / 960 * RATE)
        before = loud[max(0, start - 200) : start].max(initial=0)
        after = loud[start : start + RATE // 20]
        first = int(np.argmax(after > max(0.1 * after.max(), 2 * before)))
        assert first / RATE < 0.005, f"tick {tick}"


@pytest.mark.parametrize("program", FAMILY_PROGRAMS)
def test_a_harder_note_is_louder_and_brighter(program: int) -> None:
    soft, hard = (rendered(Note(0, 60, 960, v), program=program)[:RATE] for v in (30, 120))
    assert level(hard, 0, 0.5) > 3 * level(soft, 0, 0.5)

    def brightness(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples[:20000, 0])) ** 2
        return float(power[178:].sum() / power.sum())

    assert brightness(hard) > brightness(soft)


@pytest.mark.parametrize("program", FAMILY_PROGRAMS)
def test_a_note_fades_after_its_end_and_not_before(program: int) -> None:
    samples = rendered(Note(0, 60, 480), program=program)
    longer = rendered(Note(0, 60, 960), program=program)

    assert np.allclose(samples[: RATE // 2], longer[: RATE // 2], atol=1e-6)
    assert level(samples, 0.55, 0.65) < 0.8 * level(longer, 0.55, 0.65)
    assert level(samples, 0.9, 1.0) < 0.12 * level(longer, 0.5, 0.6)
    jump = np.abs(np.diff(samples[int(0.49 * RATE) :, 0])).max()
    assert jump <= 1.1 * np.abs(np.diff(samples[: int(0.49 * RATE), 0])).max()  # no click


def test_sustained_instruments_hold_and_struck_ones_decay() -> None:
    for program, holds in ((0, False), (24, False), (16, True), (48, True), (73, True)):
        samples = rendered(Note(0, 60, 2880), program=program)
        ratio = level(samples, 2.2, 2.8) / level(samples, 0.1, 0.7)
        assert (ratio > 0.7) == holds, program


def test_drums_are_noisy_and_a_kick_is_low() -> None:
    kick, hat, tone = (
        rendered(Note(0, 36, 480), channel=9),
        rendered(Note(0, 42, 480), channel=9),
        rendered(Note(0, 42, 480)),
    )

    def flatness(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples[: RATE // 20, 0] * np.hanning(RATE // 20)))[4:900] ** 2
        return float(np.exp(np.log(power + 1e-12).mean()) / power.mean())

    assert flatness(hat) > 20 * flatness(tone)
    assert 40 < fundamental_hz(kick, 50) < 60
    short = rendered(Note(0, 42, 30), channel=9)
    assert np.array_equal(hat[: len(short)], short)  # a drum rings whatever the note's length


def test_the_same_score_gives_the_same_samples() -> None:
    notes = [Note(t * 90, 35 + 3 * t, 100) for t in range(6)]
    assert np.array_equal(rendered(*notes, channel=9), rendered(*notes, channel=9))


@pytest.mark.medium
def test_three_thousand_notes_in_a_minute_do_not_clip() -> None:
    random = Random(0)
    dense = [
        Note(random.randrange(57600), random.randrange(30, 100), random.randrange(60, 960), 127)
        for _ in range(3000)
    ]
    started = time.process_time()
    samples = rendered(*dense, program=48)
    print(f"3,000 notes in a minute: {time.process_time() - started:.2f} s of CPU")

    assert 0.5 < np.abs(samples).max() <= 1.0
    assert np.isfinite(samples).all()


def test_a_minute_of_four_voices_is_rendered_in_seconds() -> None:
    score = Score.new()
    for voice in range(4):
        notes = [Note(t * 480, 48 + 7 * voice + t * 5 % 7, 480) for t in range(120)]
        score = score.with_new_track(notes, program=48, channel=voice)
    started = time.process_time()
    audio = render(score)
    took_s = time.process_time() - started
    print(f"60 s of four voices: {took_s:.2f} s of CPU")

    assert audio.duration_s == pytest.approx(60.5, abs=0.5)
    assert took_s < 6


def test_pan_moves_a_track_and_tracks_without_pan_are_spread() -> None:
    left = with_events(Event(0, CONTROL, bytes([10, 0])), notes=[Note(0, 60, 480)])
    right = with_events(Event(0, CONTROL, bytes([10, 127])), notes=[Note(0, 60, 480)])
    middle = rendered(Note(0, 60, 480))
    assert np.abs(left[:, 1]).max() < 1e-3 < np.abs(left[:, 0]).max()
    assert np.abs(right[:, 0]).max() < 1e-3 < np.abs(right[:, 1]).max()
    assert np.allclose(middle[:, 0], middle[:, 1])

    two = Score.new().with_new_track([Note(0, 60, 480)]).with_new_track([Note(960, 60, 480)])
    samples = render(two).samples
    assert level(samples[:, 0], 0, 0.5) > level(samples[:, 1], 0, 0.5)
    assert level(samples[:, 0], 1, 1.5) < level(samples[:, 1], 1, 1.5)


def test_volume_and_expression_apply_from_the_start_and_within_a_note() -> None:
    organ = Event(0, PROGRAM, bytes([16]))
    quiet = with_events(organ, Event(0, CONTROL, bytes([7, 25])), notes=[Note(0, 60, 960)])
    fading = with_events(organ, Event(480, CONTROL, bytes([11, 32])), notes=[Note(0, 60, 960)])
    full = with_events(organ, notes=[Note(0, 60, 960)])

    assert level(quiet, 0.1, 0.9) == pytest.approx(level(full, 0.1, 0.9) / 4, rel=0.05)
    assert level(fading, 0.1, 0.45) == pytest.approx(level(full, 0.1, 0.45), rel=0.01)
    assert level(fading, 0.55, 0.95) == pytest.approx(level(full, 0.55, 0.95) / 4, rel=0.05)


def test_the_pedal_holds_a_note_until_it_is_lifted() -> None:
    held = with_events(
        Event(0, CONTROL, bytes([64, 127])),
        Event(1920, CONTROL, bytes([64, 0])),
        notes=[Note(0, 60, 240)],
    )
    assert np.allclose(held[: 2 * RATE], rendered(Note(0, 60, 1920))[: 2 * RATE], atol=1e-6)
    assert level(held, 2.4, 2.5) < 0.1 * level(held, 1.8, 2.0)


def test_the_pitch_wheel_bends_in_its_range() -> None:
    flute = Event(0, PROGRAM, bytes([73]))
    up = Event(0, BEND, bytes([0x7F, 0x7F]))
    bent = with_events(flute, up, notes=[Note(0, 69, 960)])
    assert fundamental_hz(bent, pitch_hz(71)) == pytest.approx(pitch_hz(71), rel=0.005)

    octave = [Event(0, CONTROL, bytes(pair)) for pair in ((101, 0), (100, 0), (6, 12))]
    wide = with_events(flute, *octave, up, notes=[Note(0, 69, 960)])
    assert fundamental_hz(wide, 880) == pytest.approx(880, rel=0.005)

    late = with_events(flute, Event(480, BEND, b"\0\0"), notes=[Note(0, 69, 960)])
    assert fundamental_hz(late[: RATE // 2], 440) == pytest.approx(440, rel=0.005)
    assert fundamental_hz(late[int(0.52 * RATE) : RATE], 392) == pytest.approx(392, rel=0.01)


def test_tracks_that_share_a_channel_keep_their_own_programs() -> None:
    note = [Note(0, 60, 2880)]
    both = Score.new().with_new_track(note, program=0).with_new_track(note, program=16)
    organ_right = render(both).samples
    piano = rendered(*note, program=0)

    assert level(organ_right, 2, 2.9) > 3 * level(piano, 2, 2.9)


def test_a_tempo_change_moves_onsets() -> None:
    track = Track.of(
        [Event(480, META, (1_000_000).to_bytes(3), 0x51), Event(480, META, b"", END_OF_TRACK)]
    )
    new = Score.new()
    score = Score(new.header, (*new.body, track.with_notes([Note(960, 60, 480)])))
    loud = np.abs(render(score).samples[:, 0])

    assert int(np.argmax(loud > 1e-3)) / RATE == pytest.approx(1.5, abs=0.005)


def test_programs_select_instruments() -> None:
    assert all(timbre_of(program) in FAMILIES for program in range(128))
    assert timbre_of(46) is timbre_of(24)  # a harp is plucked
    assert timbre_of(48) is timbre_of(40)  # sections are strings


def test_an_empty_score_is_a_moment_of_silence() -> None:
    samples = render(Score.new()).samples

    assert samples.shape == (4410, 2)
    assert not samples.any()


def test_a_score_longer_than_an_hour_is_refused() -> None:
    with pytest.raises(DataError, match=r"the score lasts 2\.0 h, expected at most 1 h to render"):
        rendered(Note(960 * 7200, 60, 480))

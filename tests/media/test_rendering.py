"""Rendering with a sound bank: it follows the file; banks, stems, and the route without a bank."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode does not

from small_bank import LOOP, small_bank, wave

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError
from seqstudio.media import synth
from seqstudio.media.audio import Audio
from seqstudio.media.bank_synth import render_with_bank
from seqstudio.media.loudness import loudness_lufs
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import BEND, CONTROL, Event
from seqstudio.media.render_process import render_apart
from seqstudio.media.rendering import describe_sound, render_sound, render_stems
from seqstudio.media.sound_bank import SoundBank, default_bank
from seqstudio.media.sound_bank_samples import HEADER, as_sf2

BEAT = 480
ORGAN = 19


@pytest.fixture(scope="module")
def bank() -> SoundBank:
    path = default_bank()
    assert path is not None
    return SoundBank.read(path)


@pytest.fixture
def write_bank(tmp_path: Path) -> Path:
    path = tmp_path / "triangle.sf3"
    path.write_bytes(small_bank(vorbis=True))
    return path


def organ(*events: Event, beats: int = 4) -> Score:
    """Return a long A4, with events, at 120 beats a minute."""
    score = Score.new().with_new_track([Note(0, 69, beats * BEAT, 100)], program=ORGAN)
    return score.with_track_events(1, events)


def control(number: int, value: int, tick: int = 0) -> Event:
    return Event(tick, CONTROL, bytes([number, value]))


def level(audio: Audio, start_s: float, end_s: float, channel: int = 0) -> float:
    part = audio.samples[int(start_s * audio.rate_hz) : int(end_s * audio.rate_hz), channel]
    return float(np.sqrt(np.mean(part**2))) if len(part) else 0.0


def loudest_hz(audio: Audio, start_s: float = 0.5, end_s: float = 1.5) -> float:
    part = audio.samples[int(start_s * audio.rate_hz) : int(end_s * audio.rate_hz)].sum(axis=1)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 18))
    hz = np.fft.rfftfreq(1 << 18, 1 / audio.rate_hz)
    return float(hz[spectrum.argmax()])


def test_a_bank_plays_in_tune_and_follows_pitch_bend(bank: SoundBank) -> None:
    plain = loudest_hz(render_with_bank(organ(), bank))
    bent = loudest_hz(render_with_bank(organ(Event(0, BEND, bytes([127, 127]))), bank))

    assert min(abs(1200 * np.log2(plain / (440 * n))) for n in (0.5, 1, 2, 4)) < 20
    assert 1200 * np.log2(bent / plain) == pytest.approx(200, abs=5)


@pytest.mark.parametrize("number", [7, 11])
def test_a_bank_follows_volume_and_expression(bank: SoundBank, number: int) -> None:
    audio = render_with_bank(organ(control(number, 20, 2 * BEAT)), bank)

    assert level(audio, 1.4, 1.9) < level(audio, 0.4, 0.9) / 4


def test_a_bank_follows_pan_and_pedal(bank: SoundBank) -> None:
    left = render_with_bank(organ(control(10, 0)), bank)
    held = render_with_bank(organ(control(64, 127), control(64, 0, 3 * BEAT), beats=1), bank)

    assert level(left, 0.5, 1.5, 0) > 3 * level(left, 0.5, 1.5, 1)
    assert level(held, 1.0, 1.4) > 100 * level(render_with_bank(organ(beats=1), bank), 1.0, 1.4)


def test_sound_has_the_target_loudness_and_the_last_note_fades() -> None:
    score = organ(beats=2)
    audio = render_sound(score)

    assert loudness_lufs(audio) == pytest.approx(-16, abs=0.5)
    assert np.abs(audio.samples).max() < 1
    assert 1.0 < audio.duration_s < 4.0
    assert np.array_equal(render_sound(score).samples, audio.samples)


def test_another_process_renders_the_same() -> None:
    score = organ(beats=1)

    assert np.array_equal(render_apart(score).samples, render_sound(score).samples)
    with pytest.raises(DataError, match=r"^the score lasts 1\.4 h, expected at most 1 h"):
        render_apart(organ(beats=10_000))


def test_stems_are_the_parts_and_sum_to_the_whole(bank: SoundBank) -> None:
    notes = [Note(BEAT * n, 60 + n, BEAT) for n in range(3)]
    drums = [Note(BEAT * n, 36, BEAT, channel=9) for n in range(3)]
    score = Score.new().with_new_track(notes, name="Tune").with_new_track(notes[:1], channel=1)
    score = score.with_track_notes(1, [*notes, *drums])
    stems = render_stems(score)

    assert [stem.name for stem in stems] == ["01 Tune", "02 Tune", "03 channel 2"]
    total = np.sum([stem.audio.samples for stem in stems], axis=0)
    whole = render_with_bank(score, bank).samples
    longest = max(len(total), len(whole))  # what is all but silent at the end is cut off
    total, whole = (np.pad(one, ((0, longest - len(one)), (0, 0))) for one in (total, whole))
    gain = (total * whole).sum() / (whole**2).sum()
    assert np.abs(total - gain * whole).max() < 0.02
    assert np.abs(total).max() <= 0.9
    assert render_stems(Score.new()) == []


def test_an_sf3_bank_is_unpacked_to_sf2(write_bank: Path) -> None:
    unpacked = SoundBank(write_bank, as_sf2(SoundBank.read(write_bank)))
    header = np.frombuffer(unpacked.lists[b"pdta"].parts()[b"shdr"].data, HEADER)[0]
    samples = np.frombuffer(unpacked.lists[b"sdta"].parts()[b"smpl"].data, np.int16)

    assert (header["start"], header["end"], header["type"]) == (0, len(wave()), 1)
    assert (header["loop_start"], header["loop_end"]) == LOOP
    assert np.corrcoef(samples[: len(wave())], wave())[0, 1] > 0.99
    plain = SoundBank(write_bank, small_bank())
    assert as_sf2(plain) == plain.content


def test_a_bank_of_ones_own_is_played_and_named(write_bank: Path) -> None:
    audio = render_sound(organ(), write_bank)

    assert loudest_hz(audio) == pytest.approx(440, abs=2)
    assert describe_sound(write_bank) == "Triangle, public domain"
    assert "TimGM6mb" in describe_sound()
    assert "GPL" in describe_sound()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"RIFF____WAVE", "expected a SoundFont"),
        (small_bank()[:-100], "cut short"),
        (b"RIFF\4\0\0\0sfbk", "no list INFO"),
        (small_bank().replace(b"smpl", b"smpx"), "no samples"),
        (small_bank().replace(b"phdr", b"phdx"), "expected a SoundFont that can be played"),
        (small_bank(vorbis=True).replace(b"vorbis", b"vorbix"), "expected Ogg Vorbis"),
    ],
)
def test_a_bad_bank_is_refused_by_name(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "bad.sf2"
    path.write_bytes(content)

    with pytest.raises(DataError, match=rf"^{path}: .*{expected}"):
        render_sound(organ(beats=1), path)
    with pytest.raises(DataError, match="No such file"):
        render_sound(organ(beats=1), tmp_path / "none.sf2")


def test_our_own_synthesiser_is_the_route_without_a_bank() -> None:
    audio = synth.render(organ(beats=1))

    assert audio.rate_hz == 44_100
    assert level(audio, 0.1, 0.4) > 0.01

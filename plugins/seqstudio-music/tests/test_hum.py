"""Humming: tones with vibrato, out of tune and in noise become the notes that were sung."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from seqstudio_music.hum import RATE_HZ, Hum, Sung, SungNote, listen, snapped
from seqstudio_music.rework.operations import Harmonize
from small_music import TPB, OneJob, options_of, score_of

from seqstudio.api import DataError, Request, TakeSeed
from seqstudio.api.media import Audio, Score, encoded

pytestmark = pytest.mark.medium  # librosa compiles pYIN on first use

BEAT_S = 0.6  # at 100 quarter notes a minute
TUNE = ((60, 1.0), (60, 1.0), (67, 1.0), (69, 1.0), (67, 2.0), (0, 1.0), (65, 0.5), (64, 0.5))
ONSETS = (0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 7.5)  # in beats
PITCHES = [pitch for pitch, _ in TUNE if pitch]


def sing(
    tune: Sequence[tuple[int, float]], *, tuning: float = 0.0, noise: float = 0.003
) -> NDArray[np.float32]:
    """Sing (pitch, beats) with four harmonics and a vibrato of 0.4 semitones; pitch 0 is silence.

    `tuning` is in semitones, `noise` the deviation of the samples.
    """
    sung = [np.zeros(RATE_HZ // 3)]
    for pitch, beats in tune:
        time_s = np.arange(round(beats * BEAT_S * RATE_HZ)) / RATE_HZ
        semitones = pitch + tuning + 0.4 * np.sin(2 * np.pi * 5.5 * time_s)
        phase = 2 * np.pi * np.cumsum(440 * 2 ** ((semitones - 69) / 12)) / RATE_HZ
        tone = sum(np.sin(harmonic * phase) / harmonic for harmonic in (1, 2, 3, 4))
        fade = np.minimum(time_s, beats * BEAT_S - time_s) / 0.04
        sung.append(0.2 * tone * fade.clip(0, 1) * (pitch > 0))
    samples = np.concatenate([*sung, np.zeros(RATE_HZ // 3)])
    generator = np.random.default_rng(0)
    return (samples + noise * generator.standard_normal(len(samples))).astype(np.float32)


@pytest.mark.parametrize(("tuning", "noise"), [(0.35, 0.003), (0.0, 0.02)])
def test_what_is_sung_is_written(tuning: float, noise: float) -> None:
    sung = listen(sing(TUNE, tuning=tuning, noise=noise), tempo_bpm=100.0, where="tune.wav")
    notes = snapped(sung, 16, None)

    assert [note.pitch for note in notes] == PITCHES
    assert [note.onset_ticks / TPB for note in notes] == list(ONSETS)
    assert sung.tuning == pytest.approx(tuning, abs=0.08)
    heard = [note.start_s - sung.notes[0].start_s for note in sung.notes]
    assert heard == pytest.approx([BEAT_S * beat for beat in ONSETS], abs=0.06)


def test_the_tempo_is_heard() -> None:
    even = [(60 + step, 1.0) for step in (0, 2, 4, 5, 7, 5, 4, 2, 0)]
    sung = listen(sing(even), tempo_bpm=0.0, where="tune.wav")

    assert sung.tempo_bpm == pytest.approx(100, rel=0.03)
    assert [note.onset_ticks / TPB for note in snapped(sung, 4, None)] == list(range(9))


@pytest.mark.parametrize("samples", [np.zeros(RATE_HZ), np.zeros(100)])
def test_a_recording_without_singing_is_refused(samples: NDArray[np.float64]) -> None:
    with pytest.raises(DataError, match=r"^quiet\.wav: .*expected"):
        listen(samples.astype(np.float32), tempo_bpm=0.0, where="quiet.wav")


def test_notes_are_moved_to_the_grid_and_to_the_key() -> None:
    sung = Sung((SungNote(1.0, 1.55, 60.1), SungNote(1.68, 2.1, 61.3)), (), 100.0, 0.0)

    kept, moved = snapped(sung, 0, None), snapped(sung, 8, 0)
    assert [(n.onset_ticks, n.pitch, n.length_ticks) for n in kept] == [
        (0, 60, 440),
        (544, 61, 336),
    ]
    assert [(n.onset_ticks, n.pitch, n.length_ticks) for n in moved] == [
        (0, 60, 480),
        (480, 62, 480),
    ]


def test_a_hummed_tune_is_written_and_can_be_harmonized(job: OneJob, tmp_path: Path) -> None:
    recording, tune = tmp_path / "tune.wav", tmp_path / "tune.mid"
    recording.write_bytes(encoded(Audio(sing(TUNE)[:, None], RATE_HZ), "WAV"))
    request = Request(
        inputs={"recording": (recording,)}, options=options_of("hum", tempo=100.0, key="auto")
    )
    (result,) = Hum().run(request, job)
    score = score_of(result)
    assert [note.pitch for note in score.notes] == PITCHES
    assert result.details["key"] == "C"
    assert "7 notes at 100 quarter notes a minute in C" in result.summary

    score.write(tune)
    job.chosen = "music-chorale"
    options = options_of("harmonize", key="C")
    request = Request(inputs={"piece": (tune,)}, options=options, takes=(TakeSeed(1, 1),))
    (result,) = Harmonize().run(request, job)
    harmonized = result.outputs["score"]
    assert isinstance(harmonized, Score)
    assert {track.name for track in harmonized.tracks[1:]} == {"Melody", "Alto", "Tenor", "Bass"}

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from seqstudio_morse import ALPHABET, HOP, RATE_HZ, UNITS, features, tones

from seqstudio.api import edit_distance
from seqstudio.api.media import read_audio
from seqstudio.testing.fixtures import RunJob
from seqstudio.testing.headless import HeadlessStudio

PROJECT = Path(__file__).parents[1]
TextFile = Callable[..., Path]


def test_paris_takes_fifty_units() -> None:
    unit = RATE_HZ * 1.2 / 20

    assert len(tones("PARIS", 20)) == 43 * unit  # the gap to the next word has 7
    assert len(tones("PARIS PARIS", 20)) == (43 + 7 + 43) * unit
    assert UNITS["S"] == "10101"


def test_a_tone_is_loud_in_its_frames_at_any_pitch() -> None:
    for pitch_hz in (400, 700, 1000):
        loudest = features(tones("T T", 12, pitch_hz))[:, 0].numpy()
        on = round(3 * RATE_HZ * 0.1 / HOP)

        assert loudest[2 : on - 2].min() > loudest[on + 3 : 2 * on].max() + 3


@pytest.mark.medium
def test_a_text_is_sent_at_the_speed_that_is_asked_for(
    studio: HeadlessStudio, run_job: RunJob, text_file: TextFile
) -> None:
    studio.install(PROJECT)
    options = {"words_per_minute": 12.0}
    outcome = run_job(
        "morse", "send", {"text": text_file("Paris!")}, out="sent.wav", options=options
    )
    audio = read_audio(outcome.files[0])

    assert audio.rate_hz == RATE_HZ
    assert audio.duration_s == pytest.approx(4.3)


@pytest.mark.medium
def test_a_text_without_signs_is_refused(
    studio: HeadlessStudio, run_job: RunJob, text_file: TextFile
) -> None:
    studio.install(PROJECT)
    outcome = run_job("morse", "send", {"text": text_file("…")}, out="sent.wav")

    assert outcome.reasons[0].endswith("text.txt: no letters or digits, expected some")


@pytest.mark.medium
def test_it_trains_and_copies(studio: HeadlessStudio, run_job: RunJob, text_file: TextFile) -> None:
    studio.install(PROJECT)
    run = studio.train("morse.tones", text_file("SOS\nPARIS 73\n" * 8), epochs=2, hidden=8)
    sent = run_job("morse", "send", {"text": text_file("SOS")}, out="sent.wav").files[0]
    outcome = run_job("morse", "copy", {"sound": sent}, model=str(run))

    assert set(outcome.text.strip()) <= set(ALPHABET.characters)


@pytest.mark.slow
def test_it_learns_morse_code_in_three_minutes(
    studio: HeadlessStudio, run_job: RunJob, text_file: TextFile
) -> None:
    studio.install(PROJECT)
    generator = np.random.default_rng(0)
    letters = [character for character in ALPHABET.characters if character != " "]
    words = ["".join(generator.choice(letters, generator.integers(1, 7))) for _ in range(2400)]
    lines = [" ".join(words[start : start + 3]) for start in range(0, len(words), 3)]
    run = studio.train("morse.tones", text_file("\n".join(lines)))
    text = "THE QUICK BROWN FOX JUMPS OVER 13 LAZY DOGS"
    sent = run_job("morse", "send", {"text": text_file(text)}, out="sent.wav").files[0]
    copied = run_job("morse", "copy", {"sound": sent}, model=str(run)).text.strip()

    assert edit_distance(copied, text) <= 2

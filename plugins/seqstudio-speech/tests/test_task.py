import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from seqstudio_speech.augment import change_speed
from seqstudio_speech.drawing import Room
from seqstudio_speech.importers import ManifestImporter
from seqstudio_speech.presets import model_config
from seqstudio_speech.settings import AugmentSettings, SpeechOptions, SpeechSettings
from seqstudio_speech.task import PERTURBED, CtcTask
from torch.testing import assert_close

from seqstudio.api import AudioExample, DataError, Draws, Ledger, LoadedModel, Preparation, pool
from seqstudio.api.nn import FrameGeometry, build, frames_needed

TINY = SpeechOptions(hidden=4, layers=1, dropout=0.0)


@pytest.fixture
def examples(tone_folder: Path) -> list[AudioExample]:
    return list(ManifestImporter().read(tone_folder, Ledger()))[:6]


@pytest.fixture
def preparation(examples: list[AudioExample]) -> Preparation:
    return CtcTask().prepare(examples, TINY)


def example(audio: Path, transcript: str) -> AudioExample:
    return AudioExample(id=audio.name, audio=audio, transcript=transcript, where=str(audio))


def silence(path: Path, samples: int) -> Path:
    soundfile.write(path, np.zeros(samples), 16000)
    return path


def test_the_alphabet_comes_from_the_training_transcripts(preparation: Preparation) -> None:
    assert preparation.settings.vocabulary == (" ", "A", "B", "C")
    assert preparation.settings.case == "upper"
    assert preparation.model.ctc.vocabulary == 5


def test_unreadable_recordings_teach_nothing(
    examples: list[AudioExample], preparation: Preparation, tmp_path: Path
) -> None:
    gone = example(tmp_path / "gone.wav", "ZZZ")
    again = CtcTask().prepare([*examples, gone], TINY)

    assert again.settings == preparation.settings
    assert_close(again.buffers["mean"], preparation.buffers["mean"])


@pytest.mark.parametrize("subsampling", ["stack", "conv"])
def test_room_never_promises_more_frames_than_the_model_gives(subsampling: str) -> None:
    options = dataclasses.replace(TINY, subsampling=subsampling)  # type: ignore[arg-type]
    settings = SpeechSettings(vocabulary=("A",))
    model = build(model_config(options, labels=2))
    room = Room(settings, model.geometry)
    for samples in (1, 159, 160, 4799, 4800, 12345):
        for speed in (0.9, 1.0, 1.1):
            played = change_speed(np.zeros(samples, np.float32), speed, 16000)
            frames = settings.features.frames(len(played))
            if not frames:
                continue
            encoded = model.encode(torch.zeros(1, frames, 80), torch.tensor([frames]))
            given = int(encoded.lengths)
            assert given - 1 <= room.frames(samples, speed) <= given
            assert speed != 1 or room.frames(samples) == given


def test_what_cannot_be_trained_on_is_refused_by_name(
    preparation: Preparation, tmp_path: Path
) -> None:
    crowded = example(silence(tmp_path / "take7.wav", 16000), "AB" * 14)
    mute = example(silence(tmp_path / "mute.wav", 16000), " ")
    foreign = example(silence(tmp_path / "foreign.wav", 16000), "AÉ")
    gone = example(tmp_path / "gone.wav", "A")
    good = example(silence(tmp_path / "good.wav", 16000), "A B")
    ledger = Ledger()

    kept = CtcTask().preflight([crowded, mute, foreign, gone, good], preparation, ledger)

    assert kept == [good]
    assert ledger.refused[crowded.where] == (
        f"{crowded.audio}: 26 frames (1.00 s) for 28 characters, expected at least 28"
    )
    assert ledger.refused[mute.where] == (
        f"{mute.audio}: the transcript is empty, expected some text"
    )
    assert "transcript holds 'É'" in ledger.refused[foreign.where]
    assert "o such file" in ledger.refused[gone.where]


def test_an_utterance_too_short_for_the_fastest_speed_keeps_its_own(
    preparation: Preparation, tmp_path: Path
) -> None:
    room = Room(preparation.settings, build(preparation.model).geometry)
    labels = "AB" * 12
    samples = next(n for n in range(8000, 17000) if room.fits(n, tuple([1, 2] * 12)))
    tight = example(silence(tmp_path / "tight.wav", samples), labels)
    ledger = Ledger()

    assert CtcTask().preflight([tight], preparation, ledger) == [tight]
    assert ledger.counts == {PERTURBED: 1}
    for epoch in range(8):
        batch = CtcTask().collate([tight], preparation, Draws(0, epoch))
        assert int(batch.frame_lengths) == preparation.settings.features.frames(samples)
        assert torch.isfinite(CtcTask().loss(build(preparation.model), batch).total)


def test_a_draw_depends_on_seed_epoch_and_item_alone(
    examples: list[AudioExample], preparation: Preparation
) -> None:
    task = CtcTask()
    alone = task.collate(examples[2:3], preparation, Draws(3, 5)).frames[0]
    among = task.collate(examples, preparation, Draws(3, 5)).frames[2]
    later = task.collate(examples[2:3], preparation, Draws(3, 6)).frames[0]

    assert torch.equal(among[: len(alone)], alone)
    assert later.shape != alone.shape or not torch.equal(later, alone)


def test_padding_never_changes_the_loss(
    examples: list[AudioExample], preparation: Preparation
) -> None:
    task, model = CtcTask(), build(preparation.model).eval()
    together = task.loss(model, task.collate(examples, preparation, None))
    apart = [task.loss(model, task.collate([one], preparation, None)) for one in examples]

    assert together.count == len(examples)
    assert_close(together.total, sum(one.total for one in apart), rtol=1e-5, atol=1e-4)


def test_a_trained_model_measures_what_it_hears(tone_model: LoadedModel, tone_folder: Path) -> None:
    valid = [one for one in CtcTask().read(tone_folder, Ledger()) if one.split == "valid"]
    measured = list(CtcTask().measure(tone_model, valid))

    assert len(measured) == len(valid)
    assert pool(measured)["wer"] == 0
    assert measured[0].detail["reference"] == measured[0].detail["hypothesis"]


def test_unreadable_audio_counts_as_deletions_and_foreign_references_are_scored(
    tone_model: LoadedModel, say: Callable[..., Path], tmp_path: Path
) -> None:
    gone = example(tmp_path / "gone.wav", "A B")
    foreign = example(say("A B"), "a  é")
    lost, scored = CtcTask().measure(tone_model, [gone, foreign])

    assert "o such file" in lost.refused
    assert lost.sums["deletions"] == (2.0, 2.0)
    assert not scored.refused
    assert scored.sums["wer"] == (1.0, 2.0)
    assert scored.detail["reference"] == "A É"


def test_a_reference_too_long_for_ctc_is_scored(
    tone_model: LoadedModel, say: Callable[..., Path]
) -> None:
    (measured,) = CtcTask().measure(tone_model, [example(say("A"), "A" * 500)])

    assert measured.sums["cer"] == (499, 500)


def test_a_preview_shows_the_same_utterances_whatever_their_order(
    tone_model: LoadedModel, tone_folder: Path
) -> None:
    examples = list(CtcTask().read(tone_folder, Ledger()))[-4:]
    shown = CtcTask().preview(tone_model, examples, 1).text

    assert CtcTask().preview(tone_model, examples[::-1], 1).text == shown
    text = examples[0].transcript
    assert shown.splitlines()[0] == f"said {text} | heard {text}"


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 frames of audio, expected some"):
        CtcTask().prepare([example(tmp_path / "gone.wav", "A")], TINY)


def test_a_speed_that_is_never_drawn_leaves_more_room() -> None:
    settings = SpeechSettings(vocabulary=("A",), augment=AugmentSettings(speeds=(1.0,)))
    room = Room(settings, FrameGeometry(stride=4))

    assert room.frames(16000) == 26
    assert frames_needed((1,) * 13) == 25
    assert room.fits(16000, (1,) * 13)
    assert not room.fits(16000, (1,) * 14)

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from seqstudio_speech.augment import change_speed
from seqstudio_speech.batches import FrameBudget
from seqstudio_speech.importers import TableImporter
from seqstudio_speech.presets import model_config
from seqstudio_speech.recordings import Samples, read_mono
from seqstudio_speech.settings import AugmentSettings, SpeechOptions, SpeechSettings
from seqstudio_speech.task import KEPT_SPEED, CtcTask
from torch.testing import assert_close

from seqstudio.api import AudioExample, DataError, Draws, Ledger, LoadedModel, Preparation, pool
from seqstudio.api.nn import FrameGeometry, build, frames_needed
from seqstudio.services.bundle_files import inspect_bundle

TINY = SpeechOptions(hidden=4, layers=1, dropout=0.0, padding=0.0)


@pytest.fixture
def examples(tone_folder: Path) -> list[AudioExample]:
    return list(TableImporter().read(tone_folder, Ledger()))[:6]


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
    assert preparation.model.heads["ctc"].vocabulary == 5


def test_unreadable_recordings_do_not_affect_the_preparation(
    examples: list[AudioExample], preparation: Preparation, tmp_path: Path
) -> None:
    gone = example(tmp_path / "gone.wav", "ZZZ")
    other = CtcTask().prepare([*examples, gone], TINY)

    assert other.settings == preparation.settings
    assert_close(other.buffers["mean"], preparation.buffers["mean"])


@pytest.mark.parametrize("subsampling", ["stack", "conv"])
def test_the_frame_budget_never_exceeds_the_frames_of_the_model(subsampling: str) -> None:
    options = dataclasses.replace(TINY, subsampling=subsampling)  # type: ignore[arg-type]
    settings = SpeechSettings(vocabulary=("A",))
    model = build(model_config(options, labels=2))
    budget = FrameBudget(settings, model.geometry)
    for samples in (1, 159, 160, 4799, 4800, 12345):
        for speed in (0.9, 1.0, 1.1):
            resampled = change_speed(np.zeros(samples, np.float32), speed, 16000)
            frames = settings.features.frames(len(resampled))
            if not frames:
                continue
            encoded = model.encode(torch.zeros(1, frames, 80), torch.tensor([frames]))
            actual = int(encoded.lengths)
            assert actual - 1 <= budget.frames(samples, speed) <= actual
            assert speed != 1 or budget.frames(samples) == actual


def test_unusable_examples_are_refused_with_the_reason(
    preparation: Preparation, tmp_path: Path
) -> None:
    too_many = example(silence(tmp_path / "take7.wav", 16000), "AB" * 14)
    empty = example(silence(tmp_path / "empty.wav", 16000), " ")
    foreign = example(silence(tmp_path / "foreign.wav", 16000), "AÉ")
    gone = example(tmp_path / "gone.wav", "A")
    good = example(silence(tmp_path / "good.wav", 16000), "A B")
    ledger = Ledger()

    kept = CtcTask().preflight([too_many, empty, foreign, gone, good], preparation, ledger)

    assert kept == [good]
    assert ledger.refused[too_many.where] == (
        f"{too_many.audio}: 26 frames (1.00 s) for 28 characters, expected at least 28"
    )
    assert ledger.refused[empty.where] == (
        f"{empty.audio}: the transcript is empty, expected some text"
    )
    assert "transcript holds 'É'" in ledger.refused[foreign.where]
    assert "o such file" in ledger.refused[gone.where]


def test_each_recording_is_decoded_once_before_training(
    examples: list[AudioExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []

    def counted(path: Path, rate_hz: int) -> Samples:
        decoded.append(path)
        return read_mono(path, rate_hz)

    monkeypatch.setattr("seqstudio_speech.task.read_mono", counted)
    preparation = CtcTask().prepare(examples, TINY)
    CtcTask().preflight(examples, preparation, Ledger())

    assert decoded == [one.audio for one in examples]


def test_an_utterance_too_short_for_the_fastest_speed_keeps_its_own(
    preparation: Preparation, tmp_path: Path
) -> None:
    budget = FrameBudget(preparation.settings, build(preparation.model).geometry)
    labels = "AB" * 12
    samples = next(n for n in range(8000, 17000) if budget.fits(n, tuple([1, 2] * 12)))
    tight = example(silence(tmp_path / "tight.wav", samples), labels)
    ledger = Ledger()

    assert CtcTask().preflight([tight], preparation, ledger) == [tight]
    assert ledger.counts == {KEPT_SPEED: 1}
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


def test_a_trained_model_has_no_errors_on_valid_data(
    tone_model: LoadedModel, tone_folder: Path
) -> None:
    valid = [one for one in CtcTask().read(tone_folder, Ledger()) if one.split == "valid"]
    measured = list(CtcTask().measure(tone_model, valid))

    assert len(measured) == len(valid)
    assert pool(measured)["wer"] == 0
    assert measured[0].detail["reference"] == measured[0].detail["hypothesis"]


def test_a_trained_model_knows_how_much_doubt_is_usual(
    tone_model: LoadedModel, tone_run: Path, tone_folder: Path
) -> None:
    metrics = {one.name: one.value for one in inspect_bundle(tone_run / "model").card.metrics}
    valid = [one for one in CtcTask().read(tone_folder, Ledger()) if one.split == "valid"]
    measured = pool(list(CtcTask().measure(tone_model, valid)))

    assert 0 < tone_model.settings.usual_doubt < 0.5
    assert tone_model.settings.usual_doubt == pytest.approx(metrics["doubt"], abs=1e-4)
    assert measured["doubt"] == pytest.approx(metrics["doubt"], abs=1e-4)
    assert measured["nll_per_character"] == pytest.approx(metrics["nll_per_character"], abs=1e-4)


def test_a_transcript_without_a_path_through_the_frames_counts_as_guessed(
    tone_model: LoadedModel, say: Callable[..., Path]
) -> None:
    (long, unknown) = CtcTask().measure(
        tone_model, [example(say("A"), "A" * 500), example(say("A"), "éA")]
    )

    assert long.sums["nll_per_character"] == pytest.approx((500 * math.log(5), 500.0))
    assert unknown.sums["nll_per_character"][1] == 1.0  # the letter that the model knows


def test_unreadable_audio_counts_as_deletions_and_unknown_characters_are_scored(
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
    assert shown.splitlines()[0] == f"reference {text} | hypothesis {text}"


def test_no_readable_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 frames of audio, expected some"):
        CtcTask().prepare([example(tmp_path / "gone.wav", "A")], TINY)


def test_without_a_faster_speed_more_labels_fit() -> None:
    settings = SpeechSettings(vocabulary=("A",), augment=AugmentSettings(speeds=(1.0,)))
    budget = FrameBudget(settings, FrameGeometry(stride=4))

    assert budget.frames(16000) == 26
    assert frames_needed((1,) * 13) == 25
    assert budget.fits(16000, (1,) * 13)
    assert not budget.fits(16000, (1,) * 14)

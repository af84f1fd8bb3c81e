"""What settings of a training promise, through `--set`, on a task that wants them."""

from pathlib import Path

import pytest
from transcribe_task import TranscribeTask

from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

pytestmark = pytest.mark.medium


def trained(letters: Path, run: str, *settings: str) -> tuple[list[TrainingStep], Evaluated]:
    """Train, and return the steps and the last evaluation."""
    job = TrainJob(data=letters, run=letters.parent / run, settings=settings)
    events = list(run_train_job(job, TranscribeTask(), PluginContext()))
    steps = [event for event in events if isinstance(event, TrainingStep)]
    return steps, [event for event in events if isinstance(event, Evaluated)][-1]


def test_label_smoothing_makes_a_model_less_sure(letters: Path) -> None:
    sharp = trained(letters, "sharp", "epochs=12", "ctc_share=0")[1].metrics["confidence"]
    smooth = trained(letters, "smooth", "epochs=12", "ctc_share=0", "smoothing=0.4")[1].metrics

    assert sharp > 0.9
    assert smooth["confidence"] < 0.75  # the best answer has 1 - 0.4 + 0.4 / 5 = 0.68


@pytest.mark.parametrize(
    ("share", "learned", "ignored"),
    [("1", "ctc_per_token", "nll_per_token"), ("0", "nll_per_token", "ctc_per_token")],
)
def test_the_share_of_ctc_decides_which_of_the_joint_losses_falls(
    letters: Path, share: str, learned: str, ignored: str
) -> None:
    metrics = trained(letters, "one", "epochs=12", f"ctc_share={share}")[1].metrics
    both = trained(letters, "both", "epochs=12", "ctc_share=0.5")[1].metrics

    assert metrics[learned] < 0.4
    assert metrics[ignored] > 1.2
    assert both[learned] < 0.8
    assert both[ignored] < 0.8


def test_accumulated_small_batches_take_the_steps_of_one_that_holds_them_all(letters: Path) -> None:
    small, _ = trained(letters, "small", "epochs=4", "batch_size=5", "accumulate=4")
    large, _ = trained(letters, "large", "epochs=4", "batch_size=20")

    assert [step.count for step in small] == [step.count for step in large]
    assert len(small) == 4
    for one, other in zip(small, large, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)
        assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-3)
        assert one.parts == pytest.approx(other.parts, rel=1e-4)

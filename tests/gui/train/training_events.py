"""Training events for tests."""

from typing import Any

from seqstudio.services.events import Evaluated, Finished, Preview, TrainingStep


def step(number: int, **fields: Any) -> TrainingStep:
    """Return a step; the loss falls with the number."""
    defaults = {
        "epoch": 0,
        "loss": 10 / number,
        "count": 1,
        "learning_rate": 0.1 / number,
        "gradient_norm": 2.0,
        "fraction": number / 20,
    }
    return TrainingStep(step=number, **{**defaults, **fields})


def evaluated(number: int, *, best: bool = True, **figures: float) -> Evaluated:
    """Return an evaluation; the first metric is the monitored one."""
    monitor = next(iter(figures))
    return Evaluated(
        step=number,
        epoch=0,
        monitor=monitor,
        value=figures[monitor],
        best=best,
        metrics=figures,
        items=2,
    )


def preview(number: int, text: str = "", *files: str) -> Preview:
    """Return a preview, of one transcript by default."""
    text = text or f"reference HELLO | hypothesis H{number}"
    return Preview(step=number, epoch=0, text=text, files=files)


def finished(number: int, reason: str = "stopped") -> Finished:
    """Return the end of a run."""
    return Finished(
        step=number,
        epoch=0,
        reason=reason,
        monitor="wer",
        value=0.5,
        best_step=2,
        averaged=1,
        minutes=1.0,
        summary="best valid wer 0.5000 at step 2",
    )

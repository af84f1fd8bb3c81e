"""Events that a training tells, as tests make them up."""

from typing import Any

from seqstudio.services.events import Evaluated, Finished, Preview, Step


def step(number: int, **fields: Any) -> Step:
    """A step of a loss that falls."""
    told = {
        "epoch": 0,
        "loss": 10 / number,
        "count": 1,
        "learning_rate": 0.1 / number,
        "gradient_norm": 2.0,
        "fraction": number / 20,
    }
    return Step(step=number, **{**told, **fields})


def evaluated(number: int, *, best: bool = True, **figures: float) -> Evaluated:
    """An evaluation, whose first figure decides."""
    monitor = next(iter(figures))
    return Evaluated(
        step=number,
        epoch=0,
        monitor=monitor,
        value=figures[monitor],
        best=best,
        figures=figures,
        items=2,
    )


def preview(number: int, text: str = "", *files: str) -> Preview:
    """A preview of one transcript, unless a text is given."""
    text = text or f"said HELLO | heard H{number}"
    return Preview(step=number, epoch=0, text=text, files=files)


def finished(number: int, reason: str = "stopped") -> Finished:
    """The end of a run."""
    return Finished(
        step=number,
        epoch=0,
        reason=reason,
        monitor="wer",
        value=0.5,
        best_step=2,
        averaged=1,
        minutes=1.0,
        note="best valid wer 0.5000 at step 2",
    )

"""What was learned from corrections, in words: before, after, and whether it is kept."""

from seqstudio.gui.widgets.metric_text import metric_text, metric_value
from seqstudio.services.judgement import Estimate, Judgement

CHANCE = "the difference may be chance"
USE = "It is the model chosen for the next run; choose another there to go back."


def verdict(judgement: Judgement) -> str:
    """Return a sentence: kept, or rolled back, and how sure that is."""
    if judgement.kept:
        if judgement.difference.value == 0:
            return "Kept: neither better nor worse on what was held out."
        better = "better on what was held out"
        return f"Kept: {better}." if judgement.sure else f"Kept: {better}, though {CHANCE}."
    doubt = "" if judgement.sure else f", though {CHANCE}"
    return f"Rolled back: worse on what was held out{doubt}. The model is the one from before."


def measured_on(judgement: Judgement) -> str:
    """Return what was measured, on what, and what to do with a model that is kept."""
    title, use = metric_text(judgement.metric).title, f" {USE}" if judgement.kept else ""
    return (
        f"{title} on {judgement.items} of {judgement.total} items, which were not learned from; "
        f"95 % intervals.{use}"
    )


def estimate_text(metric: str, estimate: Estimate) -> str:
    """Write an estimate with its interval.

    >>> estimate_text("wer", Estimate(0.1143, 0.05, 0.2))
    '11.4 % (5 to 20 %)'
    """
    value, high = (metric_value(metric, one) for one in (estimate.value, estimate.high))
    low = metric_value(metric, estimate.low).partition(" ")[0]
    return f"{value} ({low} to {high})"

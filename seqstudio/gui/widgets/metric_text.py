"""The names and values of metrics as a user reads them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricText:
    """How a metric is shown."""

    title: str
    unit: str
    is_share: bool = False  # 0 to 1, written in percent

    @property
    def label(self) -> str:
        """A short title for the legend of a chart of errors."""
        return self.title.removeprefix("Prediction error ").lower()


METRICS: Mapping[str, MetricText] = {
    "wer": MetricText("Word error rate", "share of the words", is_share=True),
    "cer": MetricText("Character error rate", "share of the characters", is_share=True),
    "substitutions": MetricText("Wrong words", "share of the words", is_share=True),
    "deletions": MetricText("Missing words", "share of the words", is_share=True),
    "insertions": MetricText("Extra words", "share of the words", is_share=True),
    "doubt": MetricText("Doubt in the words", "share", is_share=True),
    "wrong_utterances": MetricText(
        "Recordings with errors", "share of the recordings", is_share=True
    ),
    "nll_per_frame": MetricText("Prediction error per time step", "nats"),
    "nll_per_character": MetricText("Prediction error per character", "nats"),
    "nll_per_token": MetricText("Prediction error per symbol", "nats"),
    "nats_per_16th": MetricText("Prediction error per sixteenth note", "nats"),
}


def metric_text(name: str) -> MetricText:
    """Return how a metric is shown; one of a plugin has the words of its own name.

    >>> metric_text("wer").title, metric_text("pitch_error").title
    ('Word error rate', 'Pitch error')
    """
    return METRICS.get(name) or MetricText(name.replace("_", " ").capitalize(), "")


def metric_value(name: str, value: float) -> str:
    """Write the value of a metric with its unit.

    >>> metric_value("wer", 0.1143), metric_value("nll_per_frame", 5.10517)
    ('11.4 %', '5.105 nats')
    """
    text = metric_text(name)
    return f"{100 * value:.3g} %" if text.is_share else f"{value:.4g} {text.unit}".rstrip()


def share_text(probability: float) -> str:
    """Write a probability, as a user reads it.

    >>> share_text(0.124), share_text(0.004)
    ('12 %', 'under 1 %')
    """
    return f"{100 * probability:.0f} %" if probability >= 0.01 else "under 1 %"

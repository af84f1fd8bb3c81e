"""Which weights of a run can be saved as a model, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from seqstudio.gui.widgets.metric_text import metric_value
from seqstudio.services.events import Evaluated, average_text
from seqstudio.services.stored_weights import StoredWeights


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """Weights that can be saved as a model."""

    title: str
    step: int | None = None  # None: the model of the run
    suffix: str = ""  # of the model's name, after that of the run


def weights_choices(
    best: Evaluated | None, stored: Sequence[StoredWeights]
) -> tuple[WeightsChoice, ...]:
    """Return the model of a run, then the weights that it has, the newest first.

    Parameters
    ----------
    best : the evaluation of the run's model; None if there was none yet
    """
    return (WeightsChoice(_best_title(best)), *map(_choice, reversed(stored)))


def _best_title(best: Evaluated | None) -> str:
    if best is None:
        return "Newest, not measured yet"
    if best.averaged > 1:
        return f"Best: {average_text(best.average, best.averaged)}, {_measured(best)}"
    return f"Best: epoch {best.epoch + 1}, {_measured(best)}"


def _choice(stored: StoredWeights) -> WeightsChoice:
    measured = _measured(stored.evaluated) if stored.evaluated else "not measured"
    number = f"epoch-{stored.epoch}" if stored.complete else f"step-{stored.step}"
    title = f"{stored.title[0].upper()}{stored.title[1:]}, {measured}"
    return WeightsChoice(title, stored.step, f"-{number}")


def _measured(event: Evaluated) -> str:
    return metric_value(event.monitor, event.value)

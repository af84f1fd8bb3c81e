"""A model adapted to the primer that it continues, if that helps it with the primer's own end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.api import AdaptConfig, DataError, Job, LoadedModel
from seqstudio.api.media import Score
from seqstudio_music.delivery import looped, only_new
from seqstudio_music.primers import Primer
from seqstudio_music.typicality import examples_of, total_nats

FEWEST_BARS = 16
WINDOW_BARS = 32  # the last bars of a primer, to which a model is adapted
HELD_OUT = 4  # the last one of so many bars shows whether it helps
HELPS_NATS = 0.1  # a step, by which it must help: less is chance
STEPS = AdaptConfig(passes=10, learning_rate=1e-3, decay=0.02)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What adapting a model to the first bars of a primer does to its last ones."""

    bars: int  # all of them
    held_out: int  # the last ones of these
    before: float  # nats a step of the last ones, of the model as it is
    after: float  # of the model adapted to those before them

    @property
    def helps(self) -> bool:
        """Whether the adapted model is the better one."""
        return self.after < self.before - HELPS_NATS

    @property
    def text(self) -> str:
        """Both in words."""
        found = f"its last {self.held_out} bars, {self.before:.2f} to {self.after:.2f} nats a step"
        if not self.helps:
            return f"not adapted: that does not help with {found}"
        return f"adapted to its last {self.bars} bars, which helps with {found}"

    @property
    def details(self) -> dict[str, object]:
        """All of it as the details of a result."""
        nats = {"nats_before": self.before, "nats_after": self.after}
        return {"adapted": self.helps, "bars": self.bars, "held_out": self.held_out, **nats}


def adapted_to(job: Job, model: LoadedModel, primer: Primer) -> tuple[LoadedModel, Adaptation]:
    """Return the model to continue a primer with, and what adapting it does.

    A model is adapted to the first three quarters of the last bars, and measured on the last
    quarter. If that saves `HELPS_NATS` a step there, the model is adapted to all of these bars, and
    else it stays as it is. The job samples from the model that is returned.

    Raises
    ------
    DataError
        If the primer has too few bars, or the model's task does not read it.
    """
    count = len(primer.score.bars) - 1
    if count < FEWEST_BARS:
        raise DataError(f"{primer.path}: {count} bars, expected {FEWEST_BARS} or more to adapt to")
    bars = min(count, WINDOW_BARS)
    whole = primer.score
    if count > bars:
        whole = only_new(looped(whole, count - bars), whole)
    held_out = bars // HELD_OUT
    parts = [looped(whole, bars - held_out), whole]
    first, every = (examples_in(job, model, part, primer.path) for part in parts)
    before = nats_of_the_end(model, first, every)
    after = nats_of_the_end(job.adapt(model, first, STEPS), first, every)
    done = Adaptation(bars, held_out, before, after)
    chosen = job.adapt(model, every, STEPS) if done.helps else job.model(model.name)
    return chosen, done


def examples_in(job: Job, model: LoadedModel, score: Score, path: Path) -> Sequence[Any]:
    """Return the example that the model's task reads in a score."""
    written = job.folder / "adapt.mid"
    score.write(written)
    try:
        found = examples_of(model, written)
    finally:
        written.unlink()
    if not found:
        raise DataError(f"{path}: nothing that {model.name} reads, expected some to adapt to")
    return found


def nats_of_the_end(model: LoadedModel, first: Sequence[Any], every: Sequence[Any]) -> float:
    """Return the nats a step of what `every` has after `first`."""
    (begun, steps), (total, all_steps) = (total_nats(model, one) for one in (first, every))
    return (total - begun) / max(all_steps - steps, 1)


def adaptation_details(done: Adaptation | None) -> Mapping[str, object]:
    """Return the details of a result; none without an adaptation."""
    return {"adaptation": done.details} if done else {}

"""Which weights of a training are the best, as measured on the valid split."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from torch import Tensor

from seqstudio.contracts.task import Task, TrainConfig, tie_break_of
from seqstudio.services.averaging import average_weights, mix_weights
from seqstudio.services.checkpoints import TrainProgress
from seqstudio.services.events import AverageKind, Evaluated
from seqstudio.services.kept_weights import KeptWeights, Score, break_ties, keep_best, load_weights
from seqstudio.services.schedule import swa_start
from seqstudio.services.validation import Validator

State = Mapping[str, Tensor]
Candidate = tuple[AverageKind, int, State]


class Selector:
    """Measures weights and decides which are the best.

    Parameters
    ----------
    task, config : of the training
    validator : measures the weights
    folder : the run's `kept/`
    should_stop : asked after every valid example
    base : the weights that the training started from, if it averages with them
    """

    def __init__(
        self,
        task: Task,
        config: TrainConfig,
        validator: Validator,
        folder: Path,
        should_stop: Callable[[], bool],
        base: State = MappingProxyType({}),
    ) -> None:
        self._base = base
        self._task, self._config = task, config
        self._validator = validator
        self._folder = folder
        self._should_stop = should_stop

    def evaluate(
        self, state: State, progress: TrainProgress
    ) -> tuple[Evaluated, tuple[KeptWeights, ...]] | None:
        """Measure the weights of this step, and keep them if they are among the best.

        Returns
        -------
        the event, and all kept evaluations; None if asked to stop
        """
        event = self._measure(state, progress)
        if event is None:
            return None
        new = score_of(self._task, event)
        kept, new = break_ties(progress.kept, new, state, self._folder, self._validator.loss)
        best = not kept or new.order < kept[0].score.order
        kept = keep_best(kept, progress.step, new, self._config.average, state, self._folder)
        return replace(event, best=best, average=self.average), kept

    @property
    def average(self) -> AverageKind:
        """The kind of average that the weights of every step are."""
        return "ema" if self._config.ema > 0 else ""

    def averages(self, progress: TrainProgress, swa: State) -> Iterator[tuple[Evaluated, State]]:
        """Measure averages of weights, each `best` if it is better than all before it.

        Stops early if asked to. `swa` is the stochastic weight average, {} for none.
        """
        if not progress.kept:
            return
        best = progress.kept[0]
        best_state: State | None = None  # in the file of the best evaluation
        for kind, count, state in self._candidates(progress, swa):
            event = self._measure(state, progress)
            if event is None:
                return
            new = score_of(self._task, event)
            if new.ties_with(best.score):
                old = best_state or load_weights(self._folder / best.file)
                best = replace(best, score=replace(best.score, loss=self._validator.loss(old)))
                new = replace(new, loss=self._validator.loss(state))
            better = new.order < best.score.order
            if better:
                best, best_state = replace(best, score=new), state
            yield replace(event, best=better, averaged=count, average=kind), state

    def _candidates(self, progress: TrainProgress, swa: State) -> Iterator[Candidate]:
        best = [one.file for one in progress.kept]
        for count in range(2, len(best) + 1):
            yield "best", count, self._average_files(best[:count])
        if len(progress.last) > 1:
            yield "last", len(progress.last), self._average_files(progress.last)
        if self._base:
            trained = load_weights(self._folder / best[0])
            for step in range(1, self._config.average_base + 1):
                share = step / (self._config.average_base + 1)
                yield "base", 2, mix_weights(trained, self._base, share)
        epochs = progress.epoch - swa_start(self._config)
        if swa and epochs > 1:
            yield "swa", epochs, swa

    def _average_files(self, names: tuple[str, ...] | list[str]) -> dict[str, Tensor]:
        return average_weights([load_weights(self._folder / name) for name in names])

    def _measure(self, state: State, progress: TrainProgress) -> Evaluated | None:
        return self._validator.measure(
            state, step=progress.step, epoch=progress.epoch, should_stop=self._should_stop
        )


def score_of(task: Task, event: Evaluated) -> Score:
    """Return the score of measured weights, without their loss."""
    name = tie_break_of(task)
    return Score(value=event.value, tie_break=event.metrics[name] if name else 0.0)

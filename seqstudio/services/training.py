"""The one training loop: a generator of events; the caller prints, plots or stops asking."""

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

from torch import Tensor

from seqstudio.contracts.data import Batch, Draws, Example, stable_seed
from seqstudio.contracts.formats import Exporter, TrainCallback
from seqstudio.contracts.task import Preparation, Task, TrainConfig
from seqstudio.core.parts import Parts
from seqstudio.errors import TrainingError
from seqstudio.services.averaging import average_kept, forget_others, keep_best
from seqstudio.services.batching import plan_epoch, steps_per_epoch
from seqstudio.services.bundles import build_module
from seqstudio.services.checkpoints import (
    Kept,
    Progress,
    load_newest,
    restore_optimiser,
    save_checkpoint,
)
from seqstudio.services.events import Evaluated, Event, Finished, Preview, Saved, Step
from seqstudio.services.gradient_flow_plot import draw_flow
from seqstudio.services.prefetch import ahead
from seqstudio.services.runs import Run, refuse_finished, sweep_run
from seqstudio.services.schedule import evaluations_since_best, learning_rate
from seqstudio.services.train_step import flow_of, make_optimiser, take_step
from seqstudio.services.validation import Trial


def train(
    task: Task,
    preparation: Preparation,
    train_examples: Sequence[Example],
    valid_examples: Sequence[Example],
    config: TrainConfig,
    run: Run,
    *,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
    parts: Parts | None = None,
    callbacks: Sequence[TrainCallback] = (),
    exporters: Sequence[Exporter] = (),
) -> Iterator[Event]:
    """Train a model in a run folder, going on from its newest checkpoint if it has one.

    Every random draw is a function of (seed, epoch, item) or (seed, step, layer), so a killed and
    resumed run has the loss curve of an uninterrupted one. `stop` is asked after every step.

    Raises
    ------
    TrainingError
        If the run is finished, there is nothing to train on or to measure, or a loss or figure
        is not finite.
    """
    refuse_finished(run)
    for name, examples in (("training", train_examples), ("valid", valid_examples)):
        if not examples:
            raise TrainingError(f"{run.folder}: 0 {name} examples, expected at least 1")
    trial = Trial(task, preparation, valid_examples, run, device=device, parts=parts)
    training = _Training(task, preparation, train_examples, config, run, trial, device, parts)
    training.stop, training.exporters = stop, exporters
    training.resume()
    for event in training.events():
        run.append(event)
        if isinstance(event, Step) and any(map(any, event.flow.get("by_lag", {}).values())):
            draw_flow(event.flow, run.folder / "previews" / f"gradient-flow-{event.step:06d}.png")
        yield event
        asked = [callback.on_event(event) for callback in callbacks]
        training.stopping = training.stopping or any(asked)


class _Training:
    """The state of one training: weights, optimiser, and the `Progress` that is saved with them."""

    def __init__(
        self,
        task: Task,
        preparation: Preparation,
        examples: Sequence[Example],
        config: TrainConfig,
        run: Run,
        trial: Trial,
        device: str,
        parts: Parts | None,
    ) -> None:
        self.task, self.preparation, self.examples = task, preparation, examples
        self.config, self.run, self.trial, self.device = config, run, trial, device
        seed = stable_seed(config.seed, "weights")
        self.module = build_module(preparation, seed=seed, device=device, parts=parts)
        self.optimiser = make_optimiser(self.module, config)
        self.lengths = [task.length(example) for example in examples]
        self.total = config.epochs * steps_per_epoch(len(examples), config)
        self.progress = Progress()
        self.stop: Callable[[], bool] = lambda: False
        self.exporters: Sequence[Exporter] = ()
        self.stopping = False
        self.averaged: Evaluated | None = None  # the average, where it is what is kept
        self.kept_before: frozenset[str] = frozenset()  # files the checkpoint before this one needs
        self.clock = self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Go back to the newest checkpoint, and cut the log back to it."""
        sweep_run(self.run)
        folder = self.run.folder / "checkpoints"
        if checkpoint := load_newest(folder):
            self.module.load_state_dict(dict(checkpoint.weights))
            restore_optimiser(self.optimiser, checkpoint.optimiser, str(folder))
            self.progress = checkpoint.progress
            self.kept_before = frozenset(one.file for one in self.progress.kept)
        if not self.run.model.exists():
            self._write_unmeasured()
        self.run.cut_events(self.progress.events_bytes)

    def events(self) -> Iterator[Event]:
        """Run to the end, or until asked to stop."""
        if self.config.preview_every and self.progress.step == 0:
            yield self._preview()
        while not self._over() and not self.stopping:
            yield from self._epoch()
            if not self.stopping:
                yield from self._end_of_epoch()
            yield self._save()
        if not self.stopping:
            yield from self._average()
        if self.stopping:
            yield self._finished("stopped")
        else:
            through = self.progress.epoch >= self.config.epochs
            yield self._finished("epochs" if through else "patience")

    def _over(self) -> bool:
        patience = self.config.patience
        waited = evaluations_since_best(self.progress.figures)
        return self.progress.epoch >= self.config.epochs or 0 < patience <= waited

    def _asked_to_stop(self) -> bool:
        self.stopping = self.stopping or self.stop()
        return self.stopping

    def _epoch(self) -> Iterator[Event]:
        plan = plan_epoch(self.lengths, self.config, self.progress.epoch)
        draws = Draws(self.config.seed, self.progress.epoch)
        left = plan[self.progress.group :]
        jobs = (partial(self._batches, group, draws) for group in left)
        with contextlib.closing(ahead(jobs)) as prepared:
            for batches in prepared:
                yield self._step(batches)
                if self._asked_to_stop():
                    return
                due = time.monotonic() - self.saved_at >= self.config.save_every_s
                if due and self.progress.group < len(plan):
                    yield self._save()

    def _batches(self, group: Sequence[tuple[int, ...]], draws: Draws) -> list[Batch]:
        return [
            self.task.collate([self.examples[at] for at in batch], self.preparation, draws)
            for batch in group
        ]

    def _step(self, batches: Sequence[Batch]) -> Step:
        epoch, step = self.progress.epoch, self.progress.step + 1
        rate = learning_rate(self.config, step, self.total, self.progress.figures)
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        moved = [batch.to(self.device) for batch in batches]
        due = self._flow_is_due(step)
        flow = flow_of(self.task, self.module, moved[0], self.config, step) if due else {}
        taken = take_step(self.task, self.module, self.optimiser, moved, self.config, step)
        self._advance(step=step, group=self.progress.group + 1)
        return Step(
            step=step,
            epoch=epoch,
            loss=taken.loss,
            count=taken.count,
            learning_rate=rate,
            gradient_norm=taken.gradient_norm,
            fraction=step / self.total,
            parts=taken.parts,
            flow=flow,
        )

    def _flow_is_due(self, step: int) -> bool:
        every = self.config.gradient_flow_every
        return every > 0 and step % every == 0

    def _end_of_epoch(self) -> Iterator[Event]:
        done = self.progress.epoch + 1
        if done % self.config.evaluate_every == 0 or done == self.config.epochs:
            event = self._evaluate()
            if event is None:
                return  # stopped: measured when the run is resumed
            yield event
        if self.config.preview_every and done % self.config.preview_every == 0:
            yield self._preview()
        self._advance(epoch=done, group=0)

    def _preview(self) -> Preview:
        step, epoch = self.progress.step, self.progress.epoch
        return self.trial.preview(self._state(), step=step, epoch=epoch, exporters=self.exporters)

    def _evaluate(self) -> Evaluated | None:
        state, now = self._state(), self.progress
        below = min(now.figures, default=math.inf)
        event = self.trial.measure(
            state, step=now.step, epoch=now.epoch, below=below, stop=self._asked_to_stop
        )
        if event is None:
            return None
        folder = self.run.folder / "kept"
        kept = keep_best(now.kept, now.step, event.value, self.config.average, state, folder)
        self._advance(figures=(*now.figures, event.value), kept=kept)
        if event.best:
            minutes = self._spent_s() / 60
            self.trial.write(state, step=now.step, minutes=minutes, evaluated=event)
        return event

    def _average(self) -> Iterator[Event]:
        """Average the best checkpoints; keep the average only if it is better on valid."""
        now = self.progress
        if len(now.kept) < 2:
            return
        state = average_kept(now.kept, self.run.folder / "kept")
        event = self.trial.measure(
            state,
            step=now.step,
            epoch=now.epoch,
            below=now.kept[0].value,
            averaged=len(now.kept),
            stop=self._asked_to_stop,
        )
        if event is None:
            return
        if event.best:
            self.averaged = event
            minutes = self._spent_s() / 60
            self.trial.write(state, step=now.step, minutes=minutes, evaluated=event)
        yield event

    def _state(self) -> dict[str, Tensor]:
        return {name: t.detach().cpu().clone() for name, t in self.module.state_dict().items()}

    def _write_unmeasured(self) -> None:
        self.trial.write(self._state(), step=self.progress.step, minutes=self._spent_s() / 60)

    def _save(self) -> Saved:
        if not self.progress.figures:
            self._write_unmeasured()  # until something is measured, the newest is the best
        self._advance(events_bytes=self.run.events_bytes(), spent_s=self._spent_s())
        self.clock = time.monotonic()
        folder = self.run.folder / "checkpoints"
        path = save_checkpoint(folder, self.progress, self.module, self.optimiser)
        kept = frozenset(one.file for one in self.progress.kept)
        forget_others(self.run.folder / "kept", kept | self.kept_before)
        self.kept_before = kept
        self.saved_at = time.monotonic()
        where = path.relative_to(self.run.folder).as_posix()
        return Saved(step=self.progress.step, epoch=self.progress.epoch, path=where)

    def _finished(self, reason: Literal["epochs", "patience", "stopped"]) -> Finished:
        kept = self.progress.kept
        value = self.averaged.value if self.averaged else kept[0].value if kept else None
        return Finished(
            step=self.progress.step,
            epoch=self.progress.epoch,
            reason=reason,
            monitor=self.task.monitor,
            value=value,
            best_step=kept[0].step if kept else 0,
            averaged=self.averaged.averaged if self.averaged else 1,
            minutes=self._spent_s() / 60,
            note=_note(self.task.monitor, kept, self.averaged, stopped=reason == "stopped"),
        )

    def _spent_s(self) -> float:
        return self.progress.spent_s + time.monotonic() - self.clock

    def _advance(self, **changes: Any) -> None:
        self.progress = dataclasses.replace(self.progress, **changes)


def _note(monitor: str, kept: Sequence[Kept], averaged: Evaluated | None, *, stopped: bool) -> str:
    if not kept:
        return f"stopped before valid {monitor} was measured"
    best = f"best valid {monitor} {kept[0].value:.4f} at step {kept[0].step}"
    if averaged:
        average = f"{averaged.value:.4f} as the average of {averaged.averaged} checkpoints"
        return f"{best}, {average}, which is kept"
    if stopped or len(kept) < 2:
        return best
    return f"{best}, which is kept: the average of {len(kept)} is not better"

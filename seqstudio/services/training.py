"""The training loop: a generator of events. The caller shows them, and may stop at any event."""

import contextlib
import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal

from torch import Tensor

from seqstudio.contracts.data import Batch, Draws, stable_seed
from seqstudio.errors import TrainingError
from seqstudio.services.averaging import average_kept, delete_unused_weights, keep_best
from seqstudio.services.batching import plan_epoch, steps_per_epoch
from seqstudio.services.bundles import build_module
from seqstudio.services.checkpoints import (
    TrainProgress,
    load_newest,
    restore_optimiser,
    save_checkpoint,
)
from seqstudio.services.events import Evaluated, Event, Finished, Preview, Saved, TrainingStep
from seqstudio.services.gradient_flow_plot import draw_flow
from seqstudio.services.prefetch import prefetch
from seqstudio.services.runs import check_not_finished, remove_run_leftovers
from seqstudio.services.schedule import evaluations_since_best, learning_rate
from seqstudio.services.train_step import make_optimiser, measure_gradient_flow, train_step
from seqstudio.services.training_inputs import TrainingInputs
from seqstudio.services.validation import Validator


def train(inputs: TrainingInputs) -> Iterator[Event]:
    """Train a model in a run folder, continuing from the newest checkpoint if there is one.

    Every random draw is a function of (seed, epoch, item) or (seed, step, layer), so a run that was
    killed and resumed has the same loss curve as an uninterrupted one.

    Raises
    ------
    TrainingError
        If the run is finished, there are no training or valid examples, or a loss or the monitored
        metric is not finite.
    """
    run = inputs.run
    check_not_finished(run)
    splits = (("training", inputs.train_examples), ("valid", inputs.valid_examples))
    for name, examples in splits:
        if not examples:
            raise TrainingError(f"{run.folder}: 0 {name} examples, expected at least 1")
    trainer = _Trainer(inputs, Validator(inputs))
    trainer.resume()
    for event in trainer.events():
        run.append(event)
        if isinstance(event, TrainingStep) and any(
            map(any, event.gradient_flow.get("by_lag", {}).values())
        ):
            path = run.folder / "previews" / f"gradient-flow-{event.step:06d}.png"
            draw_flow(event.gradient_flow, path)
        yield event
        answers = [callback.on_event(event) for callback in inputs.callbacks]
        trainer.stopping = trainer.stopping or any(answers)


class _Trainer:
    """The state of a training: weights, optimiser, and the progress that is saved with them."""

    def __init__(self, inputs: TrainingInputs, validator: Validator) -> None:
        self.inputs, self.validator = inputs, validator
        self.config, self.run = inputs.config, inputs.run
        self.module = build_module(
            inputs.preparation,
            seed=stable_seed(self.config.seed, "weights"),
            device=inputs.device,
            parts=inputs.parts,
        )
        self.optimiser = make_optimiser(self.module, self.config)
        examples = inputs.train_examples
        self.lengths = [inputs.task.length(example) for example in examples]
        self.total_steps = self.config.epochs * steps_per_epoch(len(examples), self.config)
        self.progress = TrainProgress()
        self.stopping = False
        self.averaged: Evaluated | None = None  # set if the final model is an average
        self.previously_kept: frozenset[str] = frozenset()  # files of the previous checkpoint
        self.clock = self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Restore the newest checkpoint, and truncate the event log to its state."""
        remove_run_leftovers(self.run)
        folder = self.run.folder / "checkpoints"
        if checkpoint := load_newest(folder):
            self.module.load_state_dict(dict(checkpoint.weights))
            restore_optimiser(self.optimiser, checkpoint.optimiser, str(folder))
            self.progress = checkpoint.progress
            self.previously_kept = frozenset(one.file for one in self.progress.kept)
        if not self.run.model.exists():
            self._write_unmeasured()
        self.run.truncate_events(self.progress.events_bytes)

    def events(self) -> Iterator[Event]:
        """Train until the last epoch, until patience runs out, or until asked to stop."""
        if self.config.preview_every and self.progress.step == 0:
            yield self._preview()
        while not self._complete() and not self.stopping:
            yield from self._epoch()
            if not self.stopping:
                yield from self._end_of_epoch()
            yield self._save()
        if not self.stopping:
            yield from self._average()
        if self.stopping:
            yield self._finished("stopped")
        else:
            all_epochs = self.progress.epoch >= self.config.epochs
            yield self._finished("epochs" if all_epochs else "patience")

    def _complete(self) -> bool:
        patience = self.config.patience
        waited = evaluations_since_best(self.progress.monitored)
        return self.progress.epoch >= self.config.epochs or 0 < patience <= waited

    def _should_stop(self) -> bool:
        self.stopping = self.stopping or self.inputs.stop()
        return self.stopping

    def _epoch(self) -> Iterator[Event]:
        plan = plan_epoch(self.lengths, self.config, self.progress.epoch)
        draws = Draws(self.config.seed, self.progress.epoch)
        remaining = plan[self.progress.epoch_steps :]
        jobs = (partial(self._batches, group, draws) for group in remaining)
        with contextlib.closing(prefetch(jobs)) as prefetched:
            for batches in prefetched:
                yield self._step(batches)
                if self._should_stop():
                    return
                due = time.monotonic() - self.saved_at >= self.config.save_every_s
                if due and self.progress.epoch_steps < len(plan):
                    yield self._save()

    def _batches(self, group: Sequence[tuple[int, ...]], draws: Draws) -> list[Batch]:
        task, examples = self.inputs.task, self.inputs.train_examples
        preparation = self.inputs.preparation
        return [task.collate([examples[at] for at in batch], preparation, draws) for batch in group]

    def _step(self, batches: Sequence[Batch]) -> TrainingStep:
        epoch, step = self.progress.epoch, self.progress.step + 1
        task, config = self.inputs.task, self.config
        rate = learning_rate(config, step, self.total_steps, self.progress.monitored)
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        on_device = [batch.to(self.inputs.device) for batch in batches]
        flow: dict[str, Any] = {}
        if config.gradient_flow_every > 0 and step % config.gradient_flow_every == 0:
            flow = measure_gradient_flow(task, self.module, on_device[0], config, step)
        result = train_step(task, self.module, self.optimiser, on_device, config, step)
        self._advance(step=step, epoch_steps=self.progress.epoch_steps + 1)
        return TrainingStep(
            step=step,
            epoch=epoch,
            loss=result.loss,
            count=result.count,
            learning_rate=rate,
            gradient_norm=result.gradient_norm,
            fraction=step / self.total_steps,
            parts=result.parts,
            gradient_flow=flow,
        )

    def _end_of_epoch(self) -> Iterator[Event]:
        done = self.progress.epoch + 1
        if done % self.config.evaluate_every == 0 or done == self.config.epochs:
            event = self._evaluate()
            if event is None:
                return  # stopped; the resumed run measures again
            yield event
        if self.config.preview_every and done % self.config.preview_every == 0:
            yield self._preview()
        self._advance(epoch=done, epoch_steps=0)

    def _preview(self) -> Preview:
        step, epoch = self.progress.step, self.progress.epoch
        return self.validator.preview(self._state(), step=step, epoch=epoch)

    def _evaluate(self) -> Evaluated | None:
        state, now = self._state(), self.progress
        event = self.validator.measure(
            state,
            step=now.step,
            epoch=now.epoch,
            best_before=min(now.monitored, default=math.inf),
            should_stop=self._should_stop,
        )
        if event is None:
            return None
        folder = self.run.folder / "kept"
        kept = keep_best(now.kept, now.step, event.value, self.config.average, state, folder)
        self._advance(monitored=(*now.monitored, event.value), kept=kept)
        if event.best:
            minutes = self._elapsed_s() / 60
            self.validator.write(state, step=now.step, minutes=minutes, evaluated=event)
        return event

    def _average(self) -> Iterator[Event]:
        """Average the best checkpoints; use the average only if it is better on the valid split."""
        now = self.progress
        if len(now.kept) < 2:
            return
        state = average_kept(now.kept, self.run.folder / "kept")
        event = self.validator.measure(
            state,
            step=now.step,
            epoch=now.epoch,
            best_before=now.kept[0].value,
            should_stop=self._should_stop,
            averaged=len(now.kept),
        )
        if event is None:
            return
        if event.best:
            self.averaged = event
            minutes = self._elapsed_s() / 60
            self.validator.write(state, step=now.step, minutes=minutes, evaluated=event)
        yield event

    def _state(self) -> dict[str, Tensor]:
        return {name: t.detach().cpu().clone() for name, t in self.module.state_dict().items()}

    def _write_unmeasured(self) -> None:
        minutes = self._elapsed_s() / 60
        self.validator.write(self._state(), step=self.progress.step, minutes=minutes)

    def _save(self) -> Saved:
        if not self.progress.monitored:
            self._write_unmeasured()  # before the first evaluation, the newest weights are the best
        self._advance(events_bytes=self.run.sync_events(), elapsed_s=self._elapsed_s())
        self.clock = time.monotonic()
        folder = self.run.folder / "checkpoints"
        path = save_checkpoint(folder, self.progress, self.module, self.optimiser)
        kept = frozenset(one.file for one in self.progress.kept)
        delete_unused_weights(self.run.folder / "kept", kept | self.previously_kept)
        self.previously_kept = kept
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
            monitor=self.inputs.task.monitor,
            value=value,
            best_step=kept[0].step if kept else 0,
            averaged=self.averaged.averaged if self.averaged else 1,
            minutes=self._elapsed_s() / 60,
            summary=self._summary(stopped=reason == "stopped"),
        )

    def _elapsed_s(self) -> float:
        return self.progress.elapsed_s + time.monotonic() - self.clock

    def _advance(self, **changes: Any) -> None:
        self.progress = dataclasses.replace(self.progress, **changes)

    def _summary(self, *, stopped: bool) -> str:
        kept, monitor = self.progress.kept, self.inputs.task.monitor
        if not kept:
            return f"stopped before valid {monitor} was measured"
        best = f"best valid {monitor} {kept[0].value:.4f} at step {kept[0].step}"
        if averaged := self.averaged:
            average = f"{averaged.value:.4f} as the average of {averaged.averaged} checkpoints"
            return f"{best}, {average}, which is kept"
        if stopped or len(kept) < 2:
            return best
        return f"{best}, which is kept: the average of {len(kept)} is not better"

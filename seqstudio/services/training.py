"""The training loop: a generator of events. The caller shows them, and may stop at any event."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from torch import Tensor

from seqstudio.contracts.data import Batch, Draws, stable_seed
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.core.memory import keep_freed_memory
from seqstudio.errors import TrainingError
from seqstudio.services.averaging import RunningAverages
from seqstudio.services.batching import plan_epoch, steps_per_epoch
from seqstudio.services.bundle_files import BaseModel
from seqstudio.services.bundles import build_module, to_half_precision
from seqstudio.services.checkpoints import (
    TrainProgress,
    load_newest,
    restore_optimiser,
    save_checkpoint,
)
from seqstudio.services.communicator import check_same_start
from seqstudio.services.events import (
    Evaluated,
    Event,
    Finished,
    PresetChosen,
    Preview,
    Saved,
    Started,
    TrainingStep,
    average_text,
)
from seqstudio.services.gradient_flow_plot import draw_flow
from seqstudio.services.kept_weights import delete_unused_weights, save_weights
from seqstudio.services.prefetch import prefetch
from seqstudio.services.runs import EPOCHS, check_not_finished, remove_run_leftovers
from seqstudio.services.schedule import evaluations_since_best, learning_rate
from seqstudio.services.selection import Selector
from seqstudio.services.train_step import make_optimiser, measure_gradient_flow, train_step
from seqstudio.services.trained_weights import TrainedWeights, copy_to_cpu
from seqstudio.services.training_inputs import TrainingInputs
from seqstudio.services.validation import Validator


def train(inputs: TrainingInputs) -> Iterator[Event]:
    """Train a model in a run folder, continuing from the newest checkpoint if there is one.

    Every random draw is a function of (seed, epoch, item) or (seed, step, layer), so a run that was
    killed and resumed has the same loss curve as an uninterrupted one. With a communicator, every
    process calls this with the same inputs; only the first yields events and writes files.

    Raises
    ------
    TrainingError
        If the run is finished, there are no training or valid examples, a loss or the monitored
        metric is not finite, or a process has other weights or another number of examples.
    """
    run = inputs.run
    check_not_finished(run)
    splits = (("training", inputs.train_examples), ("valid", inputs.valid_examples))
    for name, examples in splits:
        if not examples:
            raise TrainingError(f"{run.folder}: 0 {name} examples, expected at least 1")
    keep_freed_memory()
    trainer = _Trainer(inputs)
    trainer.resume()
    for event in trainer.events():
        if inputs.communicator.rank > 0:
            continue  # one process records what all of them do
        run.append(event)
        if isinstance(event, TrainingStep) and any(
            map(any, event.gradient_flow.get("by_lag", {}).values())
        ):
            path = run.folder / "previews" / f"gradient-flow-{event.step:06d}.png"
            draw_flow(event.gradient_flow, path)
        yield event
        asked = [callback.name for callback in inputs.callbacks if callback.on_event(event)]
        if asked and not trainer.stopping:
            trainer.stopping, trainer.stopped_by = True, asked[0]


class _Trainer:
    """The state of a training: weights, optimiser, and the progress that is saved with them."""

    def __init__(self, inputs: TrainingInputs) -> None:
        self.inputs, self.config, self.run = inputs, inputs.config, inputs.run
        self.processes = inputs.communicator
        module = build_module(
            inputs.preparation,
            seed=stable_seed(self.config.seed, "weights"),
            device=inputs.device,
            parts=inputs.parts,
        )
        module.load_state_dict(dict(inputs.base_weights), strict=False)
        self.weights = TrainedWeights(module, self.config, inputs.base_weights)
        self.averages = RunningAverages(self.config, self.weights.tensors())
        self.optimiser = make_optimiser(self.weights.parameters(), self.config)
        self.validator = Validator(inputs, self.weights.base)
        self.selector = Selector(
            inputs.task,
            self.config,
            self.validator,
            self.run.folder / "kept",
            self._stop_asked,
            base={} if self.config.adapter != "none" else inputs.base_weights,
        )
        examples = inputs.train_examples
        self.lengths = [inputs.task.length(example) for example in examples]
        self.total_steps = self.config.epochs * steps_per_epoch(len(examples), self.config)
        self.progress = TrainProgress()
        self.stopping = False
        self.stopped_by = ""  # the callback that ended the training, if one did
        self.averaged: Evaluated | None = None  # set if the final model is an average
        self.tried_averages = False
        self.previously_kept: frozenset[str] = frozenset()  # files of the previous checkpoint
        self.clock = self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Restore the newest checkpoint, and truncate the event log to its state."""
        folder = self.run.folder / "checkpoints"
        if checkpoint := load_newest(folder):
            self.weights.load(checkpoint.weights)
            self.averages.load(checkpoint.averages)
            restore_optimiser(self.optimiser, checkpoint.optimiser, str(folder))
            self.progress = checkpoint.progress
            self.previously_kept = self._needed_files()
        check_same_start(self.processes, self.weights.tensors(), self.lengths)
        if self.progress.processes[-1:] != (self.processes.size,):
            self._advance(processes=(*self.progress.processes, self.processes.size))
        if self.processes.rank == 0:
            remove_run_leftovers(self.run)
            if not self.run.model.exists():
                self._write(self._state())
            self.run.truncate_events(self.progress.events_bytes)

    def events(self) -> Iterator[Event]:
        """Train until the last epoch, until patience runs out, or until asked to stop."""
        yield from self._lead(self._opening)
        while not self._complete() and not self.stopping:
            yield from self._epoch()
            yield from self._lead(self._end_of_epoch)
        yield from self._lead(self._closing)

    def _lead(self, work: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        """Let the first process work; then all take its progress, and stop if any was asked to."""
        if self.processes.rank == 0:
            yield from work()
        states = self.processes.exchange((to_plain(self.progress), self.stopping))
        if self.processes.rank > 0:
            self.progress = from_plain(TrainProgress, states[0][0], "progress")
        self.stopping = any(stopping for _, stopping in states)

    def _opening(self) -> Iterator[Event]:
        if (suited := self.inputs.suited) and self.progress.events_bytes == 0:
            summary = f"preset {suited.name}: {suited.reason}"
            yield PresetChosen(preset=suited.name, summary=summary)
        if self.run.spec.base and self.progress.events_bytes == 0:
            yield self._started(self.run.spec.base)
        if self.config.preview_every and self.progress.step == 0:
            yield self._preview()

    def _closing(self) -> Iterator[Event]:
        if not self.stopping:
            yield from self._average()
        if self.stopping:
            yield self._finished("stopped")
        else:
            all_epochs = self.progress.epoch >= self.config.epochs
            yield self._finished("epochs" if all_epochs else "patience")

    def _complete(self) -> bool:
        patience = self.config.patience
        waited = evaluations_since_best(self.progress.improved)
        return self.progress.epoch >= self.config.epochs or 0 < patience <= waited

    def _stop_asked(self) -> bool:
        self.stopping = self.stopping or self.inputs.stop()
        return self.stopping

    def _epoch(self) -> Iterator[Event]:
        plan = plan_epoch(self.lengths, self.config, self.progress.epoch)
        draws = Draws(self.config.seed, self.progress.epoch)
        remaining = plan[self.progress.epoch_steps :]
        jobs = (partial(self._batches, group, draws) for group in remaining)
        with contextlib.closing(prefetch(jobs)) as prefetched:
            for group, batches in zip(remaining, prefetched, strict=False):
                yield self._step(batches, [len(batch) for batch in group])
                self.stopping = any(self.processes.exchange(self._stop_asked()))
                if self.stopping:
                    return
                waited_s = time.monotonic() - self.saved_at
                due = self.processes.rank == 0 and waited_s >= self.config.save_every_s
                if due and self.progress.epoch_steps < len(plan):
                    yield self._save()

    def _batches(self, group: Sequence[tuple[int, ...]], draws: Draws) -> list[Batch | None]:
        """Collate this process's share of each batch of a step; None where it has no examples."""
        task, examples = self.inputs.task, self.inputs.train_examples
        preparation = self.inputs.preparation
        rank, size = self.processes.rank, self.processes.size
        shares = [[examples[at] for at in batch[rank::size]] for batch in group]
        return [task.collate(share, preparation, draws) if share else None for share in shares]

    def _step(self, batches: Sequence[Batch | None], rows: Sequence[int]) -> TrainingStep:
        epoch, step = self.progress.epoch, self.progress.step + 1
        task, config = self.inputs.task, self.config
        rate = learning_rate(config, step, self.total_steps, self.progress.improved)
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        on_device = [batch and batch.to(self.inputs.device) for batch in batches]
        flow: dict[str, Any] = {}
        flow_due = config.gradient_flow_every > 0 and step % config.gradient_flow_every == 0
        if flow_due and self.processes.rank == 0 and on_device[0]:
            share = self.processes.share(rows[0])
            module = self.weights.module
            flow = measure_gradient_flow(task, module, on_device[0], config, step, share)
        result = train_step(
            task, self.weights, self.optimiser, on_device, config, step, self.processes, rows
        )
        self.averages.after_step(step)
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
        if not self.stopping:
            yield from self._measure_epoch()
        yield self._save()

    def _measure_epoch(self) -> Iterator[Event]:
        done = self.progress.epoch + 1
        if done % self.config.evaluate_every == 0 or done == self.config.epochs:
            event = self._evaluate()
            if event is None:
                return  # stopped; the resumed run measures again
            yield event
        if self.config.preview_every and done % self.config.preview_every == 0:
            yield self._preview()
        if self.config.keep_every and done % self.config.keep_every == 0:
            path = self.run.folder / EPOCHS / f"{self.progress.step:08d}.safetensors"
            save_weights(path, to_half_precision(self._state()))
        self.averages.after_epoch(self.progress.epoch)
        self._advance(epoch=done, epoch_steps=0, last=self._keep_last())

    def _keep_last(self) -> tuple[str, ...]:
        """Write the weights of this epoch if they may be averaged; return the files to average."""
        if self.config.average_last < 2:
            return ()
        name = f"epoch-{self.progress.step:08d}.safetensors"
        save_weights(self.run.folder / "kept" / name, self.weights.state())
        return (*self.progress.last, name)[-self.config.average_last :]

    def _preview(self) -> Preview:
        step, epoch = self.progress.step, self.progress.epoch
        return self.validator.preview(self._state(), step=step, epoch=epoch)

    def _evaluate(self) -> Evaluated | None:
        state = self._state()
        measured = self.selector.evaluate(state, self.progress)
        if measured is None:
            return None
        event, kept = measured
        self._advance(improved=(*self.progress.improved, event.best), kept=kept)
        if event.best:
            self._write(state, event)
        return event

    def _average(self) -> Iterator[Event]:
        """Try averages of weights; use one only if it is better on the valid split."""
        for event, state in self.selector.averages(self.progress, copy_to_cpu(self.averages.swa)):
            self.tried_averages = True
            if event.best:
                self.averaged = event
                self._write(state, event)
            yield event

    def _state(self) -> dict[str, Tensor]:
        """Return the weights to evaluate: the moving average, if there is one."""
        return copy_to_cpu(self.averages.ema or self.weights.tensors())

    def _write(self, state: Mapping[str, Tensor], evaluated: Evaluated | None = None) -> None:
        minutes, step = self._elapsed_s() / 60, self.progress.step
        self.validator.write(state, step=step, minutes=minutes, evaluated=evaluated)

    def _save(self) -> Saved:
        if not self.progress.improved:
            self._write(self._state())  # before the first evaluation, the newest are the best
        self._advance(events_bytes=self.run.sync_events(), elapsed_s=self._elapsed_s())
        self.clock = time.monotonic()
        folder = self.run.folder / "checkpoints"
        path = save_checkpoint(
            folder, self.progress, self.weights.tensors(), self.optimiser, self.averages.state()
        )
        needed = self._needed_files()
        delete_unused_weights(self.run.folder / "kept", needed | self.previously_kept)
        self.previously_kept = needed
        self.saved_at = time.monotonic()
        where = path.relative_to(self.run.folder).as_posix()
        return Saved(step=self.progress.step, epoch=self.progress.epoch, path=where)

    def _needed_files(self) -> frozenset[str]:
        return frozenset((*(one.file for one in self.progress.kept), *self.progress.last))

    def _started(self, base: BaseModel) -> Started:
        fresh = self.run.spec.fresh
        summary = f"starts from {base.name} ({base.sha256[:12]})"
        if fresh:
            summary += f"; without its weights, since they do not fit: {', '.join(fresh)}"
        return Started(base=base.name, base_sha256=base.sha256, fresh=fresh, summary=summary)

    def _finished(self, reason: Literal["epochs", "patience", "stopped"]) -> Finished:
        kept = self.progress.kept
        value = self.averaged.value if self.averaged else kept[0].score.value if kept else None
        summary = self._summary()
        return Finished(
            step=self.progress.step,
            epoch=self.progress.epoch,
            reason=reason,
            monitor=self.inputs.task.monitor,
            value=value,
            best_step=kept[0].step if kept else 0,
            averaged=self.averaged.averaged if self.averaged else 1,
            average=self.averaged.average if self.averaged else self.selector.average,
            minutes=self._elapsed_s() / 60,
            processes=self.progress.processes,
            stopped_by=self.stopped_by,
            summary=f"ended by {self.stopped_by}; {summary}" if self.stopped_by else summary,
        )

    def _elapsed_s(self) -> float:
        return self.progress.elapsed_s + time.monotonic() - self.clock

    def _advance(self, **changes: Any) -> None:
        self.progress = dataclasses.replace(self.progress, **changes)

    def _summary(self) -> str:
        kept, monitor = self.progress.kept, self.inputs.task.monitor
        if not kept:
            return f"stopped before valid {monitor} was measured"
        best = f"best valid {monitor} {kept[0].score.value:.4f} at step {kept[0].step}"
        if averaged := self.averaged:
            average = average_text(averaged.average, averaged.averaged)
            return f"{best}, {averaged.value:.4f} as {average}, which is kept"
        return f"{best}, which is kept: no average is better" if self.tried_averages else best

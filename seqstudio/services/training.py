"""The one training loop: a generator of events; the caller prints, plots or stops asking."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from torch import Tensor

from seqstudio.contracts.data import Draws, Example, pool, stable_seed
from seqstudio.contracts.formats import Exporter, TrainCallback
from seqstudio.contracts.task import Preparation, Task, TrainConfig
from seqstudio.core.parts import Parts
from seqstudio.errors import TrainingError
from seqstudio.services.averaging import average_kept, forget_others, keep_best
from seqstudio.services.batching import plan_epoch, steps_per_epoch
from seqstudio.services.bundles import Loaded, build_module, round_half
from seqstudio.services.checkpoints import (
    Progress,
    load_newest,
    restore_optimiser,
    save_checkpoint,
)
from seqstudio.services.events import Evaluated, Event, Finished, Preview, Saved, Step
from seqstudio.services.previews import write_preview
from seqstudio.services.runs import Run, sweep_run
from seqstudio.services.schedule import evaluations_since_best, learning_rate
from seqstudio.services.stepping import make_optimiser, take_step
from seqstudio.services.trained import write_model

PREVIEW_SEED = 1
PREVIEWED = 3  # examples shown


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
    if over := run.finished():
        raise TrainingError(
            f"{run.folder} is finished: {over.note}; nothing to resume, its model is {run.model}"
        )
    for name, examples in (("training", train_examples), ("valid", valid_examples)):
        if not examples:
            raise TrainingError(f"{run.folder}: 0 {name} examples, expected at least 1")
    trainer = _Trainer(
        task, preparation, train_examples, valid_examples, config, run, device, parts
    )
    trainer.exporters = exporters
    trainer.resume()
    for event in trainer.events(stop):
        run.append(event)
        yield event
        if any([callback.on_event(event) for callback in callbacks]):
            trainer.stopping = True


class _Trainer:
    """The state of one training: weights, optimiser, and the `Progress` that is saved with them."""

    def __init__(
        self,
        task: Task,
        preparation: Preparation,
        train_examples: Sequence[Example],
        valid_examples: Sequence[Example],
        config: TrainConfig,
        run: Run,
        device: str,
        parts: Parts | None,
    ) -> None:
        self.task, self.preparation, self.config, self.run = task, preparation, config, run
        self.train_examples, self.valid_examples = train_examples, valid_examples
        self.device = device
        self.exporters: Sequence[Exporter] = ()
        self.stopping = False
        self.averaged: Evaluated | None = None
        self.kept_before: set[str] = set()
        seed = stable_seed(config.seed, "weights")
        self.module = build_module(preparation, seed=seed, device=device, parts=parts)
        self.shown = build_module(preparation, seed=seed, device=device, parts=parts).eval()
        self.optimiser = make_optimiser(self.module, config)
        self.lengths = [task.length(example) for example in train_examples]
        self.total = config.epochs * steps_per_epoch(len(train_examples), config)
        self.progress = Progress()
        self.clock = self.saved_at = time.monotonic()

    def resume(self) -> None:
        """Go back to the newest checkpoint, and cut the log back to it."""
        sweep_run(self.run)
        if checkpoint := load_newest(self.run.folder / "checkpoints"):
            self.module.load_state_dict(dict(checkpoint.weights))
            where = str(self.run.folder / "checkpoints")
            restore_optimiser(self.optimiser, checkpoint.optimiser, where)
            self.progress = checkpoint.progress
            self.kept_before = {one.file for one in self.progress.kept}
        if not self.run.model.exists():
            self._write_model(None)
        self.run.cut_events(self.progress.events_bytes)

    def events(self, stop: Callable[[], bool]) -> Iterator[Event]:
        """Run to the end, or until asked to stop."""
        while not self._over():
            yield from self._epoch(stop)
            if self.stopping:
                yield self._save()
                yield self._finished("stopped")
                return
            yield from self._end_of_epoch()
            yield self._save()
        yield from self._average()
        yield self._finished("epochs" if self.progress.epoch >= self.config.epochs else "patience")

    def _over(self) -> bool:
        patience = self.config.patience
        waited = evaluations_since_best(self.progress.figures)
        return self.progress.epoch >= self.config.epochs or 0 < patience <= waited

    def _epoch(self, stop: Callable[[], bool]) -> Iterator[Event]:
        plan = plan_epoch(self.lengths, self.config, self.progress.epoch)
        for group in plan[self.progress.group :]:
            yield self._step(group)
            self.stopping = self.stopping or stop()
            if self.stopping:
                return
            due = time.monotonic() - self.saved_at >= self.config.save_every_s
            if due and self.progress.group < len(plan):
                yield self._save()

    def _step(self, group: Sequence[tuple[int, ...]]) -> Step:
        epoch, step = self.progress.epoch, self.progress.step + 1
        rate = learning_rate(self.config, step, self.total, self.progress.figures)
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        draws = Draws(self.config.seed, epoch)
        batches = (
            self.task.collate(
                [self.train_examples[at] for at in batch], self.preparation, draws
            ).to(self.device)
            for batch in group
        )
        taken = take_step(self.task, self.module, self.optimiser, batches, self.config, step)
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
        )

    def _end_of_epoch(self) -> Iterator[Event]:
        done = self.progress.epoch + 1
        if done % self.config.evaluate_every == 0 or done == self.config.epochs:
            yield self._evaluate()
        if self.config.preview_every and done % self.config.preview_every == 0:
            yield self._preview()
        self._advance(epoch=done, group=0)

    def _evaluate(self) -> Evaluated:
        state = {name: t.detach().cpu().clone() for name, t in self.module.state_dict().items()}
        figures = self._measure(state)
        value = figures[self.task.monitor]
        best = value < min(self.progress.figures, default=math.inf)
        folder = self.run.folder / "kept"
        step, kept = self.progress.step, self.progress.kept
        self._advance(
            figures=(*self.progress.figures, value),
            kept=keep_best(kept, step, value, self.config.average, state, folder),
        )
        event = self._evaluated(figures, best=best, averaged=1)
        if best:
            self._write_model(event)
        return event

    def _evaluated(self, figures: dict[str, float], *, best: bool, averaged: int) -> Evaluated:
        return Evaluated(
            step=self.progress.step,
            epoch=self.progress.epoch,
            monitor=self.task.monitor,
            value=figures[self.task.monitor],
            best=best,
            figures=figures,
            items=len(self.valid_examples),
            averaged=averaged,
        )

    def _measure(self, state: dict[str, Tensor]) -> dict[str, float]:
        """Measure the valid split with weights rounded as the bundle stores them."""
        measured = list(self.task.measure(self._loaded(state), self.valid_examples))
        figures = pool(measured)
        value = figures.get(self.task.monitor, math.nan)
        if not math.isfinite(value):
            raise TrainingError(
                f"step {self.progress.step}: valid {self.task.monitor}={value:g}, expected finite"
            )
        return figures

    def _loaded(self, state: dict[str, Tensor]) -> Loaded:
        self.shown.load_state_dict(round_half(state))
        return Loaded(
            name=self.run.folder.name,
            task=self.task.name,
            sha256="",
            device=self.device,
            module=self.shown,
            settings=self.preparation.settings,
            preparation=self.preparation,
        )

    def _preview(self) -> Preview:
        loaded = self._loaded(self.module.state_dict())
        shown = self.task.preview(loaded, self.valid_examples[:PREVIEWED], PREVIEW_SEED)
        folder = self.run.folder / "previews" / f"{self.progress.step:08d}"
        return Preview(
            step=self.progress.step,
            epoch=self.progress.epoch,
            text=shown.text,
            files=write_preview(folder, shown, self.exporters, self.run.folder),
        )

    def _average(self) -> Iterator[Event]:
        """Average the best checkpoints; keep the average only if it is better on valid."""
        kept = self.progress.kept
        if len(kept) < 2:
            return
        figures = self._measure(average_kept(kept, self.run.folder / "kept"))
        best = figures[self.task.monitor] < kept[0].value
        event = self._evaluated(figures, best=best, averaged=len(kept))
        if best:
            self._write_model(event)
            self.averaged = event
        yield event

    def _write_model(self, event: Evaluated | None) -> None:
        step, minutes = self.progress.step, self._spent_s() / 60
        module = self.shown if event else self.module
        write_model(
            self.run,
            self.task,
            self.preparation,
            module,
            step=step,
            minutes=minutes,
            evaluated=event,
        )

    def _save(self) -> Saved:
        if not self.progress.figures:
            self._write_model(None)  # until something is measured, the newest is the best
        self._advance(events_bytes=self.run.events_bytes(), spent_s=self._spent_s())
        self.clock = time.monotonic()
        folder = self.run.folder / "checkpoints"
        path = save_checkpoint(folder, self.progress, self.module, self.optimiser)
        kept = {one.file for one in self.progress.kept}
        forget_others(self.run.folder / "kept", kept | self.kept_before)
        self.kept_before = kept  # the checkpoint before this one may still be needed
        self.saved_at = time.monotonic()
        where = path.relative_to(self.run.folder).as_posix()
        return Saved(step=self.progress.step, epoch=self.progress.epoch, path=where)

    def _finished(self, reason: Literal["epochs", "patience", "stopped"]) -> Finished:
        best = self.progress.kept[0] if self.progress.kept else None
        value = best.value if best else None
        averaged = 1
        note = "stopped before anything was measured"
        if best:
            note = f"best valid {self.task.monitor} {best.value:.4f} at step {best.step}"
        if self.averaged:
            value, averaged = self.averaged.value, self.averaged.averaged
            note += f", {value:.4f} as the average of {averaged} checkpoints, which is kept"
        elif best and reason != "stopped" and len(self.progress.kept) > 1:
            note += f", kept: the average of {len(self.progress.kept)} is not better"
        return Finished(
            step=self.progress.step,
            epoch=self.progress.epoch,
            reason=reason,
            monitor=self.task.monitor,
            value=value,
            best_step=best.step if best else 0,
            averaged=averaged,
            minutes=self._spent_s() / 60,
            note=note,
        )

    def _spent_s(self) -> float:
        return self.progress.spent_s + time.monotonic() - self.clock

    def _advance(self, **changes: Any) -> None:
        self.progress = dataclasses.replace(self.progress, **changes)

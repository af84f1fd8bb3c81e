"""The weights that a run still has, besides those of its model: of which steps, and how good.

A checkpoint has those of its step, `kept/` those of the best evaluations, and `epochs/` those that
`keep_every` asks for. Torch-free.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqstudio.errors import TrainingError
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.runs import EPOCHS, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWeights:
    """The weights of one step of a training, in a file of the run."""

    step: int
    epoch: int  # from 1
    complete: bool  # whether the epoch ends at this step
    path: Path
    prefix: str = ""  # of the names of its tensors in the file
    evaluated: Evaluated | None = None  # what these weights measured

    @property
    def title(self) -> str:
        """The step in words, such as `epoch 3, step 120`."""
        epoch = f"epoch {self.epoch}" if self.complete else f"within epoch {self.epoch}"
        return f"{epoch}, step {self.step}"


def stored_weights(run: Run) -> tuple[StoredWeights, ...]:
    """Return the weights that a run has, in the order of its steps; slow for a long run."""
    epochs: dict[int, int] = {}
    evaluated: dict[int, Evaluated] = {}
    for event in run.events():
        if isinstance(event, TrainingStep):
            epochs[event.step] = event.epoch + 1
        elif isinstance(event, Evaluated) and event.averaged == 1:
            evaluated[event.step] = event
    found: dict[int, StoredWeights] = {}
    for step, complete, path, prefix in _files(run):
        if step in epochs and step not in found:  # else it is of a training that was killed
            found[step] = StoredWeights(
                step=step,
                epoch=epochs[step],
                complete=complete,
                path=path,
                prefix=prefix,
                evaluated=evaluated.get(step),
            )
    return tuple(found[step] for step in sorted(found))


def find_weights(run: Run, step: int) -> StoredWeights:
    """Return the weights of a step.

    Raises
    ------
    TrainingError
        If the run does not have them; the text lists those that it has.
    """
    found = stored_weights(run)
    for one in found:
        if one.step == step:
            return one
    have = "; ".join(one.title for one in found) or "none before its first checkpoint"
    raise TrainingError(f"{run.folder}: no weights of step {step}, expected one of: {have}")


def _files(run: Run) -> Iterator[tuple[int, bool, Path, str]]:
    """Yield step, whether it ends an epoch, file and prefix; the first of a step counts."""
    average = run.spec.config.ema > 0  # which is what was measured
    patterns = [f"{EPOCHS}/[0-9]*", "kept/[0-9]*", *([] if average else ["kept/epoch-*"])]
    for pattern in patterns:
        for path in sorted(run.folder.glob(f"{pattern}.safetensors")):
            yield int(path.stem.removeprefix("epoch-")), True, path, ""
    name, prefix = ("averages.safetensors", "ema/") if average else ("model.safetensors", "")
    for folder in sorted((run.folder / "checkpoints").glob("[0-9]*"), reverse=True):
        with contextlib.suppress(FileNotFoundError):  # deleted by a training that goes on
            progress = json.loads((folder / "progress.json").read_bytes())
            yield int(progress["step"]), progress["epoch_steps"] == 0, folder / name, prefix

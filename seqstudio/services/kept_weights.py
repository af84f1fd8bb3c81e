"""The best weights of a run: what decides which they are, and their files in `kept/`."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors.torch import load, save
from torch import Tensor

from seqstudio.services.atomic_files import write_atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What decides between two sets of weights: lower is better, and the first field counts most.

    `loss` is measured only where the other fields are equal to those of other weights.
    """

    value: float  # of the task's monitor
    tie_break: float = 0.0  # the value of the task's `tie_break`, if it has one
    loss: float | None = None  # mean over the valid examples

    @property
    def order(self) -> tuple[float, float, float]:
        """What to sort by."""
        return self.value, self.tie_break, float("inf") if self.loss is None else self.loss

    def ties_with(self, other: "Score") -> bool:
        """Return whether only the loss can decide between two scores."""
        return self.order[:2] == other.order[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWeights:
    """One of the best evaluations of a run, whose weights are in the run's `kept/` folder."""

    step: int
    score: Score
    file: str


def break_ties(
    kept: Sequence[KeptWeights],
    new: Score,
    state: Mapping[str, Tensor],
    folder: Path,
    loss_of: Callable[[Mapping[str, Tensor]], float],
) -> tuple[tuple[KeptWeights, ...], Score]:
    """Return the kept evaluations and a new score, with losses where they have equal scores.

    Parameters
    ----------
    state : the weights of the new score
    folder : with the kept weights
    loss_of : measures the loss of weights
    """
    if not any(one.score.ties_with(new) for one in kept):
        return tuple(kept), new
    measured = []
    for one in kept:
        if one.score.ties_with(new) and one.score.loss is None:
            loss = loss_of(load_weights(folder / one.file))
            one = replace(one, score=replace(one.score, loss=loss))
        measured.append(one)
    return tuple(measured), replace(new, loss=loss_of(state))


def keep_best(
    kept: Sequence[KeptWeights],
    step: int,
    score: Score,
    count: int,
    state: Mapping[str, Tensor],
    folder: Path,
) -> tuple[KeptWeights, ...]:
    """Return the `count` best of the kept evaluations and a new one with this score.

    If the new one is among them, its weights are written to `folder`. Of equal scores the earlier
    one is better.
    """
    new = KeptWeights(step=step, score=score, file=f"{step:08d}.safetensors")
    best = tuple(sorted([*kept, new], key=lambda one: (one.score.order, one.step))[:count])
    if new in best:
        save_weights(folder / new.file, state)
    return best


def save_weights(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write weights to a file."""
    write_atomic(path, save({name: tensor.contiguous() for name, tensor in state.items()}))


def load_weights(path: Path) -> dict[str, Tensor]:
    """Read weights from a file."""
    weights: dict[str, Tensor] = load(path.read_bytes())
    return weights


def delete_unused_weights(folder: Path, needed: Set[str]) -> None:
    """Delete the weight files in `folder` that are not in `needed`."""
    for path in folder.glob("*.safetensors"):
        if path.name not in needed:
            path.unlink()

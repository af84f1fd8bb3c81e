"""The best checkpoints of a run, kept as weights and averaged at its end."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from seqstudio.services.atomic_files import write_durably
from seqstudio.services.checkpoints import Kept


def average(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Average weights, summing in double precision; what is not floating is taken from the first.

    >>> mean = average([{"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])}])
    >>> mean["w"]
    tensor([1.5000])
    """
    first = states[0]
    return {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in first.items()
    }


def keep_best(
    kept: Sequence[Kept], step: int, value: float, count: int, state: Mapping[str, Tensor], to: Path
) -> tuple[Kept, ...]:
    """Give the `count` best evaluations, this one among them if it belongs there.

    Its weights are then written to the folder `to`. Of equal figures the earlier one is better.
    """
    new = Kept(step=step, value=value, file=f"{step:08d}.safetensors")
    best = tuple(sorted([*kept, new], key=lambda one: (one.value, one.step))[:count])
    if new in best:
        write_durably(to / new.file, save({n: t.contiguous() for n, t in state.items()}))
    return best


def forget_others(folder: Path, needed: Set[str]) -> None:
    """Remove weights that no checkpoint speaks of any more."""
    for path in folder.glob("*.safetensors"):
        if path.name not in needed:
            path.unlink()


def average_kept(kept: Sequence[Kept], folder: Path) -> dict[str, Tensor]:
    """Average the weights of the evaluations that were kept."""
    return average([load((folder / one.file).read_bytes()) for one in kept])

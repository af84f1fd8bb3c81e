"""The weights of the best evaluations of a run, which are averaged at its end."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from seqstudio.services.atomic_files import write_atomic
from seqstudio.services.checkpoints import KeptWeights


def average_weights(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Average weights in double precision; integer tensors are taken from the first state.

    >>> mean = average_weights([{"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])}])
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
    kept: Sequence[KeptWeights],
    step: int,
    value: float,
    count: int,
    state: Mapping[str, Tensor],
    folder: Path,
) -> tuple[KeptWeights, ...]:
    """Return the `count` best of the kept evaluations and a new one with this `value`.

    If the new one is among them, its weights are written to `folder`. Of equal values the earlier
    one is better.
    """
    new = KeptWeights(step=step, value=value, file=f"{step:08d}.safetensors")
    best = tuple(sorted([*kept, new], key=lambda one: (one.value, one.step))[:count])
    if new in best:
        write_atomic(folder / new.file, save({n: t.contiguous() for n, t in state.items()}))
    return best


def delete_unused_weights(folder: Path, needed: Set[str]) -> None:
    """Delete the weight files in `folder` that are not in `needed`."""
    for path in folder.glob("*.safetensors"):
        if path.name not in needed:
            path.unlink()


def average_kept(kept: Sequence[KeptWeights], folder: Path) -> dict[str, Tensor]:
    """Average the kept weights."""
    return average_weights([load((folder / one.file).read_bytes()) for one in kept])

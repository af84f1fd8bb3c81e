"""What the processes of a training exchange: sums of gradients, and small values.

Every method of a communicator is collective: all processes call it, in the same order.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import torch
from torch import Tensor, distributed, nn

from seqstudio.core.dropout import Share
from seqstudio.errors import TrainingError

TIMEOUT = timedelta(days=7)  # how long processes wait for one that evaluates, saves or is paused


class LostProcessError(TrainingError):
    """Another process of the training has ended; that one tells the reason."""


class Communicator(Protocol):
    """One of `size` processes that train a model together, the one with number `rank`."""

    rank: int
    size: int

    def share(self, rows: int) -> Share | None:
        """Return which rows of a batch this process computes; None for all of them."""

    def exchange(self, value: Any) -> list[Any]:
        """Return the JSON values that all processes gave, by rank."""

    def sum(self, value: int | Tensor) -> int | Tensor:
        """Return the sum of a number over all processes."""

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its sum over all processes."""


class Alone:
    """The communicator of a training in one process."""

    rank = 0
    size = 1

    def share(self, rows: int) -> Share | None:
        """Return None: all rows."""
        return None

    def exchange(self, value: Any) -> list[Any]:
        """Return the value alone."""
        return [value]

    def sum(self, value: int | Tensor) -> int | Tensor:
        """Return the value."""
        return value

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Leave the gradients as they are."""


ALONE = Alone()


class ProcessGroup:
    """The communicator of a process that torchrun started: gloo on CPU, NCCL on CUDA.

    Parameters
    ----------
    device : of this process's model

    Raises
    ------
    LostProcessError
        From each method, if another process has ended.
    """

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)
        if self._device.type == "cuda":
            torch.cuda.set_device(self._device)
            backend = "cpu:gloo,cuda:nccl"  # what is exchanged as JSON stays on the CPU
        else:
            backend = "gloo"
        try:
            distributed.init_process_group(backend, timeout=TIMEOUT)
        except RuntimeError as error:
            raise LostProcessError(f"the processes found no connection: {error}") from error
        self.rank = distributed.get_rank()
        self.size = distributed.get_world_size()

    def share(self, rows: int) -> Share | None:
        """Return every `size`-th row: neighbours in a batch have similar lengths."""
        return Share(self.rank, self.size, rows)

    def exchange(self, value: Any) -> list[Any]:
        """Gather JSON values as bytes, padded to the longest; nothing is pickled."""
        data = json.dumps(value).encode()
        sizes = self._gather(torch.tensor([len(data)])).flatten().tolist()
        padded = torch.frombuffer(bytearray(data.ljust(max(sizes), b" ")), dtype=torch.uint8)
        return [json.loads(bytes(row)) for row in self._gather(padded).numpy()]

    def sum(self, value: int | Tensor) -> Tensor:
        """Return the sum of a number over all processes, on this process's device."""
        total = torch.as_tensor(value).detach().to(self._device, torch.float64, copy=True)
        self._all_reduce(total)
        return total

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Sum all gradients at once, and beside them how many processes have each.

        A gradient that no process has stays None, as it would in one process: the optimiser then
        leaves the parameter alone. The numbers are summed on the CPU, so that nothing waits for a
        GPU.
        """
        trained = list(parameters)
        present = torch.tensor([float(p.grad is not None) for p in trained])
        self._all_reduce(present)
        given = [p for p, count in zip(trained, present.tolist(), strict=True) if count]
        if not given:
            return
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in given]
        flat = torch.cat([part.flatten().float() for part in parts])
        self._all_reduce(flat)
        for parameter, total in zip(given, flat.split([p.numel() for p in given]), strict=True):
            parameter.grad = total.view_as(parameter).to(parameter.dtype)

    def close(self) -> None:
        """Leave the group, when all processes have arrived here."""
        self.exchange(None)
        distributed.destroy_process_group()

    def _gather(self, values: Tensor) -> Tensor:
        gathered = values.new_empty(self.size, len(values))
        try:
            distributed.all_gather([*gathered], values)
        except RuntimeError as error:
            raise self._lost(error) from error
        return gathered

    def _all_reduce(self, values: Tensor) -> None:
        try:
            distributed.all_reduce(values)
        except RuntimeError as error:
            raise self._lost(error) from error

    def _lost(self, error: RuntimeError) -> LostProcessError:
        first_line = str(error).partition("\n")[0]
        return LostProcessError(f"process {self.rank} of {self.size} lost the others: {first_line}")


def check_same_start(
    processes: Communicator, weights: Mapping[str, Tensor], lengths: Sequence[int]
) -> None:
    """Check that all processes start from the same weights and examples.

    Raises
    ------
    TrainingError
        If not: a machine has other data, other libraries or another run folder.
    """
    if processes.size == 1:
        return
    digest = hashlib.sha256(json.dumps(list(lengths)).encode())
    for name, tensor in weights.items():
        digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
    digests = processes.exchange(digest.hexdigest())
    for rank, other in enumerate(digests):
        if other != digests[0]:
            raise TrainingError(f"process {rank} has other weights or data than process 0")


def local_rank() -> int:
    """Return the number of this process among those on its machine, as torchrun set it."""
    return int(os.environ["LOCAL_RANK"])

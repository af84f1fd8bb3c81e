"""Cost of a frame at 1,000, 10,000 and 100,000 frames: training and stepping, for every cell.

Goal: the cost does not depend on the length, within 10 %. Training is a forward and a backward pass
of a layer over one sequence, stepping a flat decoder of two layers, one row. Also measured are the
two forms of minGRU over whole sequences, its loop and its parallel scan, and its step. Medians of
the CPU time of one thread; lengths and forms run in turn. Run
`python benchmarks/bench_sequence_length.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping

import torch

from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.memory import keep_freed_memory
from seqstudio.core.mingru import interpolate
from seqstudio.core.model import build
from seqstudio.core.recurrent import RecurrentLayer

HIDDEN, FEATURES, VOCABULARY, ROUNDS = 128, 64, 128, 3
LENGTHS = (1_000, 10_000, 100_000)  # frames
FLAT = 0.1
Run = Callable[[], object]


def training(cell: Cell, frames: int) -> Run:
    layer = RecurrentLayer(cell, FEATURES, HIDDEN)
    inputs = torch.randn(1, frames, FEATURES, requires_grad=True)

    def run() -> None:
        torch.autograd.backward(layer(inputs)[0].sum())

    return run


def stepping(cell: Cell, steps: int) -> Run:
    decoder = DecoderConfig(vocabulary=VOCABULARY, dimension=64, cell=cell, hidden=HIDDEN)
    model = build(ModelConfig(decoder=decoder)).eval()
    token = torch.zeros(1, dtype=torch.int64)

    def run() -> None:
        with torch.inference_mode():
            _, state = model.start(1)
            for _ in range(steps):
                _, state = model.step(token, state)

    return run


def over_sequences(*, scan: bool, frames: int) -> Run:
    update, candidate = (torch.rand(1, frames, HIDDEN, requires_grad=True) for _ in range(2))
    state = torch.zeros(1, HIDDEN)

    def run() -> None:
        torch.autograd.backward(interpolate(update, candidate, state, scan=scan).sum())

    return run


def step_by_step(frames: int) -> Run:
    """Return minGRU's forward and backward pass by its differentiable step."""
    gates = torch.rand(frames, 1, 2 * HIDDEN, requires_grad=True)
    none = torch.zeros(1, 0)

    def run() -> None:
        state, outputs = torch.zeros(1, HIDDEN), []
        for step in gates.unbind(0):
            state = CELLS["mingru"].step(step, none, state)
            outputs.append(state)
        torch.autograd.backward(torch.stack(outputs).sum())

    return run


def microseconds_a_frame(runs: Mapping[int, Run]) -> dict[int, float]:
    """Run each length in turn; a short one so often that it takes as many frames as 10,000."""
    times: dict[int, list[float]] = {frames: [] for frames in runs}
    runs[min(runs)]()  # warms up
    for _ in range(ROUNDS):
        for frames, run in runs.items():
            repeats = max(1, 10_000 // frames)
            started = time.process_time()
            for _ in range(repeats):
                run()
            times[frames].append((time.process_time() - started) / repeats / frames)
    return {frames: 1e6 * statistics.median(each) for frames, each in times.items()}


def show(name: str, found: Mapping[int, float], lengths: Iterable[int]) -> None:
    shortest = found[min(found)]
    worst = max(lengths, key=lambda frames: abs(found[frames] / shortest - 1))
    change = found[worst] / shortest - 1
    verdict = "flat" if abs(change) <= FLAT else f"{change:+.0%} at {worst:,} frames"
    cells = "".join(f"{found[frames]:9.2f}" for frames in lengths)
    print(f"{name:26s}{cells}   {verdict}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    keep_freed_memory()  # as a training does
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {platform.machine()}, {capability}, 1 thread")
    print(f"us a frame, hidden {HIDDEN}, batch 1" + "".join(f"{n:9,d}" for n in LENGTHS))
    for cell in CELLS:
        runs = {frames: training(cell, frames) for frames in LENGTHS}
        show(f"  {cell}, training", microseconds_a_frame(runs), LENGTHS)
    for cell in CELLS:
        runs = {frames: stepping(cell, frames) for frames in LENGTHS}
        show(f"  {cell}, stepping", microseconds_a_frame(runs), LENGTHS)
    forms: dict[str, Callable[[int], Run]] = {
        "loop": lambda frames: over_sequences(scan=False, frames=frames),
        "parallel scan": lambda frames: over_sequences(scan=True, frames=frames),
        "step by step": step_by_step,
    }
    for form, make in forms.items():
        runs = {frames: make(frames) for frames in LENGTHS}
        show(f"  minGRU, {form}", microseconds_a_frame(runs), LENGTHS)

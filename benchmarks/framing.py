"""Times what a person sees: each move of a view, drawn, by the clock and of the processor.

A busy machine lengthens the one and not the other.
"""

import statistics
import time
from collections.abc import Callable, Iterable

Spent = tuple[float, float]  # milliseconds by the clock, and of the processor


def frames(moves: Iterable[Callable[[], object]], draw: Callable[[], object]) -> list[Spent]:
    """Give what each frame takes: a move, and what `draw` does to show it."""
    spent = []
    for move in moves:
        clock, processor = time.perf_counter(), time.thread_time()
        move()
        draw()
        spent.append(
            (1000 * (time.perf_counter() - clock), 1000 * (time.thread_time() - processor))
        )
    return spent


def tell(what: str, spent: list[Spent]) -> None:
    """Print a row."""
    clock, processor = zip(*spent, strict=True)
    print(
        f"{what:44s} {len(spent):4d} frames, median {statistics.median(clock):5.1f} ms,"
        f" worst {max(clock):5.1f} ms"
        f" (processor {statistics.median(processor):5.1f}, {max(processor):5.1f})"
    )

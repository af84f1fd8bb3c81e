"""Preparing the next batches on a thread while a step computes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def prefetch(jobs: Iterable[Callable[[], T]]) -> Generator[T, None, None]:
    """Yield the result of each job in order, while a thread already runs the next one.

    If a job raises an exception, it is raised in place of its result.

    >>> list(prefetch([lambda: 1, lambda: 2]))
    [1, 2]
    """
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches") as pool:
        for job in jobs:
            pending.append(pool.submit(job))
            if len(pending) > 1:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

"""Prepares the next batches on a thread while a step computes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(jobs: Iterable[Callable[[], T]]) -> Generator[T, None, None]:
    """Yield the result of each job, in order, while one thread works on the one after it.

    What a job raises is raised where its result would have come.

    >>> list(ahead([lambda: 1, lambda: 2]))
    [1, 2]
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches") as pool:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

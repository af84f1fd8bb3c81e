"""Tracebacks for the author of a plugin: only the lines that are the author's to mend."""

from collections.abc import Iterator, Sequence
from pathlib import Path

HEAD = "Traceback (most recent call last):"
FRAME = '  File "'


def authors_tracebacks(log: str, folder: Path) -> str:
    """Return a log in which each traceback begins and ends in the files of a folder.

    What called the author's code and what it called are left out; a traceback without a line of the
    author's stays as it is.

    >>> log = '''loading
    ... Traceback (most recent call last):
    ...   File "/studio/host/worker.py", line 80, in run
    ...     for result in operation.run(request, job):
    ...   File "/ann/parrot/src/parrot.py", line 7, in run
    ...     values = numpy.array(words)
    ...   File "/lib/numpy/core.py", line 9, in array
    ...     raise ValueError(words)
    ... ValueError: one two
    ... '''
    >>> print(authors_tracebacks(log, Path("/ann/parrot")), end="")
    loading
    Traceback (most recent call last):
      File "/ann/parrot/src/parrot.py", line 7, in run
        values = numpy.array(words)
    ValueError: one two
    """
    return "".join(_kept(log.splitlines(keepends=True), f"{FRAME}{folder}/"))


def _kept(lines: Sequence[str], own: str) -> Iterator[str]:
    at = 0
    while at < len(lines):
        yield lines[at]
        at += 1
        if lines[at - 1].strip() != HEAD:
            continue
        end = at
        while end < len(lines) and lines[end].startswith("  "):
            end += 1
        yield from _authors_frames(lines[at:end], own)
        at = end


def _authors_frames(lines: Sequence[str], own: str) -> Sequence[str]:
    """Return the frames from the first of the author's to the last; all, if there is none."""
    starts = [n for n, line in enumerate(lines) if line.startswith(FRAME)]
    mine = [n for n, start in enumerate(starts) if lines[start].startswith(own)]
    if not mine:
        return lines
    ends = [*starts[1:], len(lines)]
    return lines[starts[mine[0]] : ends[mine[-1]]]

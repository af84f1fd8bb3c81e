"""Errors that a person can act on, handed to a signal instead of raised."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seqstudio.errors import SeqStudioError


@contextmanager
def errors_to(
    report: Callable[[str], object], kind: type[SeqStudioError] = SeqStudioError
) -> Iterator[None]:
    """Pass an error of `kind` that the block raises to `report`, as one sentence.

    What follows the block then runs too: return from inside the block where it must not.
    """
    try:
        yield
    except kind as error:
        report(str(error))

"""Pass errors that the user can fix to a signal instead of raising them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seqstudio.errors import SeqStudioError


@contextmanager
def errors_to(
    report: Callable[[str], object], kind: type[SeqStudioError] = SeqStudioError
) -> Iterator[None]:
    """Pass the text of an error of `kind` that the block raises to `report`.

    The code after the block then runs too: return from inside the block where it must not.
    """
    try:
        yield
    except kind as error:
        report(str(error))

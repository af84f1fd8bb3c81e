"""The steps of a session, as the undo history lists them."""

from collections.abc import Sequence
from dataclasses import dataclass

START = "The empty session"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row: the session after a step."""

    number: int
    title: str
    applied: bool  # False: it comes after the step that is shown

    @property
    def text(self) -> str:
        """The title; a step that is not applied says so, not by its colour alone."""
        return self.title if self.applied else f"{self.title} (undone)"


def history_rows(titles: Sequence[tuple[int, str]], at: int) -> tuple[HistoryRow, ...]:
    """Return a row for the start, if it can be reached, and for each step.

    >>> [row.text for row in history_rows([(1, "Add tune"), (2, "Move notes")], 1)]
    ['The empty session', 'Add tune', 'Move notes (undone)']
    """
    start = (HistoryRow(0, START, applied=True),) if not titles or titles[0][0] == 1 else ()
    return (*start, *(HistoryRow(number, title, number <= at) for number, title in titles))

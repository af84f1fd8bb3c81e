"""The words for the state of a job or a run: the same in the list of jobs and on every page."""

from collections.abc import Mapping
from typing import Literal

State = Literal[
    "waiting",
    "queued",
    "running",
    "paused",
    "pausing",
    "resuming",
    "stopping",
    "done",
    "failed",
    "cancelled",
    "interrupted",
]
WORDS: Mapping[State, str] = {
    "waiting": "Waiting",
    "queued": "Starting",
    "running": "Running",
    "paused": "Paused",
    "pausing": "Pausing",
    "resuming": "Resuming",
    "stopping": "Stopping",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Stopped",
    "interrupted": "Interrupted",
}


def time_left(seconds: float) -> str:
    """Return an estimated time as text, rounded to what the estimate is worth.

    >>> time_left(3), time_left(42), time_left(100), time_left(9000)
    ('a few seconds left', 'about 40 s left', 'about 2 min left', 'about 2.5 h left')
    """
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} s left"
    if seconds < 5400:
        return f"about {max(1, round(seconds / 60))} min left"
    return f"about {seconds / 3600:.1f} h left"

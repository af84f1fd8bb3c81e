"""Processes that end with the process that started them, also when that one is killed."""

import os
import threading
import time

INTERVAL_S = 0.2
ORPHANED = 3  # exit status of a process whose parent is gone


def exit_with_parent(parent: int) -> None:
    """Watch on a thread, from now on, whether `parent` has ended; then end this process at once."""
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:  # an orphan gets another parent
        time.sleep(INTERVAL_S)
    os._exit(ORPHANED)

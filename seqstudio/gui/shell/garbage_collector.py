"""Collect Python's garbage on the window's thread alone.

Python collects on whichever thread allocates. Qt objects made on the window's thread must not be
destroyed on another: freeing a widget or a socket notifier there crashes the process.
"""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500


class GarbageCollector(QObject):
    """Replaces Python's automatic collection from the time it is made."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(collect_if_due)
        self._timer.start()


def collect_if_due() -> None:
    """Collect the oldest generation over its threshold, as Python itself would."""
    counted = list(zip(gc.get_count(), gc.get_threshold(), strict=True))
    for generation in (2, 1, 0):
        count, threshold = counted[generation]
        if threshold and count > threshold:
            gc.collect(generation)
            return

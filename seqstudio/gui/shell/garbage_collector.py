"""Garbage is collected on the window's thread alone.

Python collects on whichever thread allocates. What Qt made on the window's thread must not be
destroyed on another: a widget or a socket notifier that is freed there takes the process down.
"""

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500


class Collector(QObject):
    """Takes Python's collector over, from when it is made on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(collect_if_due)
        self._timer.start()


def collect_if_due() -> None:
    """Collect the oldest generation whose threshold is passed, as Python itself would."""
    counted = list(zip(gc.get_count(), gc.get_threshold(), strict=True))
    for generation in (2, 1, 0):
        count, threshold = counted[generation]
        if threshold and count > threshold:
            gc.collect(generation)
            return

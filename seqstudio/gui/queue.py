"""The jobs that the app runs; every event is heard on the window's thread."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from seqstudio.host.events import JobEvent, JobFinished
from seqstudio.host.studio import JobHandle, JobSpec, Studio


class _Watch(QObject):
    """Hears one running job."""

    def __init__(
        self, handle: JobHandle, hear: Callable[[JobEvent], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.handle = handle
        self._hear = hear
        self._notifier = QSocketNotifier(handle.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._poll)

    def _poll(self) -> None:
        for event in self.handle.poll():
            if isinstance(event, JobFinished):
                self._notifier.setEnabled(False)
            self._hear(event)


class JobQueue(QObject):
    """Starts jobs through the studio and tells what happens to them."""

    changed = Signal()  # a job came, or its state is another
    happened = Signal(int, object)  # a job's number, and its event

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._watched: dict[int, _Watch] = {}

    def add(self, spec: JobSpec) -> int:
        """Queue a job; give its number.

        Raises
        ------
        SeqStudioError
            If it names what there is not.
        """
        handle = self._studio.submit(spec)
        self._watched[handle.id] = _Watch(handle, partial(self._hear, handle.id), self)
        self.changed.emit()
        return handle.id

    @property
    def running(self) -> tuple[int, ...]:
        """The numbers of the jobs that this process runs."""
        return tuple(self._watched)

    def cancel(self, job: int) -> None:
        """Stop a job soon; what is done stays done."""
        self._watched[job].handle.cancel()

    def _hear(self, job: int, event: JobEvent) -> None:
        if isinstance(event, JobFinished):
            self._watched.pop(job).deleteLater()
        self.happened.emit(job, event)
        if isinstance(event, JobFinished):
            self.changed.emit()

"""Develop a plugin in its folder: load it after each save, and follow the logs of its jobs."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from seqstudio.contracts.messages import PluginSource
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.file_stamp import FileStamp
from seqstudio.host.jobs import WORKER_LOG
from seqstudio.host.jobs.queue import Jobs
from seqstudio.host.jobs.surroundings import stamps_of
from seqstudio.host.profile import Profile
from seqstudio.host.store.probe import probe
from seqstudio.host.store.project_wheel import PROJECT, SKIPPED
from seqstudio.host.store.tracebacks import authors_tracebacks


def stamps(project: Path) -> dict[Path, FileStamp]:
    """Return the stamps of the files that a plugin consists of."""
    paths = [project / PROJECT, *(project / "src").rglob("*")]
    return stamps_of(path for path in paths if not set(path.parts) & set(SKIPPED))


def saves(project: Path, poll_s: float) -> Iterator[bool]:
    """Yield at once, and then again and again, whether a file has been saved since."""
    seen: dict[Path, FileStamp] = {}
    while True:
        now = stamps(project)
        yield now != seen
        seen = now
        time.sleep(poll_s)


def load(identity: str, project: Path, profile: Profile) -> None:
    """Load a linked plugin in a worker and call its hooks, as a job does.

    Raises
    ------
    PluginError
        If it fails; the text ends with the author's lines of the traceback, if there is one.
    """
    catalogue = Catalogue.load(profile, include_disabled=True)
    plugin = catalogue.plugin(identity)
    hidden = [other.root for other in catalogue.plugins if other is not plugin]
    source = PluginSource(
        id=identity, module=plugin.module, version=plugin.version, manifest=plugin.table
    )
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        try:
            probe(source, plugin.folder.parent, scratch, profile.limits(), hidden)
        except PluginError as error:
            log = (scratch / WORKER_LOG).read_text(encoding="utf-8", errors="replace")
            text = authors_tracebacks(log, project.absolute())
            raise PluginError(f"{error}\n{text}".rstrip()) from error


class JobLogs:
    """What the jobs of a plugin print, from now on."""

    def __init__(self, identity: str, project: Path, profile: Profile) -> None:
        self._identity = identity
        self._project = project.absolute()
        self._profile = profile
        self._read: dict[Path, int] = {log: log.stat().st_size for log in self._logs()}
        self._sizes = dict(self._read)

    def new(self) -> Iterator[str]:
        """Yield what was printed, once nothing follows, so that a traceback comes in one piece."""
        sizes = {log: log.stat().st_size for log in self._logs()}
        for log, size in sizes.items():
            start = self._read.get(log, 0)
            if size > start and self._sizes.get(log) == size:
                with log.open("rb") as stream:
                    stream.seek(start)
                    text = stream.read(size - start).decode(errors="replace")
                self._read[log] = size
                yield authors_tracebacks(text, self._project)
        self._sizes = sizes

    def _logs(self) -> list[Path]:
        if not self._profile.database.exists():
            return []
        rows = Jobs(self._profile.database).list()
        logs = [self._profile.jobs / str(row.id) / WORKER_LOG for row in rows]
        mine = (log for log, row in zip(logs, rows, strict=True) if row.plugin == self._identity)
        return [log for log in mine if log.is_file()]

"""What a running job counts on: inputs that stay as they are, its models, and its drive."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from seqstudio.errors import DataError, JobError
from seqstudio.host.catalogue.file_stamp import FileStamp, file_stamp
from seqstudio.host.jobs.outputs import nearest_existing


def stamps_of(paths: Iterable[Path]) -> dict[Path, FileStamp]:
    """Return the stamp of each file; a folder changes when results are written in it."""
    return {path: file_stamp(str(path)) for path in paths if path.is_file()}


def check_unchanged(before: Mapping[Path, FileStamp]) -> None:
    """Check that files are as they were; one that is gone has at least not been replaced.

    Raises
    ------
    DataError
        If one has changed.
    """
    for path, stamp in before.items():
        if file_stamp(str(path)) not in (stamp, None):
            raise DataError(f"{path}: changed while it was read, expected a file that is complete")


class Models:
    """The models of a job; those that are not files come with plugins."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = [path for text in paths if text and (path := Path(text)).exists()]

    def check(self) -> None:
        """Check that the models are still there, so that not every item fails for lack of them.

        Raises
        ------
        JobError
            If one was removed since the job began.
        """
        for path in self._paths:
            if not path.exists():
                raise JobError(f"{path}: the model is not there any more, expected it in its place")


class Drive:
    """The file system of the outputs of a job; None: they stay in the profile."""

    def __init__(self, out: Path | None) -> None:
        self._out = out and out.absolute()
        self._device = self._now()

    def check(self) -> None:
        """Check that the outputs still go where they went when the job began.

        Raises
        ------
        JobError
            If a drive was removed or mounted since: they would go to another one, unseen.
        """
        if self._now() != self._device:
            raise JobError(
                f"{self._out}: its drive is not there any more, expected it in its place"
            )

    def _now(self) -> int:
        return nearest_existing(self._out).stat().st_dev if self._out else 0

"""A place on another machine where a worker process runs: files come by value, and go by value.

An executor, such as Ray, makes a `WorkerHost` there and calls its methods. It has a temporary
folder of its own and no profile; paths in messages are those of the machine that runs the job,
and are exchanged for paths in that folder on the way in, and back on the way out.
"""

import contextlib
import itertools
import re
import select
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.messages import ItemResult, Items
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import JobError
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs import WORKER_LOG
from seqstudio.host.runner.worker_process import ProcessWorker

WAIT_S = 1.0  # for messages, in one call
EVERYTHING = "/"  # what a worker of built-in plugins may read

Content = Mapping[str, bytes]  # relative path -> content; "" is the file itself, not a folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a worker sent: its messages, and the files of the job's folder that go with them."""

    messages: tuple[Any, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # relative to the job's folder: whole
    lines: Mapping[str, bytes] = field(default_factory=dict)  # the same: whole lines to append
    ended: str = ""  # how the worker ended, if it has


def read_content(path: Path) -> dict[str, bytes]:
    """Read a file, or all files of a folder.

    Raises
    ------
    JobError
        If it cannot be read.
    """
    try:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            return {str(one.relative_to(path)): one.read_bytes() for one in inside}
        return {"": path.read_bytes()}
    except OSError as error:
        raise JobError(f"{path}: {error.strerror}, expected a file to send") from error


class WorkerHost:
    """Runs one worker process of a job on another machine.

    Parameters
    ----------
    folder : the job's folder on the machine that runs the job
    policy : of the worker, there
    nice : lowers the priority
    """

    def __init__(self, folder: str, policy: Policy, nice: int) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="seqstudio-"))
        self._job = self._root / "job"
        self._job.mkdir()
        self._places = {folder: str(self._job)}  # path there -> path here
        self._inputs: list[str] = []  # paths there, of the items at work
        self._numbers = itertools.count()
        log = self._job / WORKER_LOG
        self._sent = {log: 0}  # files that grow -> bytes that were delivered
        paths, own = search_path(), str(self._root)
        read = policy.read if EVERYTHING in policy.read else (*paths, own)
        policy = replace(policy, read=read, hidden=(), list_only=(), write=(own,), compiled="")
        self._worker = ProcessWorker(paths, log, policy, nice=nice, threads=1)

    def started(self) -> None:
        """Return, once the worker's process runs."""

    def send(self, message: object, paths: Sequence[str], *found: Content) -> None:
        """Pass a message to the worker.

        Parameters
        ----------
        message : to a worker
        paths : those in the message that are sent along
        found : what is at each
        """
        contents = dict(zip(paths, found, strict=True))
        if isinstance(message, Items):
            self._forget_inputs()
            self._inputs = [path for path in contents if path != message.pieces]
        for path, content in contents.items():
            place = self._place_of(path)
            for name, data in content.items():
                target = place / name if name else place
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        if isinstance(message, Items) and message.pieces:
            kept = contents.get(message.pieces, {}).get("", b"")
            self._sent[self._place_of(message.pieces)] = len(kept)
        self._worker.send(exchanged(message, self._places))

    def receive(self) -> Delivery:
        """Wait a second at most for messages, and return them with their files."""
        readable, _, _ = select.select([self._worker], [], [], WAIT_S)
        messages = self._worker.receive() if readable else []
        if messages is None:
            ended = self._worker.end()
            return Delivery(lines=self._new_lines(), ended=ended)
        files: dict[str, bytes] = {}
        for message in messages:
            if isinstance(message, ItemResult):
                files |= self._files(message)
        back = {here: there for there, here in self._places.items()}
        moved = tuple(exchanged(message, back) for message in messages)
        return Delivery(messages=moved, files=files, lines=self._new_lines())

    def end(self) -> str:
        """End the worker and remove its folder; return how it ended."""
        how = self._worker.end()
        shutil.rmtree(self._root, ignore_errors=True)
        return how

    def _place_of(self, path: str) -> Path:
        """Return where a path is here, and choose a new place if it has none."""
        if (place := _exchanged_text(path, self._places)) == path:
            place = str(self._root / str(next(self._numbers)) / Path(path).name)
            self._places[path] = place
        return Path(place)

    def _forget_inputs(self) -> None:
        for path in self._inputs:
            shutil.rmtree(Path(self._places.pop(path)).parent, ignore_errors=True)
        self._sent = {file: sent for file, sent in self._sent.items() if file.name == WORKER_LOG}

    def _files(self, result: ItemResult) -> dict[str, bytes]:
        """Read the files of a result; one outside the job's folder is left to be refused."""
        found = {}
        for file in result.files:
            path = Path(file.path)
            with contextlib.suppress(OSError, RuntimeError, ValueError):  # as in `JobItems`
                if path.resolve().is_relative_to(self._job.resolve()) and path.is_file():
                    found[str(path.relative_to(self._job))] = path.read_bytes()
        return found

    def _new_lines(self) -> dict[str, bytes]:
        """Read the whole lines that files have had since the last time."""
        found = {}
        for path, sent in self._sent.items():
            if not path.is_file():
                continue
            with path.open("rb") as file:
                file.seek(sent)
                data = file.read()
            data = data[: data.rfind(b"\n") + 1]
            if data:
                found[str(path.relative_to(self._job))] = data
                self._sent[path] = sent + len(data)
        return found


def exchanged(message: Any, places: Mapping[str, str]) -> Any:
    """Return a message whose texts name other paths.

    Parameters
    ----------
    message : of the worker protocol
    places : path -> the path that takes its place
    """
    plain = _exchanged_value(to_plain(message), places)
    return from_plain(type(message), plain, "message", error=JobError)


def _exchanged_value(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _exchanged_text(value, places)
    if isinstance(value, dict):
        return {name: _exchanged_value(one, places) for name, one in value.items()}
    if isinstance(value, list):
        return [_exchanged_value(one, places) for one in value]
    return value


def _exchanged_text(text: str, places: Mapping[str, str]) -> str:
    longest_first = sorted(places, key=len, reverse=True)  # a file before its folder
    pattern = "|".join(map(re.escape, longest_first))
    return re.sub(pattern, lambda match: places[match[0]], text)

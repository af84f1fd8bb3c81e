"""The worker protocol: 4-byte big-endian length, then one JSON object, over a socketpair.

Host to worker: start, items, feed, close_input, pause, resume, cancel. Worker to host: ready,
taken, progress, partial, result, refused, done, failed. Big things are files in the job's folder.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import JobError

FRAME_LIMIT = 16 * 2**20
HEADER = struct.Struct(">I")
DEEPEST = 64  # levels of tables and lists in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSource:
    """Where a worker finds one plugin, and what its manifest promises of its hooks."""

    id: str
    module: str  # what the entry point names
    version: str
    manifest: Mapping[str, Any]  # as TOML gave it


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """One model that a job may load."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Open a job: which plugin, what to run, with what. The worker answers `Ready`.

    `verb` is operation, train, evaluate, verify or describe; `name` the operation or task. `models`
    are those the job may load, the default first; where the person chose one, there is no other.
    """

    plugin: PluginSource
    extensions: tuple[PluginSource, ...] = ()
    verb: str
    name: str
    models: tuple[ModelSource, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    formats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # output -> formats
    device: str = "cpu"
    folder: str
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of train and evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item in the host's books: a file of a batch, or a take.

    `targets` are where its outputs go, output -> format -> path: for messages, since the worker
    writes in the job's folder only.
    """

    item: int
    take: int = 0
    seed: int = 0
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Do these items, which share inputs and differ in their takes."""

    items: tuple[Item, ...] = ()
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The next block for an operation that runs on a stream; `data` is base64.

    The worker answers `Taken` once the operation has it. Only a few may be without an answer, so
    that they fit the line's buffer, and neither end ever waits for the other to read.
    """

    data: str


@dataclass(frozen=True, slots=True)
class CloseInput:
    """Nothing more comes, neither blocks nor items: finish and say `Done`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait at the next check."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop; after 2 s the host kills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The plugin is loaded and accepts items."""

    pid: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The operation took the oldest block that was fed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far, 0 to 1, never falling within an item. Training events travel in `event`."""

    fraction: float
    note: str = ""
    item: int = 0
    event: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:
            raise JobError(f"fraction={self.fraction}, expected 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """Provisional output, never stored."""

    text: str
    item: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A finished file in the job's folder, to be moved to its target."""

    output: str  # the manifest's output name
    format: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """Durable: this item is finished. `record` is what replay needs."""

    item: int
    files: tuple[OutputFile, ...] = ()
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailed:
    """The item ends with a reason; the worker lives and takes the next."""

    item: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The worker has nothing left to do. `value` is what evaluate or verify found."""

    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The job cannot go on: the reason, and whether the person can mend it."""

    reason: str
    fixable: bool = True
    traceback: str = ""


FROM_HOST = {
    "start": Start,
    "items": Items,
    "feed": Feed,
    "close_input": CloseInput,
    "pause": Pause,
    "resume": Resume,
    "cancel": Cancel,
}
FROM_WORKER = {
    "ready": Ready,
    "taken": Taken,
    "progress": Progress,
    "partial": Partial,
    "result": ItemResult,
    "refused": ItemFailed,
    "done": Done,
    "failed": Failed,
}
NAMES = {kind: name for name, kind in (FROM_HOST | FROM_WORKER).items()}


def encode(message: object) -> bytes:
    """Frame one message.

    Raises
    ------
    JobError
        If it is larger than 16 MiB.
    """
    body = json.dumps({"type": NAMES[type(message)], **to_plain(message)}).encode()
    if len(body) > FRAME_LIMIT:
        raise JobError(f"message of {len(body)} bytes, expected at most {FRAME_LIMIT}")
    return HEADER.pack(len(body)) + body


def decode(body: bytes, kinds: Mapping[str, type]) -> Any:
    """Read the body of one frame as one of `kinds` (FROM_HOST or FROM_WORKER).

    Raises
    ------
    JobError
        If it is not JSON, is nested deeper than `DEEPEST`, is not of a known type, or has other
        fields than its type.
    """
    try:
        table = json.loads(body)
    except (ValueError, RecursionError) as bad:
        raise JobError(f"message {body[:40]!r}, expected JSON") from bad
    if is_deep(table):
        raise JobError(f"message {body[:40]!r}, expected at most {DEEPEST} levels in it")
    name = table.pop("type", None) if isinstance(table, dict) else None
    if not isinstance(name, str) or name not in kinds:
        raise JobError(f"message of type {name!r}, expected one of {', '.join(kinds)}")
    return from_plain(kinds[name], table, f"message {name}", error=JobError)


def is_deep(value: Any) -> bool:
    """Whether JSON values are nested deeper than what is written down or read again can be."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        tables = (one.values() if isinstance(one, dict) else one for one in level)
        level = [each for table in tables for each in table if isinstance(each, dict | list)]
    return bool(level)


class Unframer:
    """Collects bytes and gives back whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes, return the bodies of all frames that are now complete.

        Raises
        ------
        JobError
            If a frame announces more than 16 MiB.
        """
        self._buffer += data
        bodies = []
        while len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            if length > FRAME_LIMIT:
                raise JobError(f"message of {length} bytes, expected at most {FRAME_LIMIT}")
            if len(self._buffer) < HEADER.size + length:
                break
            bodies.append(bytes(self._buffer[HEADER.size : HEADER.size + length]))
            del self._buffer[: HEADER.size + length]
        return bodies

"""The worker protocol: frames of a 4-byte big-endian length and one JSON object, on a socketpair.

Host to worker: start, items, feed, close_input, pause, resume, cancel. Worker to host: acting,
notice, refused_request, ready, feed_ack, progress, partial, result, refused, done, failed. Large
outputs are not sent; they are files in the job's folder.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import JobError

FRAME_LIMIT = 16 * 2**20  # bytes
HEADER = struct.Struct(">I")
MAX_DEPTH = 64  # nesting levels of objects and arrays in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSource:
    """What a worker needs to import one plugin and to check its hooks."""

    id: str
    module: str  # the entry point's value
    version: str
    manifest: Mapping[str, Any]  # the parsed TOML


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A model that a job may load."""

    name: str
    path: str
    base: str = ""  # path of the model that it is an adapter of
    is_recogniser: bool = False  # `name` is a plugin's recogniser, `path` a user's model or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a job: which plugin, what to run and with what. The worker answers `Ready`.

    `verb` is operation, train, evaluate, verify or describe; `name` is the operation or task.
    `models` are those the job may load, the default first, or only the one that the user chose.
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
    cache: str = ""  # the folder of the plugin's cache; "" keeps none
    cache_bytes: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of all verbs but operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a job: a file of a batch, or a take.

    `targets` maps output -> format -> the final path, for use in messages only: the worker writes
    to the job's folder, and the host moves the files.
    """

    item: int
    take: int = 0
    seed: int = 0
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Run these items, which have the same inputs and differ in their takes."""

    items: tuple[Item, ...] = ()
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pieces: str = ""  # the file of finished pieces; "" keeps none


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The next block for an operation that runs on a stream; `data` is base64.

    The worker answers `FeedAck` when the operation has read the block. The host limits the number
    of unacknowledged blocks so that they fit the socket's buffer and a send never blocks.
    """

    data: str


@dataclass(frozen=True, slots=True)
class CloseInput:
    """There are no more blocks or items: finish, then answer `Done`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause at the next check."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue after a pause."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop. The host kills a worker that takes longer than its limits allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """From now on the code of this plugin runs; "" is the plugin whose job it is.

    Sent before a plugin is imported and before an extension is called. Should the worker die, the
    host knows by whose code.
    """

    plugin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the user should know: which plugin was left out, or did what to the job."""

    text: str
    left_out: str = ""  # id of the plugin that the job goes on without, in whole or in part


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The worker asked for something that its policy does not allow: "read ~/.ssh/id"."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The plugin is loaded; the worker accepts items."""

    pid: int


@dataclass(frozen=True, slots=True)
class FeedAck:
    """The operation has read the oldest unacknowledged block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of an item, from 0 to 1 and never decreasing. `event` holds a training event."""

    fraction: float
    message: str = ""
    item: int = 0
    event: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:
            raise JobError(f"fraction={self.fraction}, expected 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """Provisional output, which is not stored."""

    text: str
    item: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A finished file in the job's folder. The host moves it to its target."""

    output: str  # the manifest's output name
    format: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """Durable: this item is finished. `provenance` is what replay needs.

    A partial result is what was done so far; the item is not finished.
    """

    item: int
    partial: bool = False
    files: tuple[OutputFile, ...] = ()
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRefused:
    """The item failed; the worker continues with the next one. `fixable` is as in `Failed`."""

    item: int
    reason: str
    fixable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The worker has finished. `value` is the result of evaluate, verify or describe."""

    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The job failed. `fixable` tells whether the user can fix it, or it is a bug."""

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
    "acting": Acting,
    "notice": Notice,
    "refused_request": Refused,
    "ready": Ready,
    "feed_ack": FeedAck,
    "progress": Progress,
    "partial": Partial,
    "result": ItemResult,
    "refused": ItemRefused,
    "done": Done,
    "failed": Failed,
}
NAMES = {kind: name for name, kind in (FROM_HOST | FROM_WORKER).items()}


def encode(message: object) -> bytes:
    """Encode one message as a frame.

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
    """Decode the body of a frame as a message of one of `kinds` (FROM_HOST or FROM_WORKER).

    Raises
    ------
    JobError
        If the body is not JSON, is nested deeper than `MAX_DEPTH`, has an unknown type, or has
        fields that do not match its type.
    """
    try:
        table = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise JobError(f"message {body[:40]!r}, expected JSON") from error
    if is_too_deep(table):
        raise JobError(f"message {body[:40]!r}, expected at most {MAX_DEPTH} levels in it")
    name = table.pop("type", None) if isinstance(table, dict) else None
    if not isinstance(name, str) or name not in kinds:
        raise JobError(f"message of type {name!r}, expected one of {', '.join(kinds)}")
    return from_plain(kinds[name], table, f"message {name}", error=JobError)


def is_too_deep(value: Any) -> bool:
    """Return whether JSON values are nested deeper than `MAX_DEPTH`."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        tables = (one.values() if isinstance(one, dict) else one for one in level)
        level = [each for table in tables for each in table if isinstance(each, dict | list)]
    return bool(level)


class FrameDecoder:
    """Splits a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; return the bodies of all frames that are now complete.

        Raises
        ------
        JobError
            If a frame's length is more than 16 MiB.
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

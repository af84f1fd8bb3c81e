"""Operations, documents and job links as bytes of compressed JSON, and strictly back."""

import base64
import dataclasses
import hashlib
import json
import types
import typing
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union

from seqstudio.contracts.plain import from_plain, type_hints
from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.session.note_array import FIELDS, Notes
from seqstudio.session.operations import Operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

NAMES = {kind.__name__: kind for kind in typing.get_args(Operation)}
LARGEST_NUMBER = (1 << 63) - 1
WIDTHS = {"<u1": 255, "<u2": (1 << 16) - 1, "<u4": (1 << 32) - 1, "<i8": LARGEST_NUMBER}
LARGEST_BYTES = 1 << 30  # of one value unpacked: more is an attack, or not ours


def pack(value: Any) -> bytes:
    """Write frozen dataclasses as compressed JSON; an operation carries its name."""
    return zlib.compress(json.dumps(value, default=_plain, separators=(",", ":")).encode(), 1)


def unpack(kind: type[T], data: bytes, where: str) -> T:
    """Read a value back.

    Parameters
    ----------
    kind : a dataclass, or `Operation`
    where : begins every error

    Raises
    ------
    SessionError
        If the bytes are not what `pack` writes of such a value.
    """
    try:
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(data, LARGEST_BYTES)
        if unpacked.unconsumed_tail:
            raise SessionError(f"{where}: more than {LARGEST_BYTES} bytes, expected fewer")
        return typing.cast(T, _value(kind, json.loads(text), where))
    except (zlib.error, ValueError, RecursionError, TypeError, KeyError) as bad:
        raise SessionError(f"{where}: {bad}, expected what SeqStudio writes") from bad
    except SeqStudioError as bad:
        raise SessionError(str(bad)) from bad


def unpack_operation(data: bytes, where: str) -> Operation:
    """Read an operation back, as `unpack` does."""
    return unpack(Operation, data, where)  # type: ignore[arg-type]  # a union is no type to mypy


def checksum(number: int, *parts: bytes) -> bytes:
    """Hash a row: its number and its values."""
    whole = hashlib.blake2b(str(number).encode(), digest_size=16)
    for part in parts:
        whole.update(len(part).to_bytes(8))
        whole.update(part)
    return whole.digest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        table = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        named = NAMES.get(type(value).__name__) is type(value)
        return {"do": type(value).__name__, **table} if named else table
    if isinstance(value, Notes):
        return _rows(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, Path) else _refuse(value)


def _rows(notes: Notes) -> tuple[str, ...]:
    """Write each field of many notes as base64; onsets as steps, which are small and alike."""
    import numpy as np

    return tuple(map(_row, (np.diff(notes.onsets, prepend=0), *notes.table[1:])))


def _row(numbers: "NDArray[np.int64]") -> str:
    """Write numbers as narrow as the largest allows."""
    largest = numbers.max(initial=0) if numbers.min(initial=0) >= 0 else LARGEST_NUMBER
    kind = next(kind for kind, top in WIDTHS.items() if largest <= top)
    return f"{kind} {base64.b64encode(numbers.astype(kind).tobytes()).decode()}"


def _notes(rows: tuple[str, ...]) -> Notes:
    import numpy as np

    kinds, numbers = zip(*(row.split(" ") for row in rows), strict=True)
    if len(rows) != len(FIELDS) or not {*kinds} <= {*WIDTHS}:
        raise ValueError(f"rows of {kinds}, expected {len(FIELDS)}, each one of {(*WIDTHS,)}")
    read = [np.frombuffer(_value(bytes, n, ""), k) for k, n in zip(kinds, numbers, strict=True)]
    table = np.stack(read).astype(np.int64)
    table[0] = table[0].cumsum()
    return Notes(table)


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} cannot be written in a session")


def _value(kind: Any, value: Any, where: str) -> Any:
    if kind is Notes:
        return _notes(from_plain(tuple[str, ...], value, where, error=SessionError))
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    if kind is Operation:
        return _dataclass(NAMES[value.pop("do")], value, where)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, where) for item in value)
    if origin in (Union, types.UnionType) and types.NoneType in arguments and len(arguments) == 2:
        return None if value is None else _value(arguments[0], value, where)
    return from_plain(kind, value, where, error=SessionError)


def _dataclass(kind: Any, table: Mapping[str, Any], where: str) -> Any:
    hints = type_hints(kind)
    return kind(**{k: _value(hints[k], v, f"{where}.{k}") for k, v in table.items()})

import json
import pickle
from typing import Any

import pytest
import torch
from safetensors.torch import save

from seqstudio.errors import ModelError
from seqstudio.services.safetensors_header import HEADER_LIMIT, read_header


def file_of(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}


def test_files_of_the_safetensors_library_are_read() -> None:
    tensors = {"a": torch.zeros(2, 3), "b": torch.zeros((), dtype=torch.float16)}
    data = save(tensors, metadata={"format": "pt"})
    entries = read_header(data, len(data), "w")

    assert {name: (e.dtype, e.shape) for name, e in entries.items()} == {
        "a": ("F32", (2, 3)),
        "b": ("F16", ()),
    }


@pytest.mark.parametrize("length", [0x80, 0x280, 0x4B50])  # begin as a pickle, and as a zip, do
def test_a_header_whose_length_looks_like_a_pickle_is_read(length: int) -> None:
    header = json.dumps({"a": entry()}).encode().ljust(length)
    data = file_of(header, bytes(8))
    assert data[:1] == b"\x80" or data[:2] == b"PK"
    assert list(read_header(data, len(data), "w")) == ["a"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (pickle.dumps({"a": 1}), "a pickle, expected safetensors; it was not opened"),
        (b"PK\x03\x04 and so on", "a pickle, expected safetensors"),
        (b"abc", "3 bytes, expected a safetensors file"),
        (
            (HEADER_LIMIT + 1).to_bytes(8, "little"),
            f"header of {HEADER_LIMIT + 1} bytes, expected at most {HEADER_LIMIT}",
        ),
        ((99).to_bytes(8, "little") + b"{}", "header of 99 bytes, expected less than the file's"),
        (file_of(b"{"), "header is not JSON"),
        (file_of(b"[" * 100_000), "header is not JSON"),
        (file_of([]), "header is not an object"),
        (file_of(b'{"a":{},"a":{}}'), "'a' appears twice"),
        (file_of({"a": {}}), "a: {}, expected dtype, shape and data_offsets"),
        (file_of({"a": entry(code="x")}), "expected dtype, shape and data_offsets"),
        (file_of({"a": entry(dtype="PICKLE")}), "a: dtype 'PICKLE', expected one of F64"),
        (file_of({"a": entry(shape=[-2])}), r"a: \[-2\], expected whole numbers"),
        (file_of({"a": entry(shape=[True])}), r"a: \[True\], expected whole numbers"),
        (file_of({"a": entry(shape=[2**62, 2**62])}), r"a: bytes \[0, 8\], expected a range of"),
        (file_of({"a": entry(data_offsets=[0])}), r"a: bytes \[0\], expected a range of 8"),
        (file_of({"a": entry()}), "tensors of 8 bytes, expected 0 as in the file"),
        (file_of({"a": entry()}, bytes(9)), "tensors of 8 bytes, expected 9 as in the file"),
        (file_of({"a": entry(data_offsets=[4, 12])}, bytes(12)), "a begins at byte 4, expected 0"),
        (file_of({"a": entry(), "b": entry()}, bytes(8)), "b begins at byte 0, expected 8"),
    ],
)
def test_a_malformed_header_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(ModelError, match=f"^w: .*{text}"):
        read_header(data, len(data), "w")

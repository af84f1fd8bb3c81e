"""Unpacking sf3 banks, whose samples are Ogg Vorbis, to sf2, which renderers read."""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqstudio.errors import DataError
from seqstudio.media.sound_bank import RiffChunk, SoundBank

VORBIS = 0x10  # bit of a sample's type
GAP = 46  # silent samples that sf2 wants after each sample
HEADER = np.dtype(  # of a sample, 46 bytes
    [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("pitch", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("type", "<u2"),
    ]
)

Headers = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class _Samples:
    headers: Headers
    waves: list[npt.NDArray[np.int16]]


def as_sf2(bank: SoundBank) -> bytes:
    """Return the content of a bank as sf2; that of a bank without Vorbis samples is unchanged.

    In an sf3 bank the start and end of a sample are bytes, and its loop counts from its start.

    Raises
    ------
    DataError
        If a sample cannot be decoded.
    """
    parts = bank.lists[b"pdta"].parts()
    if b"shdr" not in parts or b"smpl" not in bank.lists[b"sdta"].parts():
        raise DataError(f"{bank.path}: no samples, expected a SoundFont with samples")
    data = parts[b"shdr"].data
    headers = np.frombuffer(data[: len(data) // HEADER.itemsize * HEADER.itemsize], HEADER).copy()
    if not (headers["type"] & VORBIS).any():
        return bank.content
    unpacked = _unpacked(bank, headers)
    presets = [
        (kind, unpacked.headers.tobytes() if kind == b"shdr" else bytes(chunk.data))
        for kind, chunk in parts.items()
    ]
    wave = (b"smpl", np.concatenate(unpacked.waves).tobytes())
    content = b"sfbk" + _chunk(b"LIST", bytes(bank.lists[b"INFO"].data))
    content += _chunk(b"LIST", b"sdta" + _chunk(*wave))
    content += _chunk(b"LIST", b"pdta" + b"".join(_chunk(*one) for one in presets))
    return _chunk(b"RIFF", content)


def _unpacked(bank: SoundBank, headers: Headers) -> _Samples:
    smpl: RiffChunk = bank.lists[b"sdta"].parts()[b"smpl"]
    waves, at = [], 0
    gap = np.zeros(GAP, dtype=np.int16)
    for header in headers[:-1]:  # the last one ends the list
        name = header["name"].decode("latin-1")
        start, end = int(header["start"]), int(header["end"])
        if header["type"] & VORBIS:
            wave = _decoded(bytes(smpl.data[start:end]), f"{bank.path}: sample {name}")
            header["loop_start"] += at
            header["loop_end"] += at
            header["type"] &= ~np.uint16(VORBIS)
        else:
            wave = np.frombuffer(smpl.data[2 * start : 2 * end], dtype="<i2")
            header["loop_start"] += at - start
            header["loop_end"] += at - start
        header["start"], header["end"] = at, at + len(wave)
        waves += [wave, gap]
        at += len(wave) + GAP
    return _Samples(headers, waves)


def _decoded(content: bytes, where: str) -> npt.NDArray[np.int16]:
    import soundfile  # imported late, as everywhere in this room

    try:
        samples, _ = soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{where}: {error.error_string}, expected Ogg Vorbis") from error
    return np.ascontiguousarray(samples[:, 0])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)

"""A sound bank with one sample, a looped triangle at A4, as sf2 and as sf3."""

import io

import numpy as np
import soundfile

from seqstudio.media.sound_bank_samples import HEADER, VORBIS

RATE_HZ, PERIOD = 44_000, 100  # a period of 100 samples is 440 Hz
LOOP = (20 * PERIOD, 60 * PERIOD)
SAMPLE_ID, SAMPLE_MODES = 53, 54


def wave() -> np.ndarray:
    """Return (N,) int16."""
    phase = np.arange(80 * PERIOD) % PERIOD / PERIOD
    return (20_000 * (1 - 4 * abs(phase - 0.5))).astype(np.int16)


def small_bank(*, vorbis: bool = False) -> bytes:
    """Return the content of the bank."""
    samples = wave()
    if vorbis:
        content = io.BytesIO()
        soundfile.write(content, samples, RATE_HZ, format="OGG", subtype="VORBIS")
        smpl, end = content.getvalue(), len(content.getvalue())
    else:
        smpl, end = samples.tobytes() + bytes(92), len(samples)
    headers = np.zeros(2, HEADER)
    headers[0] = (b"tone", 0, end, *LOOP, RATE_HZ, 69, 0, 0, 1 | (VORBIS if vorbis else 0))
    headers[1]["name"] = b"EOS"
    generators = [(SAMPLE_MODES, 1), (SAMPLE_ID, 0), (0, 0)]
    pdta = [
        chunk(b"phdr", preset(b"Tone", 0) + preset(b"EOP", 1)),
        chunk(b"pbag", words(0, 0, 1, 0)),
        chunk(b"pmod", bytes(10)),
        chunk(b"pgen", words(41, 0, 0, 0)),
        chunk(b"inst", b"Tone".ljust(20, b"\0") + words(0) + b"EOI".ljust(20, b"\0") + words(1)),
        chunk(b"ibag", words(0, 0, 2, 0)),
        chunk(b"imod", bytes(10)),
        chunk(b"igen", words(*(value for pair in generators for value in pair))),
        chunk(b"shdr", headers.tobytes()),
    ]
    info = chunk(b"ifil", words(3 if vorbis else 2, 1)) + chunk(b"isng", b"EMU8000\0")
    info += chunk(b"INAM", b"Triangle\0\0") + chunk(b"ICOP", b"public domain\0")
    content = b"sfbk" + chunk(b"LIST", b"INFO" + info)
    content += chunk(b"LIST", b"sdta" + chunk(b"smpl", smpl + bytes(len(smpl) % 2)))
    return chunk(b"RIFF", content + chunk(b"LIST", b"pdta" + b"".join(pdta)))


def preset(name: bytes, bag: int) -> bytes:
    return name.ljust(20, b"\0") + words(0, 0, bag) + bytes(12)


def words(*values: int) -> bytes:
    return np.array(values, dtype="<u2").tobytes()


def chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data

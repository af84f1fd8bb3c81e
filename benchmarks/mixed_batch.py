"""A batch of 500 recordings in many formats, with bad ones among them: each is accounted for.

    python benchmarks/mixed_batch.py [--files 500] [--model speech-en-small]

The recordings are the demo's, written in 15 formats by libsndfile and, where PyAV is installed, by
FFmpeg, at several rates and with one or two channels, in ten folders. Every 20th file is bad:
empty, no sound, cut, or a text named .wav. It prints how each format ended, whether the texts of
formats without loss are equal, and what the command itself said at the end.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
import soxr

SPEECH = Path(__file__).parents[1] / "assets" / "speech"
FORMATS = (  # suffix, container, subtype
    *(("wav", "WAV", "PCM_16"), ("wav", "WAV", "PCM_24"), ("wav", "WAV", "FLOAT")),
    *(("wav", "RF64", "PCM_16"), ("w64", "W64", "PCM_16"), ("flac", "FLAC", "PCM_16")),
    *(("aiff", "AIFF", "PCM_16"), ("au", "AU", "PCM_16"), ("caf", "CAF", "PCM_16")),
    *(("wav", "WAV", "ULAW"), ("ogg", "OGG", "VORBIS"), ("opus", "OGG", "OPUS")),
    ("mp3", "MP3", "MPEG_LAYER_III"),
)
FFMPEG = (("m4a", "ipod", "aac"), ("mka", "matroska", "aac"))  # suffix, container, codec
EXACT = frozenset(["PCM_16", "PCM_24", "FLOAT"])
RATES_HZ = (16000, 48000)


def sound(path: Path, rate_hz: int, channels: int) -> np.ndarray:
    """Return a recording at another rate, its channel repeated, as (N, channels)."""
    samples, given_hz = soundfile.read(path, dtype="float32")
    return np.repeat(soxr.resample(samples, given_hz, rate_hz)[:, None], channels, axis=1)


def write_with_ffmpeg(
    path: Path, container: str, codec: str, samples: np.ndarray, rate_hz: int
) -> None:
    import av

    layout = "mono" if samples.shape[1] == 1 else "stereo"
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", layout)
        frame.sample_rate = rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)


def write_bad(folder: Path, number: int, good: Path) -> Path:
    """Write one of four bad files."""
    path = folder / f"bad-{number}.wav"
    content = {
        0: b"",
        1: b"these are words, not sound",
        2: np.random.default_rng(number).bytes(5000),
        3: good.read_bytes()[:3000],
    }[number // 20 % 4]
    path.write_bytes(content)
    return path


def write_batch(folder: Path, files: int) -> dict[str, tuple[str, str]]:
    """Write the recordings; return of each path its format and, where it is exact, its source."""
    sources = sorted(SPEECH.glob("*.flac"))
    formats = [*FORMATS, *(FFMPEG if find_spec("av") else ())]
    written: dict[str, tuple[str, str]] = {}
    for number in range(files):
        place = folder / f"box-{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        source = sources[number % len(sources)]
        if number % 20 == 19:
            written[str(write_bad(place, number, source))] = "bad", ""
            continue
        suffix, container, codec = formats[number // len(sources) % len(formats)]
        rate_hz, channels = RATES_HZ[number // 7 % 2], 1 + number // 11 % 2
        path = place / f"{number:03}-{codec.lower()}.{suffix}"
        samples = sound(source, rate_hz, channels)
        if (suffix, container, codec) in FFMPEG:
            write_with_ffmpeg(path, container, codec, samples, rate_hz)
        else:
            soundfile.write(path, samples, rate_hz, format=container, subtype=codec)
        exact = codec in EXACT and rate_hz == RATES_HZ[0]
        written[str(path)] = f"{container} {codec}", source.name if exact else ""
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--model", default="speech-en-small")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        inbox, out = Path(folder, "inbox"), Path(folder, "out")
        written = write_batch(inbox, arguments.files)
        options = ["--out", str(out), "--recursive", "--yes", "--json", "--model", arguments.model]
        command = [sys.executable, "-m", "seqstudio", "speech", "transcribe", str(inbox), *options]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        report = json.loads(ended.stdout)
        outcomes: dict[str, Counter[str]] = {}
        texts: dict[str, Counter[str]] = {}
        for item in report["items"]:
            kind, source = written.pop(item["name"])
            outcomes.setdefault(kind, Counter())[item["state"]] += 1
            if source and item["state"] == "done":
                texts.setdefault(source, Counter())[Path(item["outputs"][0]).read_text()] += 1
    for kind, states in sorted(outcomes.items()):
        print(f"{kind}: " + ", ".join(f"{count} {state}" for state, count in states.items()))
    for source, found in sorted(texts.items()):
        print(f"{source}: {found.total()} exact copies at 16 kHz, {len(found)} different texts")
    print(f"{len(report['items'])} accounted for, {len(written)} not; exit code {ended.returncode}")
    print(f"{report['audio_s'] / 60:.1f} min of sound in {report['elapsed_s'] / 60:.1f} min")


if __name__ == "__main__":
    main()

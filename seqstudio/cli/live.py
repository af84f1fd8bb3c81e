"""A stream for an operation: of a microphone or a MIDI port, or a file at its own pace."""

import itertools
import queue
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.cli.live_midi import instrument, known_of_file, paced_notes
from seqstudio.cli.options import open_studio
from seqstudio.cli.output import echo
from seqstudio.cli.run_job import exit_unless_done, show_job
from seqstudio.contracts.manifest import Port
from seqstudio.errors import SeqStudioError
from seqstudio.host.studio import JobSpec
from seqstudio.host.text_format import one_line

BLOCK_S = 0.1
STOP_HINT = "what was heard so far is still worked on"


@dataclass(frozen=True, slots=True)
class MidiSource:
    """Where a stream of MIDI comes from, besides a file."""

    port: str = ""  # "" is the first one
    pace: float = 1.0  # of a file; 2 is twice as fast


def run_live(
    spec: JobSpec,
    port: Port,
    file: Path | None,
    *,
    as_json: bool,
    seeded: bool,
    midi: MidiSource,
) -> None:
    """Run a job and feed it until the file ends, or Ctrl-C; then print its result."""
    stopped = threading.Event()
    if port.kind == "stream.midi":
        spec = replace(spec, options=known_of_file(file, spec.options))
    stream = source(spec, port, file, midi)
    first = next(stream, b"")  # a missing device or a damaged file is said before a job starts
    handle = open_studio().submit(spec)
    if not file:
        echo("listening; Ctrl-C ends", err=True)

    def feed() -> None:
        try:
            for block in itertools.chain([first], stream):
                if stopped.is_set():
                    break
                handle.feed(block)
        except SeqStudioError as error:
            echo(one_line(str(error)), err=True)
        handle.close_input()

    threading.Thread(target=feed, daemon=True).start()
    several = spec.takes > 1
    outcome = show_job(
        handle,
        as_json=as_json,
        several=several,
        resume_hint=STOP_HINT,
        seeded=seeded,
        stop=stopped.set,
    )
    exit_unless_done(outcome, several=several)


def source(spec: JobSpec, port: Port, file: Path | None, midi: MidiSource) -> Iterator[bytes]:
    """Return the stream of a job: of the file, or of a device."""
    if port.kind == "stream.midi":
        tempo_bpm = float(spec.options.get("tempo", 0.0))
        return paced_notes(file, midi.pace) if file else instrument(midi.port, tempo_bpm)
    return paced(file, port.rate_hz) if file else microphone(port.rate_hz)


def paced(file: Path, rate_hz: int) -> Iterator[bytes]:
    """Yield blocks of a file as float32 samples, each when its sound would have been heard.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    from seqstudio.media.audio import mono, read_blocks, resample_blocks

    blocks = resample_blocks(map(mono, read_blocks(file, BLOCK_S)), rate_hz)
    started, sent_s = time.monotonic(), 0.0
    for block in blocks:
        sent_s += len(block.samples) / rate_hz
        time.sleep(max(0.0, started + sent_s - time.monotonic()))
        yield block.samples[:, 0].astype("<f4").tobytes()


def microphone(rate_hz: int) -> Iterator[bytes]:
    """Yield what the microphone hears, as float32 samples, without end.

    Raises
    ------
    SeqStudioError
        If there is none.
    """
    import miniaudio

    blocks: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def receive() -> Generator[None, bytes, None]:
        while True:
            blocks.put(bytes((yield)))

    try:
        arrivals = receive()
        next(arrivals)
        with miniaudio.CaptureDevice(
            miniaudio.SampleFormat.FLOAT32, nchannels=1, sample_rate=rate_hz, app_name="SeqStudio"
        ) as device:
            device.start(arrivals)
            while True:
                yield blocks.get()
    except miniaudio.MiniaudioError as error:
        raise SeqStudioError(f"no microphone ({error}), expected one, or a FILE") from error

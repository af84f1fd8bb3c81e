"""Rendering in a process of its own, for a program whose other threads must go on.

The renderer of sound banks holds Python's lock until it has finished, which takes seconds for a
long score.
"""

import subprocess
import sys

import numpy as np

from seqstudio.errors import DataError, SeqStudioError
from seqstudio.media.audio import Audio
from seqstudio.media.midi import Score
from seqstudio.media.rendering import render_sound

CHANNELS = 2
REFUSED = 3  # exit code; the reason is on stderr


def render_apart(score: Score) -> Audio:
    """Render a score as `render_sound` does, in another process.

    Raises
    ------
    DataError
        As `render_sound`, or if the process fails.
    """
    command = [sys.executable, "-I", "-m", __spec__.name]
    done = subprocess.run(command, input=score.to_bytes(), capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        whole = reason if done.returncode == REFUSED else f"rendering ended with: {reason}"
        raise DataError(whole)
    rate_hz = int.from_bytes(done.stdout[:4])
    samples = np.frombuffer(done.stdout, dtype=np.float32, offset=4)
    return Audio(samples.reshape(-1, CHANNELS), rate_hz)


def main() -> None:
    """Render the score on stdin; write its sample rate and samples to stdout."""
    try:
        audio = render_sound(Score.from_bytes(sys.stdin.buffer.read()))
    except SeqStudioError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(REFUSED)
    sys.stdout.buffer.write(audio.rate_hz.to_bytes(4))
    sys.stdout.buffer.write(audio.samples.astype(np.float32).tobytes())


if __name__ == "__main__":
    main()

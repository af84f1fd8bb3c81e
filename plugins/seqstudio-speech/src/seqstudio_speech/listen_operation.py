"""The operation `listen`: live sound in, text while it is said, and the transcript at the end."""

import time
from collections.abc import Iterator

import numpy as np

from seqstudio.api import ConfigError, Job, Request, Result
from seqstudio_speech.listening import Listener
from seqstudio_speech.operation import search_options
from seqstudio_speech.recognise import Recogniser

RATE_HZ = 16000  # as in the manifest
UPDATE_S = 0.5  # of new sound between two provisional texts, at least
BUSY = 2  # times as much new sound as the last text took to compute, at least


class Listen:
    """Transcribes a microphone, or a file at its own pace."""

    name = "listen"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the transcript when the sound ends; show provisional text before.

        Raises
        ------
        ConfigError
            If the model is for another sample rate.
        """
        model = job.model()
        recogniser = Recogniser(model, search_options(request.options, model, job))
        if (rate_hz := recogniser.settings.features.rate_hz) != RATE_HZ:
            raise ConfigError(f"model {model.name!r}: {rate_hz} Hz, expected {RATE_HZ} Hz")
        listener = Listener(recogniser)
        delays: list[float] = []
        next_s, shown = UPDATE_S, ""
        for block in job.input_blocks():
            listener.add(np.frombuffer(block, "<f4"))
            if listener.heard_s < next_s:
                continue
            started = time.perf_counter()
            if (text := listener.text()) != shown:
                shown = text
                job.partial(text)
            delays.append(time.perf_counter() - started)
            next_s = listener.heard_s + max(UPDATE_S, BUSY * delays[-1])
        started = time.perf_counter()
        transcript = listener.finish("live")
        last_s = time.perf_counter() - started
        count = sum(len(segment.words) for segment in transcript.segments)
        summary = f"{count} words in {listener.heard_s:.1f} s; {_latency(delays, last_s)}"
        yield Result(
            outputs={"transcript": transcript},
            summary="; ".join((summary, *transcript.notes)),
            details={"words": count, "duration_s": round(listener.heard_s, 3)},
        )


def _latency(delays: list[float], last_s: float) -> str:
    """Say how long text took: provisional text after its sound arrived, and the rest at the end."""
    if not delays:
        return f"the text took {1000 * last_s:.0f} ms"
    middle, high = np.quantile(delays, [0.5, 0.95])
    return (
        f"provisional text took {1000 * middle:.0f} ms (median; 95 %: {1000 * high:.0f}), "
        f"the end {1000 * last_s:.0f} ms"
    )

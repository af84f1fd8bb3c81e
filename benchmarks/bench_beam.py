"""Time of beam search beside sampling as many takes, with and without attention.

Goal: a beam of 8 costs at most 1.5 times sampling 8 takes of the same length. Medians of the CPU
time of one thread; the two run in turn. Run `python benchmarks/bench_beam.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from seqstudio.api import BeamConfig, SamplingConfig, TakeSeed
from seqstudio.api.nn import (
    AdditiveConfig,
    DecoderConfig,
    Encoded,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
    SequenceModel,
    build,
)
from seqstudio.services.beam_search import beam_search
from seqstudio.services.sampling import sample

VOCABULARY, DIMENSION, LAYERS, BEAM = 400, 128, 2, 8
STEPS, ROUNDS, FRAMES = 100, 15, 250


class FixedLength:
    """Ends every row after `STEPS` tokens."""

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        """Allow every token."""

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the row is long enough."""
        return len(tokens) >= STEPS


def sample_takes(model: SequenceModel, encoded: Encoded | None) -> None:
    takes = [TakeSeed(number, seed=number) for number in range(1, BEAM + 1)]
    inputs = ([()] * BEAM, takes, FixedLength(), SamplingConfig())
    for _ in sample(model, *inputs, encoded=encoded, items=[0] * BEAM):
        pass


def search(model: SequenceModel, encoded: Encoded | None) -> None:
    beam_search(model, [()], FixedLength(), BeamConfig(beam=BEAM), encoded=encoded)


def medians(loops: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median CPU seconds of one step of each loop; the loops run in turn."""
    times: dict[str, list[float]] = {name: [] for name in loops}
    for loop in loops.values():
        loop()
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            started = time.process_time()
            loop()
            times[name].append((time.process_time() - started) / STEPS)
    return {name: statistics.median(each) for name, each in times.items()}


def decoder(hidden: int) -> DecoderConfig:
    return DecoderConfig(vocabulary=VOCABULARY, dimension=DIMENSION, hidden=hidden, layers=LAYERS)


def attending(hidden: int) -> ModelConfig:
    """Return a model whose decoder attends to an encoder's output of width 640."""
    return ModelConfig(
        source=FramesConfig(features=20),
        encoder=EncoderConfig(hidden=320, layers=1),
        attention=AdditiveConfig(),
        decoder=decoder(hidden),
    )


def compare(title: str, config: ModelConfig) -> None:
    torch.manual_seed(0)
    model = build(config).eval()
    encoded = None
    if model.encoder is not None:
        with torch.inference_mode():
            encoded = model.encode(torch.randn(1, FRAMES, 20), torch.tensor([FRAMES]))
    found = medians(
        {
            f"{BEAM} takes": lambda: sample_takes(model, encoded),
            f"beam of {BEAM}": lambda: search(model, encoded),
        }
    )
    print(title)
    for name, seconds in found.items():
        print(f"  {name:10s} {1e6 * seconds:6.0f} us a step")
    takes, beam = found.values()
    print(f"  {beam / takes:.2f} times the takes (goal 1.5 or less)")


if __name__ == "__main__":
    torch.set_num_threads(1)
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {platform.machine()}, {capability}, 1 thread")
    print(f"{LAYERS} LSTM layers, {VOCABULARY} tokens, sequences of {STEPS}")
    for hidden in (256, 512):
        compare(f"hidden {hidden}", ModelConfig(decoder=decoder(hidden)))
    compare(f"hidden 256, attention to one source of {FRAMES} frames", attending(256))

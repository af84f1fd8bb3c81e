"""Time of beam search beside sampling as many takes, with a flat decoder.

Goal: a beam of 8 costs at most 1.5 times sampling 8 takes of the same length. Medians of the CPU
time of one thread; the two run in turn. Run `python benchmarks/bench_beam.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from seqstudio.api import BeamConfig, SamplingConfig, TakeSeed
from seqstudio.api.nn import DecoderConfig, ModelConfig, SequenceModel, build
from seqstudio.services.beam_search import beam_search
from seqstudio.services.sampling import sample

VOCABULARY, DIMENSION, LAYERS, BEAM = 400, 128, 2, 8
STEPS, ROUNDS = 100, 15


class FixedLength:
    """Ends every row after `STEPS` tokens."""

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        """Allow every token."""

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the row is long enough."""
        return len(tokens) >= STEPS


def sample_takes(model: SequenceModel) -> None:
    takes = [TakeSeed(number, seed=number) for number in range(1, BEAM + 1)]
    for _ in sample(model, [()] * BEAM, takes, FixedLength(), SamplingConfig()):
        pass


def search(model: SequenceModel) -> None:
    beam_search(model, [()], FixedLength(), BeamConfig(beam=BEAM))


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


def compare(hidden: int) -> None:
    torch.manual_seed(0)
    config = DecoderConfig(vocabulary=VOCABULARY, dimension=DIMENSION, hidden=hidden, layers=LAYERS)
    model = build(ModelConfig(decoder=config)).eval()
    found = medians(
        {
            f"{BEAM} takes": lambda: sample_takes(model),
            f"beam of {BEAM}": lambda: search(model),
        }
    )
    print(f"hidden {hidden}")
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
        compare(hidden)

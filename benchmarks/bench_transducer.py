"""Cost of a transducer beside CTC: a training step of the same encoder, and the search.

CPU time of one thread; medians, the variants in turn. Run `python benchmarks/bench_transducer.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable

import torch

from seqstudio.api.nn import (
    CTCConfig,
    DecoderConfig,
    EncoderConfig,
    FramesConfig,
    JointConfig,
    ModelConfig,
    SequenceModel,
    best_path,
    build,
    transducer_beam,
)

ROWS, FRAMES, FACTOR, LABELS, VOCABULARY = 8, 400, 4, 40, 30
ROUNDS = 7


def build_model(head: CTCConfig | JointConfig) -> SequenceModel:
    decoder = DecoderConfig(vocabulary=VOCABULARY, dimension=64, hidden=256, layers=1)
    config = ModelConfig(
        source=FramesConfig(features=80, subsampling="stack", factor=FACTOR),
        encoder=EncoderConfig(hidden=256, layers=2),
        decoder=decoder if isinstance(head, JointConfig) else None,
        heads={head.part: head},
    )
    torch.manual_seed(0)
    return build(config)


def train_step(model: SequenceModel, head: str) -> None:
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(ROWS, FRAMES, 80, generator=generator)
    labels = torch.randint(1, VOCABULARY, (ROWS, LABELS), generator=generator)
    encoded = model.encode(frames, torch.full((ROWS,), FRAMES))
    total, _ = model.head_loss(head, encoded, labels, torch.full((ROWS,), LABELS))
    total.backward()


def search(model: SequenceModel, beam: int) -> None:
    with torch.inference_mode():
        encoded = model.encode(torch.ones(1, FRAMES, 80), torch.tensor([FRAMES]))
        transducer_beam(model, encoded, beam=beam, most_labels=LABELS)


def greedy_ctc(model: SequenceModel) -> None:
    with torch.inference_mode():
        encoded = model.encode(torch.ones(1, FRAMES, 80), torch.tensor([FRAMES]))
        best_path(model.head("ctc")(encoded)[0])


def medians_ms(variants: dict[str, Callable[[], None]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in variants}
    for round_number in range(ROUNDS + 1):
        for name, variant in variants.items():
            started = time.process_time()
            variant()
            if round_number:  # the first one warms up
                times[name].append(time.process_time() - started)
    return {name: 1000 * statistics.median(each) for name, each in times.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {platform.machine()}, one thread, {ROWS} items of", end=" ")
    print(f"{FRAMES // FACTOR} encoder frames and {LABELS} labels; search over one item")
    ctc = build_model(CTCConfig(vocabulary=VOCABULARY))
    transducer = build_model(JointConfig())
    found = medians_ms(
        {
            "training step, CTC": lambda: train_step(ctc, "ctc"),
            "training step, transducer": lambda: train_step(transducer, "joint"),
            "best path, CTC": lambda: greedy_ctc(ctc),
            "greedy search, transducer": lambda: search(transducer, 1),
            "beam of 8, transducer": lambda: search(transducer, 8),
        }
    )
    for name, milliseconds in found.items():
        print(f"{name:27} {milliseconds:7.1f} ms")

"""A training step in bfloat16 and in float32, on the CPU: how `precision` is chosen there."""

import platform
import statistics
import time

import torch
from torch import Tensor

from seqstudio.core.config import ModelConfig
from seqstudio.core.devices import autocast
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel, build

ROUNDS = 7
ITEMS, FRAMES, LABELS = 8, 800, 40


def one_step(model: SequenceModel, frames: Tensor, precision: str) -> float:
    """Return the CPU time of a forward and a backward pass, in seconds."""
    labels = torch.arange(ITEMS * LABELS).view(ITEMS, LABELS) % 29 + 1
    model.zero_grad(set_to_none=True)
    start_s = time.process_time()
    with autocast(torch.device("cpu"), precision):
        encoded = model.encode(frames, torch.full((ITEMS,), FRAMES))
        loss, _ = model.head("ctc").loss(encoded, labels, torch.full((ITEMS,), LABELS))
    loss.backward()
    return time.process_time() - start_s


def ratio(hidden: int) -> tuple[float, float]:
    """Return the medians of interleaved steps in float32 and in bfloat16, in seconds."""
    torch.manual_seed(0)
    config = ModelConfig(
        source=FramesConfig(features=80, subsampling="stack", factor=4),
        encoder=EncoderConfig(hidden=hidden, layers=3),
        heads={"ctc": CTCConfig(vocabulary=30)},
    )
    model, frames = build(config).train(), torch.randn(ITEMS, FRAMES, 80)
    times: dict[str, list[float]] = {"fp32": [], "bf16": []}
    for _ in range(ROUNDS):
        for precision, seconds in times.items():
            seconds.append(one_step(model, frames, precision))
    return statistics.median(times["fp32"]), statistics.median(times["bf16"])


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {platform.machine()}, 8 utterances of 8 s, 3 layers, CTC")
    for hidden in (128, 256, 512):
        fp32_s, bf16_s = ratio(hidden)
        print(
            f"hidden {hidden}: float32 {fp32_s * 1e3:.0f} ms, bfloat16 {bf16_s * 1e3:.0f} ms: "
            f"{bf16_s / fp32_s:.2f} times as long"
        )

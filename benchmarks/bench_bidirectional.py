"""How fast a bidirectional LSTM layer trains on ragged batches: ours against packed `nn.LSTM`.

Goal: at least 1.6 times packed `nn.LSTM`, and equal to it to 1e-5. Beside them padded `nn.LSTM`,
which is inexact, and the layer's matmuls alone, at the rate of a large product. One forward and
backward pass; CPU time of one thread, in turns, medians. Run
`python benchmarks/bench_bidirectional.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqstudio.core.recurrent import BidirectionalLayer

BATCH, FEATURES, HIDDEN, ROUNDS = 8, 640, 320, 11
BUCKETS = {"40 to 60 frames": (40, 60), "20 to 100 frames": (20, 100)}
Layer = Callable[[Tensor], Tensor]


def ours(layer: BidirectionalLayer, lengths: Tensor) -> Layer:
    return lambda frames: layer.outputs(frames, lengths)


def packed(lstm: nn.LSTM, lengths: Tensor) -> Layer:
    def run(frames: Tensor) -> Tensor:
        ragged = pack_padded_sequence(frames, lengths, batch_first=True, enforce_sorted=False)
        result: Tensor = pad_packed_sequence(lstm(ragged)[0], batch_first=True)[0]
        return result

    return run


def twins() -> tuple[BidirectionalLayer, nn.LSTM]:
    layer = BidirectionalLayer("lstm", FEATURES, HIDDEN)
    lstm = nn.LSTM(FEATURES, HIDDEN, batch_first=True, bidirectional=True)
    for suffix, half in (("", layer.ahead), ("_reverse", layer.back)):
        for name, weight in half.rnn.named_parameters():
            getattr(lstm, name + suffix).data = weight.data
    return layer, lstm


def train_once(layer: Layer, frames: Tensor, inside: Tensor) -> None:
    torch.autograd.backward(layer(frames)[inside].sum())


def matmuls_alone(lengths: Tensor) -> float:
    """Seconds that the layer's products would take, forward and backward, as one large product."""
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        left @ right
        times.append(time.process_time() - started)
    frame = 2 * 4 * HIDDEN * (FEATURES + HIDDEN)  # multiplications, both directions
    return 3 * frame * int(lengths.sum()) / 1024**3 * statistics.median(times)


def compare(name: str, shortest: int, longest: int) -> None:
    torch.manual_seed(0)
    lengths = torch.linspace(shortest, longest, BATCH).long()
    frames = torch.randn(BATCH, longest, FEATURES, requires_grad=True)
    inside = torch.arange(longest) < lengths[:, None]
    layer, lstm = twins()
    layers = {
        "ours": ours(layer, lengths),
        "packed nn.LSTM": packed(lstm, lengths),
        "padded nn.LSTM, inexact": lambda frames: lstm(frames)[0],
    }
    difference = (layers["ours"](frames) - layers["packed nn.LSTM"](frames))[inside].abs().max()
    times: dict[str, list[float]] = {kind: [] for kind in layers}
    for _ in range(ROUNDS):
        for kind, run in layers.items():
            started = time.process_time()
            train_once(run, frames, inside)
            times[kind].append(time.process_time() - started)
    found = {kind: statistics.median(each) for kind, each in times.items()}
    found["matmuls alone"] = matmuls_alone(lengths)
    print(f"{BATCH} items of {name}; largest difference from packed {difference.item():.1e}")
    for kind, seconds in found.items():
        print(f"  {kind:24s} {1000 * seconds:7.1f} ms forward and backward")
    print(f"  {found['packed nn.LSTM'] / found['ours']:.2f} times packed (goal 1.6 or more)")
    print(f"  {found['ours'] / found['matmuls alone']:.2f} of the matmuls alone")


if __name__ == "__main__":
    torch.set_num_threads(1)
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {platform.machine()}, {capability}, 1 thread")
    for name, limits in BUCKETS.items():
        compare(name, *limits)

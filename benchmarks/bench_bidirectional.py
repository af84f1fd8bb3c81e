"""Training time of a bidirectional LSTM layer on padded batches: ours against packed `nn.LSTM`.

Goal: at least 1.6 times as fast as packed `nn.LSTM`, with outputs equal to 1e-5. Also measured are
padded `nn.LSTM`, which is inexact, and the layer's matmuls alone, at the speed of one large matmul.
Forward and backward passes over batches with the lengths of utterances; medians of the CPU time of
one thread; the layers run in turn. Run `python benchmarks/bench_bidirectional.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqstudio.core.recurrent import BidirectionalLayer, PaddedLengths

BATCH, FEATURES, HIDDEN, ROUNDS = 8, 640, 320, 7
SHORTEST, LONGEST, BATCHES = 38, 175, 8  # frames: 1.5 to 7 s at 25 frames a second
SPREADS = ((40, 60), (20, 100))  # frames: the shortest and longest of one batch
Layer = Callable[[Tensor], Tensor]


def ours(layer: BidirectionalLayer, lengths: Tensor) -> Layer:
    return lambda frames: layer.outputs(frames, PaddedLengths(lengths, frames.shape[1]))


def packed(lstm: nn.LSTM, lengths: Tensor) -> Layer:
    def run(frames: Tensor) -> Tensor:
        packed_frames = pack_padded_sequence(
            frames, lengths, batch_first=True, enforce_sorted=False
        )
        result: Tensor = pad_packed_sequence(lstm(packed_frames)[0], batch_first=True)[0]
        return result

    return run


def padded(lstm: nn.LSTM) -> Layer:
    def run(frames: Tensor) -> Tensor:
        result: Tensor = lstm(frames)[0]
        return result

    return run


def equal_layers() -> tuple[BidirectionalLayer, nn.LSTM]:
    """Return our layer and torch's with the same weights."""
    layer = BidirectionalLayer("lstm", FEATURES, HIDDEN)
    lstm = nn.LSTM(FEATURES, HIDDEN, batch_first=True, bidirectional=True)
    for suffix, direction in (("", layer.forward_rnn), ("_reverse", layer.backward_rnn)):
        for name, weight in direction.rnn.named_parameters():
            getattr(lstm, name + suffix).data = weight.data
    return layer, lstm


def train_once(layer: Layer, frames: Tensor, inside: Tensor) -> None:
    torch.autograd.backward(layer(frames)[inside].sum())


def matmuls_alone(lengths: Tensor) -> float:
    """Return the seconds of the layer's matmuls, forward and backward, as one large matmul."""
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        left @ right
        times.append(time.process_time() - started)
    frame = 2 * 4 * HIDDEN * (FEATURES + HIDDEN)  # multiplications, both directions
    return 3 * frame * int(lengths.sum()) / 1024**3 * statistics.median(times)


def draw_lengths(*, bucketed: bool) -> list[Tensor]:
    """Draw the lengths of all batches; `bucketed` sorts them first, as training does."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(SHORTEST, LONGEST, (BATCHES * BATCH,), generator=generator)
    return list((lengths.sort().values if bucketed else lengths).split(BATCH))


def compare(name: str, batches: list[Tensor]) -> None:
    torch.manual_seed(0)
    layer, lstm = equal_layers()
    times: dict[str, list[float]] = {"ours": [], "packed nn.LSTM": [], "padded, inexact": []}
    difference = 0.0
    for number, lengths in enumerate(batches * ROUNDS):
        frames = torch.randn(BATCH, int(lengths.max()), FEATURES, requires_grad=True)
        inside = torch.arange(frames.shape[1]) < lengths[:, None]
        layers = {
            "ours": ours(layer, lengths),
            "packed nn.LSTM": packed(lstm, lengths),
            "padded, inexact": padded(lstm),
        }
        outputs = [layers[kind](frames)[inside].detach() for kind in ("ours", "packed nn.LSTM")]
        difference = max(difference, float((outputs[0] - outputs[1]).abs().max()))
        for kind, run in layers.items():
            started = time.process_time()
            train_once(run, frames, inside)
            times[kind] += [0.0] if number % len(batches) == 0 else []
            times[kind][-1] += time.process_time() - started
    found = {kind: statistics.median(each) for kind, each in times.items()}
    found["matmuls alone"] = matmuls_alone(torch.cat(batches))
    print(f"{name}; largest difference from packed {difference:.1e}")
    for kind, seconds in found.items():
        print(f"  {kind:16s} {1000 * seconds:7.0f} ms forward and backward")
    print(f"  {found['packed nn.LSTM'] / found['ours']:.2f} times packed (goal 1.6 or more)")
    print(f"  {found['ours'] / found['matmuls alone']:.2f} of the matmuls alone")


if __name__ == "__main__":
    torch.set_num_threads(1)
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {platform.machine()}, {capability}, 1 thread")
    size = f"{BATCHES} batches of {BATCH}, {SHORTEST} to {LONGEST} frames"
    compare(f"{size}, in buckets of similar length", draw_lengths(bucketed=True))
    compare(f"{size}, unsorted", draw_lengths(bucketed=False))
    for shortest, longest in SPREADS:
        lengths = torch.linspace(shortest, longest, BATCH).long()
        compare(f"one batch of {BATCH}, {shortest} to {longest} frames", [lengths])

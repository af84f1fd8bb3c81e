"""Time of encoding one utterance: ours in fp32, and ONNX Runtime in fp32 and int8.

Goal: int8 at least 3 times as fast as ours. Medians of the CPU time of one thread; the three run in
turn. Needs the extra `onnx`. Run `python benchmarks/bench_onnx.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable

import onnxruntime
import torch
from torch import Tensor

from seqstudio.api.nn import (
    CTCConfig,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
    SequenceModel,
    build,
    quantize_onnx,
    to_onnx,
)

SECONDS, FRAMES_PER_S, FEATURES, FACTOR, VOCABULARY = 10, 100, 80, 4, 30
HIDDEN, LAYERS, ROUNDS = 320, 3, 25
Run = Callable[[], Tensor]


def our_run(model: SequenceModel, inputs: Tensor, lengths: Tensor) -> Run:
    def run() -> Tensor:
        with torch.inference_mode():
            log_probs: Tensor = model.head("ctc")(model.encode(inputs, lengths))
        return log_probs

    return run


def onnx_run(file: bytes, inputs: Tensor, lengths: Tensor) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    given = {"inputs": inputs.numpy(), "lengths": lengths.numpy()}
    return lambda: torch.from_numpy(session.run(["output"], given)[0])


def medians(runs: dict[str, Run]) -> dict[str, float]:
    """Return the median CPU seconds of each run; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.process_time()
            run()
            times[name].append(time.process_time() - started)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        source=FramesConfig(features=FEATURES, subsampling="stack", factor=FACTOR),
        encoder=EncoderConfig(hidden=HIDDEN, layers=LAYERS),
        heads={"ctc": CTCConfig(vocabulary=VOCABULARY)},
    )
    model = build(config).eval()
    frames = SECONDS * FRAMES_PER_S
    inputs, lengths = torch.randn(1, frames, FEATURES), torch.tensor([frames])
    file = to_onnx(model, "ctc")
    small = quantize_onnx(file)
    runs = {
        "ours, fp32": our_run(model, inputs, lengths),
        "ONNX, fp32": onnx_run(file, inputs, lengths),
        "ONNX, int8": onnx_run(small, inputs, lengths),
    }
    outputs = {name: run() for name, run in runs.items()}
    found = medians(runs)
    print(f"{LAYERS} bidirectional LSTM layers of {HIDDEN}, one utterance of {SECONDS} s")
    print(f"  bytes: fp32 {len(file) / 1e6:.1f} MB, int8 {len(small) / 1e6:.1f} MB")
    for name, seconds in found.items():
        error = float((outputs[name] - outputs["ours, fp32"]).abs().max())
        speed = f"{1e3 * seconds:6.1f} ms, {SECONDS / seconds:5.0f} times real time"
        print(f"  {name}  {speed}, off by {error:.1e} nats")
    ours = found["ours, fp32"]
    print(f"  fp32 {ours / found['ONNX, fp32']:.2f} times ours")
    print(f"  int8 {ours / found['ONNX, int8']:.2f} times ours (goal 3 or more)")


if __name__ == "__main__":
    torch.set_num_threads(1)
    capability = torch.backends.cpu.get_cpu_capability()
    versions = f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__}"
    print(f"{versions}, {platform.machine()}, {capability}, 1 thread")
    main()

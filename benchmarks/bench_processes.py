"""Training in two processes of one thread against one process of two threads.

Goal: at least 1.3 times as many steps a second on two cores. Short trainings of `speech.ctc` run in
turn, each from its command; a step is timed when it appears in the run's log, so that starting and
evaluating do not count. Run `python benchmarks/bench_processes.py [DATA]`; without a folder of
recordings, tones of 2 to 6 s with random texts are generated.

Before that it prints the CPU time, on one thread, of the parts of a step: two processes halve the
gradients alone. `python benchmarks/bench_processes.py parts` prints nothing else.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from seqstudio.core.config import ModelConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.memory import keep_freed_memory
from seqstudio.core.model import SequenceModel, build

ROUNDS, STEPS, SKIPPED = 3, 16, 3  # the first steps of a run are slower
BATCH, RATE_HZ = 16, 16_000
SETTINGS = ("epochs=1", f"batch_size={BATCH}", "save_every_s=3600", "valid_share=0.001")


def write_tones(folder: Path) -> Path:
    """Write recordings with a text beside each, enough for the steps of one epoch."""
    rng = np.random.default_rng(0)
    (folder / "train").mkdir(parents=True)
    (folder / "valid").mkdir()
    for number in range(STEPS * BATCH + 1):
        split = "train" if number else "valid"
        seconds = rng.uniform(2, 6)
        times_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
        tone = np.sin(2 * np.pi * rng.uniform(200, 2000) * times_s) + rng.normal(
            0, 0.1, len(times_s)
        )
        text = "".join(rng.choice(list("abcdefgh "), int(4 * seconds)))
        path = folder / split / f"{number:04d}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes((tone / 2 * 2**14).astype("<i2").tobytes())
        path.with_suffix(".txt").write_text(text, encoding="utf-8")
    return folder


def steps_a_second(data: Path, folder: Path, *processes: str) -> float:
    """Train for an epoch; return the median rate between two steps."""
    run = folder / "run"
    sets = [word for setting in SETTINGS for word in ("--set", setting)]
    command = ["train", "speech.ctc", str(data), "--run", str(run), *sets, *processes]
    process = subprocess.Popen(
        [sys.executable, "-m", "seqstudio", *command],
        env={**os.environ, "SEQSTUDIO_HOME": str(folder / "profile")},
        stdout=subprocess.DEVNULL,
    )
    seen_s: list[float] = []
    while process.poll() is None:
        seen_s += [time.monotonic()] * (count_steps(run / "events.jsonl") - len(seen_s))
        time.sleep(0.002)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} exited with status {process.returncode}")
    return 1 / statistics.median(np.diff(seen_s[SKIPPED:]))


def count_steps(log: Path) -> int:
    """Return how many steps a log has."""
    if not log.exists():
        return 0
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    events = (json.loads(line)["event"] for line in lines if line.endswith("\n"))
    return sum(event == "step" for event in events)


def computed(model: SequenceModel, frames: Tensor) -> None:
    """Compute the gradients of a batch of 4 s each."""
    rows, count = frames.shape[:2]
    model.zero_grad(set_to_none=True)
    encoded = model.encode(frames, torch.full((rows,), count))
    labels = torch.arange(rows * 20).view(rows, 20) % 29 + 1
    loss, _ = model.head("ctc").loss(encoded, labels, torch.full((rows,), 20))
    loss.backward()


def print_parts() -> None:
    """Print the medians of the parts of a step."""
    torch.set_num_threads(1)
    keep_freed_memory()  # as a training does
    source = FramesConfig(features=80, subsampling="stack", factor=4)
    encoder, heads = EncoderConfig(hidden=320, layers=3), {"ctc": CTCConfig(vocabulary=30)}
    model = build(ModelConfig(source=source, encoder=encoder, heads=heads)).train()
    weights = list(model.parameters())
    optimiser = torch.optim.AdamW(weights, fused=True)
    batches = [torch.randn(rows, 400, 80) for rows in (BATCH // 2, BATCH)]
    parts: dict[str, Callable[[], object]] = {
        f"gradients of {BATCH // 2} utterances": lambda: computed(model, batches[0]),
        f"gradients of {BATCH} utterances": lambda: computed(model, batches[1]),
        "gradients in one tensor": lambda: torch.cat(
            [one.grad.flatten() for one in weights if one.grad is not None]
        ),
        "norm of the gradients": lambda: nn.utils.clip_grad_norm_(weights, 1.0),
        "update of the weights": lambda: optimiser.step(),
    }
    times_ms: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(2 * ROUNDS):
        for name, run in parts.items():
            started = time.process_time()
            run()
            times_ms[name].append(1e3 * (time.process_time() - started))
    print(f"  {sum(map(Tensor.numel, weights)) / 1e6:.1f} million weights; CPU time on one thread")
    for name, found in times_ms.items():
        print(f"  {name:31}{statistics.median(found):5.0f} ms")


def main() -> None:
    """Run the trainings in turn and print the rates."""
    load = os.getloadavg()[0]
    print(
        f"torch {torch.__version__}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"
    )
    print_parts()
    if sys.argv[1:] == ["parts"]:
        return
    kinds = {
        "one process, two threads": (),
        "two processes, one thread each": ("--processes", "2"),
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else write_tones(work / "data")
        for number in range(ROUNDS):
            for kind, processes in kinds.items():
                folder = work / f"{number}-{kind[:3]}"
                rates[kind].append(steps_a_second(data, folder, *processes))
    for kind, found in rates.items():
        each = ", ".join(f"{rate:.2f}" for rate in found)
        print(f"  {kind:31}{statistics.median(found):5.2f} steps a second ({each})")
    one, two = (statistics.median(found) for found in rates.values())
    print(f"  {two / one:.2f} times as fast in two processes (goal 1.3 or more)")


if __name__ == "__main__":
    main()

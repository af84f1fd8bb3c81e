"""Training in two threads, alone and beside other programs: how long a waiting thread spins."""

import contextlib
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator

from seqstudio.host.runner.worker_process import SPINS

ROUNDS = 3
STEP = """
import time, torch
layer, inputs = torch.nn.LSTM(256, 256), torch.randn(20, 64, 256)
for round in range(2):
    start_s = time.perf_counter()
    for _ in range(10):
        layer(inputs)[0].sum().backward()
print((time.perf_counter() - start_s) * 100)
"""
WAYS = {
    "one thread": {"OMP_NUM_THREADS": "1"},
    "two threads, libgomp's default": {"OMP_NUM_THREADS": "2"},
    "two threads, ours": {"OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": SPINS},
}


@contextlib.contextmanager
def others(count: int) -> Iterator[None]:
    """Keep so many other processes busy, each in a session of its own, as programs are."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def step_ms(environment: dict[str, str]) -> float:
    """Return the time that passes in one step, in milliseconds, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", STEP],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for count in (0, 2, 4):
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        with others(count):
            for _ in range(ROUNDS):
                for way, environment in WAYS.items():
                    times[way].append(step_ms(environment))
        for way, found in times.items():
            print(f"{count} other programs, {way}: {statistics.median(found):.0f} ms a step")

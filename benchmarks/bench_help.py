"""Measure the time of `seqstudio --help`, as a multiple of a bare Python that imports argparse.

Limit: 3.0 for `--version` and `--help`. Baseline in the same run: click alone, which prints the
help. Run `python benchmarks/bench_help.py`.
"""

import os
import platform
import statistics
import subprocess
import sys
import time

ROUNDS = 21
COMMANDS = {
    "import argparse": ["-c", "import argparse"],
    "import click": ["-c", "import click"],
    "--version": ["-m", "seqstudio", "--version"],
    "--help": ["-m", "seqstudio", "--help"],
    "speech --help": ["-m", "seqstudio", "speech", "--help"],
    "speech transcribe --help": ["-m", "seqstudio", "speech", "transcribe", "--help"],
}


def medians(commands: dict[str, list[str]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median seconds of each command; the commands alternate, round after round."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(samples) for name, samples in times.items()}


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    results = medians(COMMANDS)
    for name, seconds in results.items():
        ratio = seconds / results["import argparse"]
        print(f"{name:26s} {1000 * seconds:5.0f} ms  {ratio:.2f} times argparse")

"""Time until a worker is ready, confined and not: one that loads no torch, and one that does."""

import argparse
import platform
import statistics
import tempfile
import time
from pathlib import Path

from seqstudio.contracts.messages import PluginSource, Ready, Start
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.confinement.policy import LAYERS, Layer, Policy
from seqstudio.host.runner.worker_process import ProcessWorker

CODE = """
from seqstudio.api import hookimpl


class Nothing:
    name = "nothing"


@hookimpl
def seqstudio_operations():
    return [Nothing()]
"""
Layers = tuple[Layer, ...]


def seconds_until_ready(folder: Path, module: str, layers: Layers) -> float:
    """Start a worker of a plugin in `folder`, and wait until it is ready."""
    paths = [*search_path(), str(folder)]
    policy = Policy(read=tuple(paths), write=(str(folder),), layers=layers)
    manifest = {"operations": [{"name": "nothing"}]}
    plugin = PluginSource(id="bench", module=module, version="1", manifest=manifest)
    start_s = time.perf_counter()
    worker = ProcessWorker(paths, folder / "log", policy, nice=0, threads=1)
    worker.send(Start(plugin=plugin, verb="operation", name="nothing", folder=str(folder)))
    while not any(isinstance(one, Ready) for one in worker.receive() or ()):
        time.sleep(0.0005)
    elapsed_s = time.perf_counter() - start_s
    worker.kill()
    return elapsed_s


def medians(folder: Path, module: str, repeats: int) -> tuple[float, float]:
    """Return the medians without and with all layers; the two take turns."""
    ways: tuple[Layers, Layers] = ((), LAYERS)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for layers, found in zip(ways, times, strict=True):
            found.append(seconds_until_ready(folder, module, layers))
    return statistics.median(times[0]), statistics.median(times[1])


def main(repeats: int) -> None:
    """Measure, and print one line for each plugin."""
    print(f"{platform.machine()}, Linux {platform.release()}, medians of {repeats}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "light.py").write_text(CODE)
        (folder / "heavy.py").write_text(f"import torch\n{CODE}")
        for module, title in (("light", "without torch"), ("heavy", "with torch")):
            seconds_until_ready(folder, module, ())  # the disk's cache is warm
            free_s, confined_s = medians(folder, module, repeats)
            ratio = confined_s / free_s
            print(f"{title}: {free_s:.3f} s free, {confined_s:.3f} s confined, {ratio:.2f} times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    main(parser.parse_args().repeats)

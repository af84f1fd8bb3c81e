"""Time until a worker is ready, confined and not: one that loads no torch, and one that does.

On a busy machine the time that passes is mostly that of other programs; the processor time is not.
"""

import argparse
import os
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


def seconds_until_ready(folder: Path, module: str, layers: Layers) -> tuple[float, float]:
    """Start a worker of a plugin in `folder`; return seconds that pass, and of the processor."""
    paths = [*search_path(), str(folder)]
    policy = Policy(read=tuple(paths), write=(str(folder),), layers=layers)
    manifest = {"operations": [{"name": "nothing"}]}
    plugin = PluginSource(id="bench", module=module, version="1", manifest=manifest)
    start_s = time.perf_counter()
    worker = ProcessWorker(paths, folder / "log", policy, nice=0, threads=1)
    worker.send(Start(plugin=plugin, verb="operation", name="nothing", folder=str(folder)))
    ready: list[Ready] = []
    while not ready:
        time.sleep(0.0005)
        ready = [one for one in worker.receive() or () if isinstance(one, Ready)]
    elapsed_s = time.perf_counter() - start_s
    computed_ns, *_ = Path(f"/proc/{ready[0].pid}/schedstat").read_text(encoding="ascii").split()
    worker.kill()
    return elapsed_s, int(computed_ns) / 1e9


def measured(folder: Path, module: str, repeats: int) -> list[str]:
    """Return the medians without and with all layers as text; the two take turns."""
    times: dict[Layers, list[tuple[float, float]]] = {(): [], LAYERS: []}
    for _ in range(repeats):
        for layers, found in times.items():
            found.append(seconds_until_ready(folder, module, layers))
    lines = []
    for at, what in enumerate(("passed", "of the processor")):
        free_s, confined_s = (statistics.median(one[at] for one in two) for two in times.values())
        ratio = f"{confined_s / free_s:.2f} times"
        lines.append(f"{free_s:.3f} s {what} free, {confined_s:.3f} s confined, {ratio}")
    return lines


def main(repeats: int) -> None:
    """Measure, and print one line for each plugin."""
    load = f"load {os.getloadavg()[0]:.0f}"
    linux = platform.release().partition("-")[0]
    print(f"{platform.machine()}, Linux {linux}, medians of {repeats}, {load}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "light.py").write_text(CODE)
        (folder / "heavy.py").write_text(f"import torch\n{CODE}")
        for module, title in (("light", "without torch"), ("heavy", "with torch")):
            seconds_until_ready(folder, module, ())  # the disk's cache is warm
            for line in measured(folder, module, repeats):
                print(f"{title}: {line}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    main(parser.parse_args().repeats)

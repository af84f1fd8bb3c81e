"""Measure the time to inspect a plugin, then to unpack and probe it.

Subjects: the wheel of a small plugin alone, and one with a dependency in the same folder; nothing
is downloaded. Each is installed in a fresh profile, alternating; median wall time. The probe starts
a real worker, and every file is flushed to disk. Run `python benchmarks/bench_install.py`.
"""

import os
import platform
import statistics
import tempfile
import time
import tomllib
from pathlib import Path

from seqstudio.host.profile import Profile
from seqstudio.host.store.project_wheel import project_wheel, wheel_bytes
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.store.store import Store

ROUNDS = 15


def write_wheel(folder: Path, name: str) -> None:
    """Write the wheel of a library with one module."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": b"COLOUR = 'green'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-1.0-py3-none-any.whl"
    path.write_bytes(wheel_bytes(files, info))


def write_plugin_wheel(folder: Path, *, needs: str = "") -> None:
    """Write the wheel of a new plugin, as `seqstudio plugins new` makes it."""
    with tempfile.TemporaryDirectory() as work:
        project = Path(work) / "turner"
        write_plugin(project, "turner", "operation")
        file = project / "pyproject.toml"
        if needs:
            text = file.read_text(encoding="utf-8")
            (old,) = tomllib.loads(text)["project"]["dependencies"]
            file.write_text(text.replace(f'"{old}"', f'"{old}", "{needs}"'), encoding="utf-8")
        source = project_wheel(project)
        (folder / source.path.name).write_bytes(source.packed)


def seconds(subject: Path) -> tuple[float, float]:
    """Time inspection and installation in a fresh profile, in seconds."""
    with tempfile.TemporaryDirectory() as home:
        store = Store(Profile(home))
        started = time.perf_counter()
        plugin = store.inspect(subject)
        inspected = time.perf_counter()
        store.install(plugin, accepted=plugin.sheet.sha256)
        return inspected - started, time.perf_counter() - inspected


def main() -> None:
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as work:
        subjects = {"a small plugin": Path(work) / "alone", "with a dependency": Path(work) / "two"}
        for folder in subjects.values():
            folder.mkdir()
        write_plugin_wheel(subjects["a small plugin"])
        write_plugin_wheel(subjects["with a dependency"], needs="feather>=1")
        write_wheel(subjects["with a dependency"], "feather")
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}
        for _ in range(ROUNDS):
            for name, subject in subjects.items():
                times[name].append(seconds(subject))
    for name, pairs in times.items():
        inspect_ms, install_ms = (1000 * statistics.median(one) for one in zip(*pairs, strict=True))
        print(
            f"{name:18s} {inspect_ms:4.0f} ms to inspect, {install_ms:4.0f} ms to unpack and probe"
        )


if __name__ == "__main__":
    main()

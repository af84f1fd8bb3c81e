"""How long installing a plugin takes: looking at it, then unpacking and trying it.

A small plugin's wheel alone, and one with a dependency in the same folder; nothing is fetched. Each
is installed in a fresh profile, in turn; wall time, medians. The trial starts a real worker, and
every file is forced to the disk. Run `python benchmarks/bench_install.py`.
"""

import os
import platform
import statistics
import tempfile
import time
import tomllib
from pathlib import Path

from seqstudio.host.profile import Profile
from seqstudio.host.store.pack import pack, to_zip
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.store.store import Store

ROUNDS = 15


def write_wheel(folder: Path, name: str) -> None:
    """Write a library of one module."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": b"COLOUR = 'green'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-1.0-py3-none-any.whl"
    path.write_bytes(to_zip(files, f"{info}/RECORD"))


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
        source = pack(project)
        (folder / source.path.name).write_bytes(source.packed)


def seconds(subject: Path) -> tuple[float, float]:
    """Time inspection and installation in a fresh profile, in seconds."""
    with tempfile.TemporaryDirectory() as home:
        store = Store(Profile(home))
        began = time.perf_counter()
        offer = store.inspect(subject)
        inspected = time.perf_counter()
        store.install(offer, accepted=offer.sheet.sha256)
        return inspected - began, time.perf_counter() - inspected


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
        looking, putting = (1000 * statistics.median(each) for each in zip(*pairs, strict=True))
        print(f"{name:18s} {looking:4.0f} ms to look at, {putting:4.0f} ms to unpack and try")


if __name__ == "__main__":
    main()

"""Real plugins, written into a folder as pip would install them."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seqstudio.host.jobs.events import JobEvent
from seqstudio.host.studio import JobHandle, Studio

HEAD = """
from seqstudio.api import hookimpl, Result


class Operation:
    def __init__(self, name):
        self.name = name

    def run(self, request, job):
        yield from RUN[self.name](request, job)
"""
TAIL = """

@hookimpl
def seqstudio_operations():
    return [Operation(name) for name in RUN]
"""
SHOUT = """
def shout(request, job):
    (path,) = request.inputs["words"]
    job.progress(0.5, "shouting")
    text = path.read_text() * request.options["times"]
    job.progress(1.0)
    yield Result(outputs={"text": text.upper()}, summary=f"{len(text)} letters")


RUN = {"shout": shout}
"""
BATCH = """
[[operations]]
name = "{name}"
title = "Test"
runs = "batch"
inputs = [{{ name = "words", kind = "text", many = true }}]
outputs = [{{ name = "text", kind = "text", formats = ["txt"] }}]
[operations.options.times]
type = "int"
default = 1
min = 1
max = 9
"""


class Site:
    """A folder of installed plugins, on `sys.path`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, manifest: str, code: str, *, version: str = "1.0") -> Path:
        """Install a plugin; `manifest` follows the lines that all manifests share."""
        package = self.folder / f"plugin_{name}"
        package.mkdir(exist_ok=True)
        head = f'schema = 1\nid = "{name}"\ntitle = "{name}"\napi = ">=1.0,<2"\nlicense = "MIT"\n'
        (package / "seqstudio.toml").write_text(head + textwrap.dedent(manifest))
        (package / "__init__.py").write_text(textwrap.dedent(code))
        info = self.folder / f"plugin_{name}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[seqstudio.plugins]\n{name} = plugin_{name}\n")
        return package

    def manifest(self, *operations: str) -> str:
        """Return the manifest of batch operations on text files."""
        return "".join(BATCH.format(name=operation) for operation in operations)

    def batch(self, name: str, code: str, operations: tuple[str, ...] = ("shout",)) -> Path:
        """Install a plugin with batch operations; `code` defines RUN, from name to function."""
        return self.functions(name, self.manifest(*operations), code)

    def functions(self, name: str, manifest: str, code: str) -> Path:
        """Install a plugin whose operations are the functions in RUN."""
        return self.install(name, manifest, HEAD + textwrap.dedent(code) + TAIL)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return Site(folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def shouter(site: Site, home: Path) -> Studio:
    site.batch("tiny", SHOUT)
    return Studio(home)


@pytest.fixture
def words(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes small text files; each contains its own stem."""

    def write(*names: str) -> Path:
        for name in names:
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.stem)
        return tmp_path / "in"

    return write


@pytest.fixture
def events_of() -> Callable[[JobHandle], list[JobEvent]]:
    return lambda handle: list(handle.events())


@pytest.fixture
def wait_for() -> Callable[..., JobEvent]:
    """Return a function that reads events until one matches, and returns that."""

    def first(events: Iterator[JobEvent], matches: Callable[[JobEvent], bool]) -> JobEvent:
        return next(event for event in events if matches(event))

    return first

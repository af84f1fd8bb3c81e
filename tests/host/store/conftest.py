"""Build wheels by hand, so that each test can break one rule of the format."""

import base64
import hashlib
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store

HEAD = 'schema = 1\nid = "{id}"\ntitle = "{id}"\napi = "{api}"\nlicense = "MIT"\n'
SHOUT = """
[[operations]]
name = "shout"
title = "Shout"
runs = "batch"
inputs = [{ name = "words", kind = "text", many = true }]
outputs = [{ name = "text", kind = "text", formats = ["txt"] }]
"""
CODE = """
from seqstudio.api import Result, hookimpl


class Shout:
    name = "shout"

    def run(self, request, job):
        (path,) = request.inputs["words"]
        job.progress(0.5, "shouting")
        yield Result(outputs={"text": path.read_text().upper() + "MARK"})


@hookimpl
def seqstudio_operations():
    return [Shout()]
"""

CRASHING = """
import os
from seqstudio.api import hookimpl


class Shout:
    name = "shout"

    def run(self, request, job):
        os._exit(9)


@hookimpl
def seqstudio_operations():
    return [Shout()]
"""


class WheelBuilder:
    """Builds wheels in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def plugin(
        self,
        name: str = "parrot",
        *,
        version: str = "1.0",
        manifest: str = SHOUT,
        code: str = CODE,
        requires: tuple[str, ...] = (),
        api: str = ">=1.0,<2",
        identity: str = "",
        extra: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> Path:
        """Build a plugin's wheel; its operation appends the version to its output."""
        package = f"seq_{name}"
        files = {
            f"{package}/__init__.py": textwrap.dedent(code).replace("MARK", version),
            f"{package}/seqstudio.toml": HEAD.format(id=identity or name, api=api) + manifest,
            **(extra or {}),
        }
        entries = f"[seqstudio.plugins]\n{name} = {package}\n"
        return self.wheel(package, version, files, entries=entries, requires=requires, **changes)

    def crashing_plugin(self) -> Path:
        """Build a plugin whose worker exits at each item."""
        return self.plugin(code=CRASHING)

    def wheel(
        self,
        name: str,
        version: str,
        files: Mapping[str, str],
        *,
        entries: str = "",
        requires: tuple[str, ...] = (),
        record: Callable[[str], str] = str,
        after: Callable[[zipfile.ZipFile], None] | None = None,
        headers: str = "",
        tags: str = "py3-none-any",
    ) -> Path:
        """Build a wheel; `record` may change the text of RECORD, `after` the open zip."""
        info = f"{name}-{version}.dist-info"
        headers += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        members = {
            **files,
            f"{info}/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}"
            ),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        if entries:
            members[f"{info}/entry_points.txt"] = entries
        rows = "".join(
            f"{member},{record_hash(text)},{len(text.encode())}\n"
            for member, text in members.items()
        )
        path = self.folder / f"{name}-{version}-{tags}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in members.items():
                archive.writestr(member, text)
            archive.writestr(f"{info}/RECORD", record(f"{rows}{info}/RECORD,,\n"))
            if after:
                after(archive)
        return path


def record_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def builder(tmp_path: Path) -> WheelBuilder:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return WheelBuilder(folder)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "home")


@pytest.fixture
def store(profile: Profile) -> Store:
    return Store(profile)


@pytest.fixture
def install(store: Store) -> Callable[[Path], None]:
    """Return a function that installs a wheel and accepts its consent sheet."""

    def run_install(path: Path) -> None:
        inspected = store.inspect(path)
        store.install(inspected, accepted=inspected.sheet.sha256)

    return run_install


@pytest.fixture
def store_files(profile: Profile) -> Callable[[], dict[str, bytes]]:
    """Return a function that reads all files and folders of the store: name -> bytes."""

    def read() -> dict[str, bytes]:
        paths = [profile.home / "plugins.json", *(profile.home / "plugins").rglob("*")]
        return {
            str(path.relative_to(profile.home)): path.read_bytes() if path.is_file() else b"folder"
            for path in paths
            if path.exists() and "__pycache__" not in path.parts
        }

    return read

"""Wheels made by hand, byte by byte, so that each may break one rule."""

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

DYING = """
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


class Press:
    """Makes wheels of plugins in a folder."""

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
        """Make a plugin's wheel; its marks in the output tell versions apart."""
        package = f"seq_{name}"
        files = {
            f"{package}/__init__.py": textwrap.dedent(code).replace("MARK", version),
            f"{package}/seqstudio.toml": HEAD.format(id=identity or name, api=api) + manifest,
            **(extra or {}),
        }
        entries = f"[seqstudio.plugins]\n{name} = {package}\n"
        return self.wheel(package, version, files, entries=entries, requires=requires, **changes)

    def dying(self) -> Path:
        """Make a plugin's wheel whose workers die at each item."""
        return self.plugin(code=DYING)

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
        """Make a wheel; `record` may change the text of RECORD, `after` add to the open zip."""
        info = f"{name}-{version}.dist-info"
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        every = {
            **files,
            f"{info}/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}{needs}"
            ),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        if entries:
            every[f"{info}/entry_points.txt"] = entries
        rows = "".join(f"{n},{hashed(text)},{len(text.encode())}\n" for n, text in every.items())
        path = self.folder / f"{name}-{version}-{tags}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in every.items():
                archive.writestr(member, text)
            archive.writestr(f"{info}/RECORD", record(f"{rows}{info}/RECORD,,\n"))
            if after:
                after(archive)
        return path


def hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def press(tmp_path: Path) -> Press:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return Press(folder)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "home")


@pytest.fixture
def store(profile: Profile) -> Store:
    return Store(profile)


@pytest.fixture
def put(store: Store) -> Callable[[Path], None]:
    """Inspect and install, agreeing to all."""

    def install(path: Path) -> None:
        inspected = store.inspect(path)
        store.install(inspected, accepted=inspected.sheet.sha256)

    return install


@pytest.fixture
def tree(profile: Profile) -> Callable[[], dict[str, bytes]]:
    """Give all that the store holds: name -> bytes."""

    def read() -> dict[str, bytes]:
        places = [profile.home / "plugins.json", *(profile.home / "plugins").rglob("*")]
        return {
            str(path.relative_to(profile.home)): path.read_bytes() if path.is_file() else b"folder"
            for path in places
            if path.exists() and "__pycache__" not in path.parts
        }

    return read

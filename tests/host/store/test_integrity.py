"""Installed code is what was agreed to: a changed file is refused by name, a reinstall shows it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store
from seqstudio.host.studio import JobSpec, Studio

Install = Callable[[Path], None]


@pytest.fixture
def library(builder: Any, install: Install, profile: Profile) -> Path:
    install(builder.plugin())
    (folder,) = (profile.home / "plugins/parrot").glob("1.0-*/lib")
    return folder


def shout(profile: Profile, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text("a")
    spec = JobSpec(plugin="parrot", name="shout", inputs={"words": (folder / "a.txt",)})
    return Studio(profile.home).submit(spec).wait().reason


def change(library: Path) -> None:
    path = library / "seq_parrot/__init__.py"
    path.write_text(path.read_text() + "\n")


def bytecode(library: Path) -> None:
    (path,) = library.glob("seq_parrot/__pycache__/__init__.*.pyc")
    path.write_bytes(path.read_bytes() + b"x")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (change, "seq_parrot/__init__.py was changed"),
    "bytecode": (bytecode, ".pyc was changed"),
    "added": (lambda library: (library / "json.py").write_text(""), "json.py was added"),
    "a link": (lambda library: (library / "os").symlink_to("/etc"), "os was added"),
    "removed": (lambda library: (library / "seq_parrot/seqstudio.toml").unlink(), "was removed"),
}


@pytest.mark.medium
@pytest.mark.parametrize("how", CHANGES)
def test_code_that_is_not_what_was_installed_does_not_run(
    library: Path, profile: Profile, tmp_path: Path, how: str
) -> None:
    assert shout(profile, tmp_path / "in") == ""
    do, text = CHANGES[how]
    do(library)

    reason = shout(profile, tmp_path / "in")
    assert reason.startswith("plugin 'parrot': ")
    assert f"{text} since it was installed, expected the code that was agreed to" in reason


@pytest.mark.medium
def test_running_a_plugin_changes_none_of_its_files(
    library: Path, profile: Profile, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in library.rglob("*")}
    assert shout(profile, tmp_path / "in") == ""
    assert {path: path.stat().st_mtime_ns for path in library.rglob("*")} == before


@pytest.mark.medium
def test_a_reinstall_of_the_same_version_shows_what_is_different(
    library: Path, builder: Any, store: Store
) -> None:
    same = store.inspect(builder.plugin()).sheet
    assert same.changes == same.code_changes == ()

    code = "from seqstudio.api import hookimpl\nEVIL = 1\n"
    sheet = store.inspect(builder.plugin(code=code, extra={"seq_parrot/more.py": "x = 1\n"})).sheet
    assert sheet.changes == (
        "code: 1 file changed: seq_parrot/__init__.py",
        "code: 1 file added: seq_parrot/more.py",
    )
    assert "+EVIL = 1" in sheet.code_changes
    assert "+x = 1" in sheet.code_changes
    assert "-class Shout:" in sheet.code_changes

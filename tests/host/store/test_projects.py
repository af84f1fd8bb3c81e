"""Invalid or harmful projects: one clear error line, and nothing is written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.store.store import Store

StoreFiles = Callable[[], dict[str, bytes]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_plugin(tmp_path / "turner", "turner", "exporter")
    return tmp_path / "turner"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[project]", "[other]", r"project: no field 'name', expected one"),
        ("[project]", f"x = {'[' * 9999}", r"maximum recursion depth exceeded, expected TOML"),
        ('"0.1.0"', "1.5", r"project\.version=1\.5, expected str"),
        ('"0.1.0"', '"1\\nRequires-Dist: evil"', r"'1\\nRequires-Dist: evil', expected one line"),
        ('"0.1.0"', '"new"', r"seqstudio_turner-new.*: expected a wheel's name"),
        ('"seqstudio-turner"', '"a/../b"', r"expected one \.dist-info of b 0\.1\.0"),
        ('["seqstudio>=0.1,<2"]', '"numpy"', r"project\.dependencies='numpy', expected tuple"),
        ('entry-points."seqstudio.plugins"', 'entry-points."others"', r"no entry-points\.'seqst"),
    ],
)
def test_a_project_with_an_invalid_pyproject_toml_is_refused(
    project: Path, store: Store, store_files: StoreFiles, old: str, new: str, reason: str
) -> None:
    file = project / "pyproject.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(PluginError, match=reason) as refused:
        store.inspect(project)

    assert str(refused.value).isprintable()
    assert store_files() == {}


def add_link(source: Path) -> None:
    (source / "linked.py").symlink_to("/etc/passwd")


def add_unprintable_name(source: Path) -> None:
    Path(os.fsdecode(os.fsencode(source) + b"/\xff.py")).touch()


def add_ten_gigabytes(source: Path) -> None:
    with (source / "large.bin").open("wb") as file:
        file.truncate(10 * 2**30)


@pytest.mark.parametrize(
    ("add", "reason"),
    [
        (add_link, r"linked\.py: a link, expected a file"),
        (add_unprintable_name, r"'\\udcff\.py', expected a printable name"),
        (add_ten_gigabytes, r"\d{11} bytes, expected at most 2147483648"),
    ],
)
def test_files_that_cannot_be_in_a_wheel_are_refused_without_reading(
    project: Path, store: Store, add: Callable[[Path], None], reason: str
) -> None:
    add(project / "src")
    with pytest.raises(PluginError, match=reason):
        store.inspect(project)


def test_no_build_step_of_a_project_is_run(project: Path, store: Store, tmp_path: Path) -> None:
    witness = tmp_path / "was-run"
    (project / "setup.py").write_text(f"open({str(witness)!r}, 'w')")
    file = project / "pyproject.toml"
    head = '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
    file.write_text(head + file.read_text().partition("\n\n")[2])
    inspected = store.inspect(project)
    store.install(inspected, accepted=inspected.sheet.sha256)

    assert not witness.exists()
    assert not [name for name in inspected.wheels[0].hashes if "setup" in name]

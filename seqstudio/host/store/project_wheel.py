"""Make a reproducible wheel of a plugin's project folder, without running a build step."""

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from packaging.utils import canonicalize_name

from seqstudio.contracts.manifest import ENTRY_POINT_GROUP
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import PluginError
from seqstudio.host.store.archive import UNPACKED_LIMIT, WheelSource
from seqstudio.host.store.wheel import record_hash
from seqstudio.services.zip_files import zip_bytes

PROJECT = "pyproject.toml"
SKIPPED = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
TAGS = "py3-none-any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The fields of `[project]` in pyproject.toml that are used, with '_' for '-'."""

    name: str
    version: str
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for text in (self.name, self.version, self.requires_python, *self.dependencies):
            if not text.isprintable():
                raise PluginError(f"{text!r}, expected one line")
        if not self.entry_points.get(ENTRY_POINT_GROUP):
            raise PluginError(f"no entry-points.{ENTRY_POINT_GROUP!r}, expected one")


def project_wheel(folder: Path) -> WheelSource:
    """Make a wheel of the packages under `src` and the metadata in `pyproject.toml`.

    Raises
    ------
    PluginError
        If the project is not a plugin, or leaves its name or version to a build tool.
    """
    project = read_project(folder / PROJECT)
    name = canonicalize_name(project.name).replace("-", "_")
    info = f"{name}-{project.version}.dist-info"
    files = package_files(folder / "src")
    for licence in sorted(folder.glob("LICEN[CS]E*")):
        if licence.is_file() and not licence.is_symlink():
            files[f"{info}/licenses/{licence.name}"] = licence.read_bytes()
    files[f"{info}/METADATA"] = metadata(project).encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: seqstudio\nRoot-Is-Purelib: true\nTag: {TAGS}\n"
    ).encode()
    files[f"{info}/entry_points.txt"] = entry_points(project).encode()
    return WheelSource(folder / f"{name}-{project.version}-{TAGS}.whl", wheel_bytes(files, info))


def read_project(file: Path) -> Project:
    """Read `[project]` of a pyproject.toml."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except OSError as error:
        raise PluginError(f"{file}: {error.strerror}, expected a wheel or a project") from error
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deeply
        raise PluginError(f"{file}: {error}, expected TOML with a [project]") from error
    known = {each.name for each in fields(Project)}
    if isinstance(table, dict):  # the other fields matter to package indexes only
        renamed = {name.replace("-", "_"): value for name, value in table.items()}
        table = {name: value for name, value in renamed.items() if name in known}
    return from_plain(Project, table, f"{file}: project", error=PluginError)


def package_files(source: Path) -> dict[str, bytes]:
    """Read every file of the packages: name in the wheel -> bytes."""
    paths = [path for path in sorted(source.rglob("*")) if not set(path.parts) & set(SKIPPED)]
    if linked := [path for path in paths if path.is_symlink()]:
        raise PluginError(f"{linked[0]}: a link, expected a file")
    found = {path.relative_to(source).as_posix(): path for path in paths if path.is_file()}
    if not found:
        raise PluginError(f"{source}: no files, expected the plugin's package")
    if unprintable := [name for name in found if not name.isprintable()]:
        raise PluginError(f"{source}: {unprintable[0]!r}, expected a printable name")
    if (total := sum(path.stat().st_size for path in found.values())) > UNPACKED_LIMIT:
        raise PluginError(f"{source}: {total} bytes, expected at most {UNPACKED_LIMIT}")
    return {name: path.read_bytes() for name, path in found.items()}


def metadata(project: Project) -> str:
    """Return a wheel's METADATA with the required headers."""
    lines = ["Metadata-Version: 2.1", f"Name: {project.name}", f"Version: {project.version}"]
    if project.requires_python:
        lines.append(f"Requires-Python: {project.requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in project.dependencies]
    return "\n".join(lines) + "\n"


def entry_points(project: Project) -> str:
    """Return a wheel's entry_points.txt with the entry points of our group."""
    points = project.entry_points[ENTRY_POINT_GROUP].items()
    lines = [f"[{ENTRY_POINT_GROUP}]", *(f"{name} = {value}" for name, value in points)]
    return "\n".join([*lines, ""])


def wheel_bytes(files: Mapping[str, bytes], info: str) -> bytes:
    """Return a wheel of files, with their RECORD; equal files give equal bytes.

    Parameters
    ----------
    files : name in the wheel -> bytes
    info : name of the `.dist-info` folder in the wheel
    """
    record = f"{info}/RECORD"
    listing = io.StringIO()
    rows = csv.writer(listing, lineterminator="\n")
    for name, data in files.items():
        rows.writerow([name, record_hash(hashlib.sha256(data).digest()), len(data)])
    rows.writerow([record, "", ""])
    return zip_bytes({**files, record: listing.getvalue().encode()}, compress=True)

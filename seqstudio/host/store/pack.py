"""A plugin's project folder as a wheel, made by the same bytes every time; no build step is run."""

import csv
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from packaging.utils import canonicalize_name

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.discovery import GROUP
from seqstudio.host.store.archive import UNPACKED_LIMIT, Source
from seqstudio.host.store.wheel import as_record

PROJECT = "pyproject.toml"
SKIPPED = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
EPOCH = (1980, 1, 1, 0, 0, 0)
TAGS = "py3-none-any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What is read of `[project]` in pyproject.toml, with '_' for '-'."""

    name: str
    version: str
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for text in (self.name, self.version, self.requires_python, *self.dependencies):
            if not text.isprintable():
                raise PluginError(f"{text!r}, expected one line")
        if not self.entry_points.get(GROUP):
            raise PluginError(f"no entry-points.{GROUP!r}, expected one")


def pack(folder: Path) -> Source:
    """Make a wheel of the packages under `src` and what `pyproject.toml` says of the project.

    Raises
    ------
    PluginError
        If the project is no plugin, or leaves its name or version to a build tool.
    """
    project = read_project(folder / PROJECT)
    name = canonicalize_name(project.name).replace("-", "_")
    info = f"{name}-{project.version}.dist-info"
    files = package_files(folder / "src")
    files[f"{info}/METADATA"] = metadata(project).encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: seqstudio\nRoot-Is-Purelib: true\nTag: {TAGS}\n"
    ).encode()
    files[f"{info}/entry_points.txt"] = entry_points(project).encode()
    packed = to_zip(files, f"{info}/RECORD")
    return Source(folder / f"{name}-{project.version}-{TAGS}.whl", packed)


def read_project(file: Path) -> Project:
    """Read the project's own description."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except OSError as bad:
        raise PluginError(f"{file}: {bad.strerror}, expected a wheel or a project") from bad
    except (ValueError, RecursionError) as bad:  # the second: nested without end
        raise PluginError(f"{file}: {bad}, expected TOML with a [project]") from bad
    known = {one.name for one in fields(Project)}
    if isinstance(table, dict):  # of the other fields, builders make what pip needs
        plain = {name.replace("-", "_"): value for name, value in table.items()}
        table = {name: value for name, value in plain.items() if name in known}
    return from_plain(Project, table, f"{file}: project", error=PluginError)


def package_files(source: Path) -> dict[str, bytes]:
    """Read every file of the packages, by its name in the wheel."""
    paths = [path for path in sorted(source.rglob("*")) if not set(path.parts) & set(SKIPPED)]
    if linked := [path for path in paths if path.is_symlink()]:
        raise PluginError(f"{linked[0]}: a link, expected a file")
    found = {path.relative_to(source).as_posix(): path for path in paths if path.is_file()}
    if not found:
        raise PluginError(f"{source}: no files, expected the plugin's package")
    if odd := [name for name in found if not name.isprintable()]:
        raise PluginError(f"{source}: {odd[0]!r}, expected a name that can be read")
    if (total := sum(path.stat().st_size for path in found.values())) > UNPACKED_LIMIT:
        raise PluginError(f"{source}: {total} bytes, expected at most {UNPACKED_LIMIT}")
    return {name: path.read_bytes() for name, path in found.items()}


def metadata(project: Project) -> str:
    """Write the headers that a wheel's METADATA needs."""
    lines = ["Metadata-Version: 2.1", f"Name: {project.name}", f"Version: {project.version}"]
    if project.requires_python:
        lines.append(f"Requires-Python: {project.requires_python}")
    lines += [f"Requires-Dist: {need}" for need in project.dependencies]
    return "\n".join(lines) + "\n"


def entry_points(project: Project) -> str:
    """Write the entry points of our group."""
    points = project.entry_points[GROUP]
    return "\n".join([f"[{GROUP}]", *(f"{name} = {value}" for name, value in points.items()), ""])


def to_zip(files: Mapping[str, bytes], record: str) -> bytes:
    """Zip files with their RECORD; times and modes are fixed, so that equal files give equal bytes.

    Parameters
    ----------
    files : name in the wheel -> bytes
    record : the name of the RECORD that is added
    """
    listing = io.StringIO()
    rows = csv.writer(listing, lineterminator="\n")
    for name, data in files.items():
        rows.writerow([name, as_record(hashlib.sha256(data).digest()), len(data)])
    rows.writerow([record, "", ""])
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, record: listing.getvalue().encode()}.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return made.getvalue()

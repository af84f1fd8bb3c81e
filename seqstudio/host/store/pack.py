"""A plugin's project folder as a wheel, made by the same bytes every time; no build step is run."""

import csv
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from seqstudio.errors import PluginError
from seqstudio.host.discovery import GROUP
from seqstudio.host.store.archive import Source
from seqstudio.host.store.wheel import as_record

PROJECT = "pyproject.toml"
SKIPPED = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
EPOCH = (1980, 1, 1, 0, 0, 0)
TAGS = "py3-none-any"


def pack(folder: Path) -> Source:
    """Make a wheel of the packages under `src` and what `pyproject.toml` says of the project.

    Raises
    ------
    PluginError
        If the project is no plugin, or leaves its name or version to a build tool.
    """
    project = read_project(folder / PROJECT)
    name = canonicalize_name(project["name"]).replace("-", "_")
    info = f"{name}-{project['version']}.dist-info"
    files = package_files(folder / "src")
    files[f"{info}/METADATA"] = metadata(project).encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: seqstudio\nRoot-Is-Purelib: true\nTag: {TAGS}\n"
    ).encode()
    files[f"{info}/entry_points.txt"] = entry_points(project).encode()
    packed = to_zip(files, f"{info}/RECORD")
    return Source(folder / f"{name}-{project['version']}-{TAGS}.whl", packed)


def read_project(file: Path) -> Mapping[str, Any]:
    """Read the project's own description."""
    try:
        project: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    except OSError as bad:
        raise PluginError(f"{file}: {bad.strerror}, expected a wheel or a project") from bad
    except (ValueError, KeyError) as bad:
        raise PluginError(f"{file}: {bad}, expected TOML with a [project]") from bad
    for field in ("name", "version"):
        if not isinstance(project.get(field), str):
            raise PluginError(f"{file}: {field}={project.get(field)!r}, expected a fixed text")
    if not project.get("entry-points", {}).get(GROUP):
        raise PluginError(f'{file}: no [project.entry-points."{GROUP}"], expected one')
    return project


def package_files(source: Path) -> dict[str, bytes]:
    """Read every file of the packages, by its name in the wheel."""
    paths = [path for path in sorted(source.rglob("*")) if not set(path.parts) & set(SKIPPED)]
    if linked := [path for path in paths if path.is_symlink()]:
        raise PluginError(f"{linked[0]}: a link, expected a file")
    found = {path.relative_to(source).as_posix(): path for path in paths if path.is_file()}
    if not found:
        raise PluginError(f"{source}: no files, expected the plugin's package")
    return {name: path.read_bytes() for name, path in found.items()}


def metadata(project: Mapping[str, Any]) -> str:
    """Write the headers that a wheel's METADATA needs."""
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    if "requires-python" in project:
        lines.append(f"Requires-Python: {project['requires-python']}")
    lines += [f"Requires-Dist: {need}" for need in project.get("dependencies", ())]
    return "\n".join(lines) + "\n"


def entry_points(project: Mapping[str, Any]) -> str:
    """Write the entry points of our group."""
    points = project["entry-points"][GROUP]
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

"""Inspect a wheel strictly, without importing or running any of it."""

import base64
import configparser
import csv
import email.parser
import hashlib
import io
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from seqstudio.contracts.manifest import (
    ENTRY_POINT_GROUP,
    MANIFEST_FILE,
    Manifest,
    parse_manifest,
)
from seqstudio.contracts.plain import short_repr
from seqstudio.errors import PluginError
from seqstudio.host.store.archive import Archive, WheelSource, open_archive

TEXT_LIMIT = 2**20  # bytes of METADATA and entry_points.txt
RECORD_LIMIT = 2**23
MANIFEST_LIMIT = 2**18
NATIVE = (".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".exe")
UNHASHED = ("RECORD", "RECORD.jws", "RECORD.p7s")  # files without a hash in RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """The contents of a wheel, after all checks."""

    source: WheelSource
    name: str  # canonical
    version: str
    sha256: str
    size: int  # bytes
    unpacked: int  # bytes
    hashes: Mapping[str, str]  # member -> sha256 in hexadecimal, without UNHASHED files
    requires: tuple[str, ...] = ()
    python: str = ""  # Requires-Python
    native: tuple[str, ...] = ()  # members that contain machine code
    entry_points: Mapping[str, str] = field(default_factory=dict)  # of our group: name -> value
    table: Mapping[str, Any] = field(default_factory=dict)  # the manifest, if this is a plugin

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    @property
    def top_modules(self) -> tuple[str, ...]:
        """The names of the top-level packages and modules."""
        first = (PurePosixPath(name).parts[0] for name in self.hashes)
        return tuple(dict.fromkeys(one.partition(".")[0] for one in first if "-info" not in one))

    def manifest(self) -> Manifest:
        """Check the manifest in full.

        Raises
        ------
        PluginError
            If it is not valid, or needs another API version.
        """
        return parse_manifest(self.table, f"{self.source.path.name}: {MANIFEST_FILE}")

    @property
    def module(self) -> str:
        """The module that the plugin's entry point names."""
        (value,) = self.entry_points.values()
        return value.partition(":")[0].strip()


def inspect_wheel(source: WheelSource) -> Wheel:
    """Read a wheel strictly.

    Raises
    ------
    PluginError
        If anything in it is unsafe, missing, damaged or ambiguous; the text names it.
    """
    where = source.path.name
    name, version = parse_file_name(where)
    sha256, size = source.sha256_and_size()
    with open_archive(source) as archive:
        info = info_folder(archive, name, version, where)
        check_members(archive.sizes, where)
        hashes = check_record(archive, info, where)
        text = archive.read(f"{info}/METADATA", TEXT_LIMIT).decode("utf-8", "replace")
        headers = email.parser.HeaderParser().parsestr(text)
        found = (canonicalize_name(headers["Name"] or ""), headers["Version"])
        if found != (name, version):
            raise PluginError(f"{where}: METADATA has {found}, expected {(name, version)}")
        entry_points = plugin_entry_points(archive, f"{info}/entry_points.txt", where)
        return Wheel(
            source=source,
            name=name,
            version=version,
            sha256=sha256,
            size=size,
            unpacked=sum(archive.sizes.values()),
            hashes=hashes,
            requires=tuple(headers.get_all("Requires-Dist") or ()),
            python=headers["Requires-Python"] or "",
            native=tuple(member for member in hashes if is_native(member)),
            entry_points=entry_points,
            table=read_manifest(archive, entry_points, where) if entry_points else {},
        )


def parse_file_name(where: str) -> tuple[str, str]:
    """Return the name and version in a wheel's file name; check its platform tags."""
    try:
        name, version, _, tags = parse_wheel_filename(where)
    except InvalidWheelFilename as error:
        raise PluginError(f"{where}: expected a wheel's name, NAME-VERSION-TAGS.whl") from error
    if tags.isdisjoint(sys_tags()):
        raise PluginError(f"{where}: built for another Python or machine, expected this one")
    return name, str(version)


def info_folder(archive: Archive, name: str, version: str, where: str) -> str:
    """Return the wheel's only `.dist-info` folder."""
    top_modules = {member.partition("/")[0] for member in archive.sizes}
    found = [top for top in top_modules if top.lower().endswith((".dist-info", ".egg-info"))]
    for top in found:
        of_name, _, of_version = top.removesuffix(".dist-info").partition("-")
        if len(found) == 1 and (canonicalize_name(of_name), of_version) == (name, version):
            missing = {f"{top}/METADATA", f"{top}/RECORD", f"{top}/WHEEL"} - set(archive.sizes)
            if missing:
                raise PluginError(f"{where}: no {sorted(missing)[0]}, expected one")
            return top
    raise PluginError(f"{where}: {sorted(found)}, expected one .dist-info of {name} {version}")


def check_members(members: Iterable[str], where: str) -> None:
    """Refuse files that run at start-up, are installed elsewhere, or hide their source."""
    for member in members:
        path = PurePosixPath(member)
        if path.suffix.lower() == ".pth":
            raise PluginError(f"{where}: {member}: runs at every start of Python, expected no .pth")
        if path.parts[0].lower().endswith(".data"):
            raise PluginError(
                f"{where}: {member}: is installed elsewhere, expected no .data folder"
            )
        if path.suffix.lower() == ".pyc" or "__pycache__" in path.parts:
            raise PluginError(f"{where}: {member}: compiled code, expected its source")


def check_record(archive: Archive, info: str, where: str) -> dict[str, str]:
    """Check every member against RECORD and return their sha256 in hexadecimal."""
    record = f"{info}/RECORD"
    unhashed = {f"{info}/{name}" for name in UNHASHED}
    listed = read_record(archive.read(record, RECORD_LIMIT), where)
    if unmatched := (set(archive.sizes) ^ set(listed)) - unhashed:
        raise PluginError(
            f"{where}: {min(unmatched)!r}: expected both in the wheel and in its RECORD"
        )
    hashes = {}
    for member in archive.sizes:
        if member not in unhashed:
            digest = hashlib.sha256()
            for chunk in archive.chunks(member):
                digest.update(chunk)
            if listed[member] != record_hash(digest.digest()):
                raise PluginError(f"{where}: {member}: its sha256 differs, expected that in RECORD")
            hashes[member] = digest.hexdigest()
    return hashes


def read_record(data: bytes, where: str) -> dict[str, str]:
    """Parse a RECORD: member -> hash in the format of RECORD."""
    listed: dict[str, str] = {}
    try:
        for row in csv.reader(io.StringIO(data.decode("utf-8", "replace"))):
            if len(row) != 3 or row[0] in listed:
                expected = "each file once, with hash, size"
                raise PluginError(f"{where}: RECORD: {short_repr(row[:1])}, expected {expected}")
            listed[row[0]] = row[1]
    except csv.Error as error:
        raise PluginError(f"{where}: RECORD: {error}, expected CSV") from error
    return listed


def record_hash(digest: bytes) -> str:
    """Format a sha256 digest as RECORD does."""
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def plugin_entry_points(archive: Archive, member: str, where: str) -> dict[str, str]:
    """Return the entry points of our group: one for a plugin, none for other wheels."""
    if member not in archive.sizes:
        return {}
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(archive.read(member, TEXT_LIMIT).decode())
    except (configparser.Error, ValueError) as error:
        fault = " ".join(str(error).split())
        raise PluginError(f"{where}: {member}: {fault}, expected entry points") from error
    entry_points = dict(parser[ENTRY_POINT_GROUP]) if parser.has_section(ENTRY_POINT_GROUP) else {}
    if len(entry_points) > 1:
        raise PluginError(
            f"{where}: entry points {sorted(entry_points)} of {ENTRY_POINT_GROUP}, expected one"
        )
    return entry_points


def read_manifest(archive: Archive, entry_points: Mapping[str, str], where: str) -> dict[str, Any]:
    """Read the manifest from the top package that the entry point names."""
    (value,) = entry_points.values()
    member = f"{value.partition(':')[0].partition('.')[0].strip()}/{MANIFEST_FILE}"
    if member not in archive.sizes:
        raise PluginError(f"{where}: no {member}, expected a manifest in the plugin's package")
    try:
        return tomllib.loads(archive.read(member, MANIFEST_LIMIT).decode())
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deeply
        raise PluginError(f"{where}: {member}: {error}, expected TOML") from error


def is_native(member: str) -> bool:
    """Whether a file contains machine code.

    >>> is_native("a/b.cpython-311-x86_64-linux-gnu.so"), is_native("a/lib.so.6"), is_native("a.py")
    (True, True, False)
    """
    path = PurePosixPath(member)
    return path.suffix in NATIVE or ".so" in path.suffixes

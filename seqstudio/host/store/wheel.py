"""Inspecting a wheel without importing it: every byte is read once, none is run."""

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

from seqstudio.contracts.manifest import Manifest, parse_manifest
from seqstudio.contracts.plain import shown
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.discovery import GROUP, MANIFEST
from seqstudio.host.store.archive import Archive, Source, open_archive

TEXT_LIMIT = 2**20  # bytes of METADATA and entry_points.txt
RECORD_LIMIT = 2**23
MANIFEST_LIMIT = 2**18
NATIVE = (".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".exe")
UNSIGNED = ("RECORD", "RECORD.jws", "RECORD.p7s")  # what RECORD does not hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """What a wheel says of itself, after all of it was checked."""

    source: Source
    name: str  # canonical
    version: str
    sha256: str
    size: int  # bytes
    unpacked: int  # bytes
    hashes: Mapping[str, str]  # member -> sha256 in hexadecimal; RECORD itself is not there
    requires: tuple[str, ...] = ()
    python: str = ""  # the range of Pythons
    native: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)  # of our group: name -> value
    table: Mapping[str, Any] = field(default_factory=dict)  # the manifest, where it is a plugin

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    @property
    def tops(self) -> tuple[str, ...]:
        """Names that importing could find: the top packages and modules."""
        first = (PurePosixPath(name).parts[0] for name in self.hashes)
        return tuple(dict.fromkeys(one.partition(".")[0] for one in first if "-info" not in one))

    def manifest(self) -> Manifest:
        """Check the manifest in full.

        Raises
        ------
        PluginError
            If it breaks the contract, or wants another API than this host's.
        """
        return parse_manifest(self.table, f"{self.source.path.name}: {MANIFEST}")

    @property
    def module(self) -> str:
        """What the plugin's entry point names."""
        (value,) = self.entries.values()
        return value.partition(":")[0].strip()


def inspect_wheel(source: Source) -> Wheel:
    """Read a wheel strictly.

    Raises
    ------
    PluginError
        If anything in it is unsafe, missing, damaged or ambiguous; the text names it.
    """
    where = source.path.name
    name, version = from_file_name(where)
    sha256, size = source.facts()
    with open_archive(source) as archive:
        info = info_folder(archive, name, version, where)
        check_members(archive.sizes, where)
        hashes = check_record(archive, info, where)
        text = archive.read(f"{info}/METADATA", TEXT_LIMIT).decode("utf-8", "replace")
        headers = email.parser.HeaderParser().parsestr(text)
        found = (canonicalize_name(headers["Name"] or ""), headers["Version"])
        if found != (name, version):
            raise PluginError(f"{where}: METADATA says {found}, expected {(name, version)}")
        entries = own_entries(archive, f"{info}/entry_points.txt", where)
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
            native=tuple(one for one in hashes if is_native(one)),
            entries=entries,
            table=read_manifest(archive, entries, where) if entries else {},
        )


def from_file_name(where: str) -> tuple[str, str]:
    """Give name and version, where the wheel is for this Python and machine."""
    try:
        name, version, _, tags = parse_wheel_filename(where)
    except InvalidWheelFilename as bad:
        raise PluginError(f"{where}: expected a wheel's name, NAME-VERSION-TAGS.whl") from bad
    if tags.isdisjoint(sys_tags()):
        raise PluginError(f"{where}: made for another Python or machine, expected one for this")
    return name, str(version)


def info_folder(archive: Archive, name: str, version: str, where: str) -> str:
    """Give the one `.dist-info` folder, which must be this wheel's."""
    tops = {member.partition("/")[0] for member in archive.sizes}
    found = [top for top in tops if top.lower().endswith((".dist-info", ".egg-info"))]
    for top in found:
        of_name, _, of_version = top.removesuffix(".dist-info").partition("-")
        if len(found) == 1 and (canonicalize_name(of_name), of_version) == (name, version):
            missing = {f"{top}/METADATA", f"{top}/RECORD", f"{top}/WHEEL"} - set(archive.sizes)
            if missing:
                raise PluginError(f"{where}: no {sorted(missing)[0]}, expected one")
            return top
    raise PluginError(f"{where}: {sorted(found)}, expected one .dist-info of {name} {version}")


def check_members(members: Iterable[str], where: str) -> None:
    """Refuse files that would act at start-up, be put elsewhere, or hide what runs."""
    for member in members:
        path = PurePosixPath(member)
        if path.suffix.lower() == ".pth":
            raise PluginError(f"{where}: {member}: runs at every start of Python, expected no .pth")
        if path.parts[0].lower().endswith(".data"):
            raise PluginError(f"{where}: {member}: a script or file for elsewhere, expected none")
        if path.suffix.lower() == ".pyc" or "__pycache__" in path.parts:
            raise PluginError(f"{where}: {member}: compiled code, expected its source")


def check_record(archive: Archive, info: str, where: str) -> dict[str, str]:
    """Compare every member with RECORD; give their hashes."""
    record = f"{info}/RECORD"
    unsigned = {f"{info}/{name}" for name in UNSIGNED}
    listed = read_record(archive.read(record, RECORD_LIMIT), where)
    if odd := (set(archive.sizes) ^ set(listed)) - unsigned:
        raise PluginError(f"{where}: {sorted(odd)[0]!r}: not both in the wheel and in its RECORD")
    hashes = {}
    for member in archive.sizes:
        if member not in unsigned:
            digest = hashlib.sha256()
            for chunk in archive.chunks(member):
                digest.update(chunk)
            if listed[member] != as_record(digest.digest()):
                raise PluginError(f"{where}: {member}: not the hash in RECORD, expected its sha256")
            hashes[member] = digest.hexdigest()
    return hashes


def read_record(data: bytes, where: str) -> dict[str, str]:
    """Read a RECORD: member -> hash, as it stands there."""
    listed: dict[str, str] = {}
    try:
        for row in csv.reader(io.StringIO(data.decode("utf-8", "replace"))):
            if len(row) != 3 or row[0] in listed:
                wanted = "each file once, with hash, size"
                raise PluginError(f"{where}: RECORD: {shown(row[:1])}, expected {wanted}")
            listed[row[0]] = row[1]
    except csv.Error as bad:
        raise PluginError(f"{where}: RECORD: {bad}, expected a table with commas") from bad
    return listed


def as_record(digest: bytes) -> str:
    """Write a sha256 as RECORD does."""
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def own_entries(archive: Archive, member: str, where: str) -> dict[str, str]:
    """Give the entry points of our group; a plugin has one."""
    if member not in archive.sizes:
        return {}
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(archive.read(member, TEXT_LIMIT).decode())
    except (configparser.Error, ValueError) as bad:
        fault = " ".join(str(bad).split())
        raise PluginError(f"{where}: {member}: {fault}, expected entry points") from bad
    entries = dict(parser[GROUP]) if parser.has_section(GROUP) else {}
    if len(entries) > 1:
        raise PluginError(f"{where}: entry points {sorted(entries)} of {GROUP}, expected one")
    return entries


def read_manifest(archive: Archive, entries: Mapping[str, str], where: str) -> dict[str, Any]:
    """Read the manifest in the top package that the entry point names."""
    (value,) = entries.values()
    member = f"{value.partition(':')[0].partition('.')[0].strip()}/{MANIFEST}"
    if member not in archive.sizes:
        raise PluginError(f"{where}: no {member}, expected a manifest in the plugin's package")
    try:
        return tomllib.loads(archive.read(member, MANIFEST_LIMIT).decode())
    except (ValueError, RecursionError) as bad:  # the second: nested without end
        raise PluginError(f"{where}: {member}: {bad}, expected TOML") from bad


def is_native(member: str) -> bool:
    """Whether a file holds machine code.

    >>> is_native("a/b.cpython-311-x86_64-linux-gnu.so"), is_native("a/lib.so.6"), is_native("a.py")
    (True, True, False)
    """
    path = PurePosixPath(member)
    return path.suffix in NATIVE or ".so" in path.suffixes

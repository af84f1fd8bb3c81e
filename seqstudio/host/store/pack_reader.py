"""A plugin as one file, NAME-VERSION.seqplugin: wheels, hashes, licences, a conformance report.

A pack is a zip with `pack.json`, `wheels/` and `licences/`. Nothing of it is trusted: its wheels
pass the same inspection as any other, and the report says what was found where it was packed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import PluginError
from seqstudio.host.store.archive import UNPACKED_LIMIT, Archive, WheelSource, open_archive

FORMAT = 1
SUFFIX = ".seqplugin"
CARD = "pack.json"
CARD_LIMIT = 2**20  # bytes
WHEELS, LICENCES = "wheels", "licences"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedWheel:
    """A wheel in a pack."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One conformance check, as it came out when the plugin was packed."""

    name: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCard:
    """What a pack says about itself."""

    format: int = FORMAT
    id: str
    title: str
    version: str
    licence: str
    permissions: Mapping[str, str]
    wheels: tuple[PackedWheel, ...]  # the plugin's own first
    report: tuple[ReportLine, ...]

    def outcomes(self) -> str:
        """Return how many checks passed, failed and were skipped, as text."""
        found = [line.outcome for line in self.report]
        return f"{found.count('pass')} pass, {found.count('fail')} fail, {found.count('skip')} skip"


def open_pack(path: Path) -> tuple[PackCard, list[WheelSource]]:
    """Read a pack: its card, and its wheels, which have the hashes that the card says.

    Raises
    ------
    PluginError
        If it is damaged, of another format, or holds other wheels than its card lists.
    """
    with open_archive(WheelSource(path)) as archive:
        card = read_card(archive, path)
        listed = {f"{WHEELS}/{wheel.file}" for wheel in card.wheels}
        found = {name for name in archive.sizes if name.startswith(f"{WHEELS}/")}
        if listed != found:
            names = ", ".join(sorted(listed ^ found))
            raise PluginError(f"{path}: {names}, expected the wheels that {CARD} lists")
        return card, [read_wheel(archive, wheel, path) for wheel in card.wheels]


def read_card(archive: Archive, path: Path) -> PackCard:
    """Read `pack.json`."""
    if CARD not in archive.sizes:
        raise PluginError(f"{path}: no {CARD}, expected a pack")
    try:
        table = json.loads(archive.read(CARD, CARD_LIMIT))
    except (ValueError, RecursionError) as error:
        raise PluginError(f"{path}: {CARD}: {error}, expected JSON") from error
    card = from_plain(PackCard, table, f"{path}: {CARD}", error=PluginError)
    if card.format != FORMAT:
        raise PluginError(f"{path}: format={card.format}, expected {FORMAT}")
    return card


def read_wheel(archive: Archive, wheel: PackedWheel, path: Path) -> WheelSource:
    """Read a wheel of a pack and compare its hash."""
    data = archive.read(f"{WHEELS}/{wheel.file}", UNPACKED_LIMIT)
    if (sha256 := hashlib.sha256(data).hexdigest()) != wheel.sha256:
        raise PluginError(f"{path}: {wheel.file}: sha256 {sha256}, expected {wheel.sha256}")
    return WheelSource(path / wheel.file, data)

"""Write the pack of a plugin; `pack_reader` has its format."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from seqstudio.contracts.plain import to_plain
from seqstudio.errors import PluginError
from seqstudio.host.store.archive import open_archive
from seqstudio.host.store.install import InspectedPlugin
from seqstudio.host.store.pack_reader import (
    CARD,
    LICENCES,
    SUFFIX,
    WHEELS,
    PackCard,
    PackedWheel,
    ReportLine,
)
from seqstudio.host.store.wheel import Wheel
from seqstudio.services.atomic_files import json_bytes, os_errors_as, write_atomic
from seqstudio.services.zip_files import zip_bytes

LICENCE_NAMES = ("licen", "copying", "notice")  # begin the names of such files, in lower case
LICENCE_LIMIT = 2**20  # bytes


def write_pack(inspected: InspectedPlugin, report: Sequence[ReportLine], folder: Path) -> Path:
    """Write the pack of a plugin that has passed inspection, and return its path.

    Equal wheels and reports give equal bytes.

    Parameters
    ----------
    inspected : with the wheels that it needs
    report : of the conformance checks
    folder : where the pack is written

    Raises
    ------
    PluginError
        If a check failed, or the pack cannot be written.
    """
    if failed := next((line for line in report if line.outcome == "fail"), None):
        raise PluginError(f"{inspected.sheet.id}: {failed.name}: {failed.detail}; expected a pass")
    members: dict[str, bytes] = {}
    for wheel in inspected.wheels:
        with wheel.source.open() as stream:
            members[f"{WHEELS}/{wheel.source.path.name}"] = stream.read()
        members |= licences(wheel)
    card = make_card(inspected, report)
    path = folder / f"{card.id}-{card.version}{SUFFIX}"
    with os_errors_as(PluginError, path):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, zip_bytes({CARD: json_bytes(to_plain(card)), **members}))
    return path


def make_card(inspected: InspectedPlugin, report: Sequence[ReportLine]) -> PackCard:
    """Return the card of a pack."""
    sheet = inspected.sheet
    wheels = (PackedWheel(file=w.source.path.name, sha256=w.sha256) for w in inspected.wheels)
    return PackCard(
        id=sheet.id,
        title=sheet.title,
        version=sheet.version,
        licence=sheet.licence,
        permissions=sheet.permissions,
        wheels=tuple(wheels),
        report=tuple(report),
    )


def licences(wheel: Wheel) -> dict[str, bytes]:
    """Return the licences and notices in a wheel, by their names in the pack."""
    names = [name for name in wheel.hashes if is_licence(name)]
    with open_archive(wheel.source) as archive:
        return {
            f"{LICENCES}/{wheel.name}-{wheel.version}/{PurePosixPath(name).name}": archive.read(
                name, LICENCE_LIMIT
            )
            for name in names
        }


def is_licence(name: str) -> bool:
    """Return whether a file of a wheel is a licence or a notice.

    >>> is_licence("a-1.dist-info/licenses/LICENSE"), is_licence("a/licence_check.py")
    (True, False)
    """
    path = PurePosixPath(name)
    return path.name.lower().startswith(LICENCE_NAMES) and path.suffix not in (".py", ".pyi")

"""Installed code is what the user agreed to: its files, compared with the hashes in the receipt."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.installed import (
    LIBRARY,
    read_installed,
    read_receipt,
    version_folder,
)
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import sha256_of_file


def check_code(profile: Profile, plugins: Iterable[str]) -> None:
    """Check every file of these plugins, bytecode included; those outside the store are skipped.

    Raises
    ------
    PluginError
        If a file was changed, removed or added since the installation; the text names it.
    """
    current = read_installed(profile).in_use
    for plugin in plugins:
        if plugin in current:
            receipt = read_receipt(profile, plugin, current[plugin])
            library = version_folder(profile, plugin, current[plugin]) / LIBRARY
            if fault := difference(receipt.files, library):
                raise PluginError(
                    f"plugin {plugin!r}: {fault} since it was installed, expected the code that"
                    " was agreed to; install it again"
                )


def hash_files(library: Path) -> dict[str, str]:
    """Return the hash of each regular file in a folder, by its path in it; "" for anything else."""
    return {
        path.relative_to(library).as_posix(): sha256_of_file(path) if is_plain(path) else ""
        for path in sorted(library.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def is_plain(path: Path) -> bool:
    """Whether this is a regular file, not a link, pipe or device."""
    return path.is_file() and not path.is_symlink()


def difference(expected: Mapping[str, str], library: Path) -> str:
    """Return which file of a folder is not as expected, and how; "" if all are."""
    found = hash_files(library)
    for name in sorted(expected.keys() | found.keys()):
        if found.get(name) != expected.get(name):
            how = "added" if name not in expected else "changed" if name in found else "removed"
            return f"{name} was {how}"
    return ""

"""Install plugins: inspect, ask for consent, unpack, probe, enable.

A failure before the last step leaves the store unchanged.
"""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.contracts.plain import to_plain
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.installed import (
    LIBRARY,
    RECEIPT,
    Receipt,
    read_installed,
    read_receipt,
    store_lock,
    version_folder,
    write_installed,
)
from seqstudio.host.profile import Profile
from seqstudio.host.store.archive import WheelSource, open_archive
from seqstudio.host.store.pack import PROJECT, pack
from seqstudio.host.store.probe import probe
from seqstudio.host.store.resolve import host_versions, resolve
from seqstudio.host.store.sheet import ConsentSheet, make_sheet
from seqstudio.host.store.wheel import Wheel, inspect_wheel
from seqstudio.services.atomic_files import (
    json_bytes,
    os_errors_as,
    remove_leftovers,
    sha256_of_file,
    sync_file,
    write_atomic,
)

HASH_CHARACTERS = 8  # of the hash in a folder's name


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedPlugin:
    """A plugin that has passed inspection and can be installed; nothing has been written yet."""

    wheels: tuple[Wheel, ...]  # the plugin's own first
    sheet: ConsentSheet

    @property
    def folder(self) -> str:
        """The name of the folder for this version."""
        return f"{self.sheet.version}-{self.sheet.sha256[:HASH_CHARACTERS]}"

    def receipt(self) -> Receipt:
        """Return the receipt that is stored with the installed version."""
        plugin, sheet = self.wheels[0], self.sheet
        return Receipt(
            table=plugin.table,
            package=plugin.module.partition(".")[0],
            module=plugin.module,
            distribution=plugin.name,
            version=plugin.version,
            sha256=sheet.sha256,
            source=sheet.source,
            size=sheet.size,
            native=sheet.native,
            dependencies=sheet.dependencies,
        )


def inspect_source(path: Path, profile: Profile) -> InspectedPlugin:
    """Inspect a wheel, a folder of wheels or a plugin's project; writes nothing.

    Raises
    ------
    PluginError
        If it is unsafe, damaged or incompatible with this installation.
    """
    wheels = [inspect_wheel(source) for source in find_wheels(path)]
    plugins = [wheel for wheel in wheels if wheel.entry_points]
    if len(plugins) != 1:
        names = ", ".join(wheel.title for wheel in plugins) or "none"
        raise PluginError(f"{path}: plugins: {names}, expected one")
    (plugin,) = plugins
    old = check_names_free(plugin, plugin.manifest().id, profile)
    others = [wheel for wheel in wheels if wheel is not plugin]
    dependencies = resolve(plugin, others, host_versions())
    sheet = make_sheet(plugin, dependencies, old)
    return InspectedPlugin(wheels=(plugin, *dependencies), sheet=sheet)


def find_wheels(path: Path) -> list[WheelSource]:
    """Return the wheels at a path: the file itself, those in a folder, or a packed project."""
    if not path.exists():
        raise PluginError(
            f"{path}: no such file or folder, expected a wheel, a folder of wheels or a project"
        )
    if not path.is_dir():
        return [WheelSource(path)]
    if (path / PROJECT).is_file():
        return [pack(path)]
    found = [WheelSource(file) for file in sorted(path.glob("*.whl"))]
    if not found:
        raise PluginError(f"{path}: no wheel and no {PROJECT}, expected a wheel or a project")
    return found


def check_names_free(plugin: Wheel, identity: str, profile: Profile) -> Receipt | None:
    """Check that no other distribution uses the plugin's id or the names of its models.

    Returns
    -------
    the receipt of this plugin's version that is in use now, or None
    """
    version = read_installed(profile).current.get(identity)
    old = read_receipt(profile, identity, version) if version else None
    for other in Catalogue.load(profile, include_disabled=True).plugins:
        is_update = old is not None and other.id == identity
        if other.id == identity and (not is_update or other.distribution != plugin.name):
            raise PluginError(
                f"{plugin.title}: id {identity!r} belongs to {other.distribution}, expected another"
            )
        models = {entry["name"] for entry in other.table.get("models", ())}
        taken = models & {entry["name"] for entry in plugin.table.get("models", ())}
        if taken and not is_update:
            raise PluginError(
                f"{plugin.title}: model {min(taken)!r} belongs to {other.id}, expected another"
            )
    return old


def ignore_progress(_text: str) -> None:
    """Do nothing with a progress message."""


def install(
    inspected: InspectedPlugin,
    profile: Profile,
    *,
    accepted: str,
    on_progress: Callable[[str], None] = ignore_progress,
) -> None:
    """Unpack, probe and enable a plugin.

    Parameters
    ----------
    accepted : the hash of the consent sheet that the user agreed to
    on_progress : called with each step as text

    Raises
    ------
    PluginError
        If the hash differs, the plugin fails its probe, or the disk fails; the store is unchanged.
    """
    if accepted.removeprefix("sha256:") != inspected.sheet.sha256:
        raise PluginError(f"accepted {accepted}, expected sha256:{inspected.sheet.sha256}")
    identity, name = inspected.sheet.id, inspected.folder
    target = version_folder(profile, identity, name)
    with os_errors_as(PluginError, profile.home), store_lock(profile):
        installed = read_installed(profile)
        used = installed.current.get(identity, "")
        if name not in (used, installed.previous.get(identity)):
            stage(inspected, profile, target, on_progress)
        installed = replace(installed, current={**installed.current, identity: name})
        if used and used != name:
            installed = replace(installed, previous={**installed.previous, identity: used})
        disabled = {other: why for other, why in installed.disabled.items() if other != identity}
        installed = replace(installed, disabled=disabled)
        with removed_on_error(target if name != used else None, profile):
            write_installed(profile, installed)
        remove_unused(target.parent, {name, installed.previous.get(identity, "")})


def stage(
    inspected: InspectedPlugin, profile: Profile, target: Path, on_progress: Callable[[str], None]
) -> None:
    """Unpack a version in a temporary folder, probe it there and move it to its place."""
    temporary = profile.home / "plugins" / f".{inspected.sheet.id}-{os.getpid()}"
    remove_leftovers(temporary.parent)  # of processes that have died
    with removed_on_exit(temporary):
        unpacked = temporary / "unpacked"
        library = unpacked / LIBRARY
        library.mkdir(parents=True)
        for wheel in inspected.wheels:
            on_progress(f"unpacking {wheel.title}")
            unpack(wheel, library)
        receipt = inspected.receipt()
        write_atomic(unpacked / RECEIPT, json_bytes(to_plain(receipt)))
        (temporary / "probe").mkdir()
        on_progress("trying it in a separate process")
        probe(receipt, library, temporary / "probe", profile.limits().start_timeout_s)
        check_unchanged(inspected, library)
        if target.exists():  # left by a process that died before it enabled the plugin
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        unpacked.rename(target)
        for folder in (target, target.parent, target.parent.parent):
            sync_file(folder)


def unpack(wheel: Wheel, library: Path) -> None:
    """Write a wheel's files; check each hash again, as the wheel may have changed meanwhile."""
    with open_archive(wheel.source) as archive:
        for member, expected in wheel.hashes.items():
            path = library / member
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            with path.open("xb") as stream:
                for chunk in archive.chunks(member):
                    digest.update(chunk)
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
            if digest.hexdigest() != expected:
                raise PluginError(f"{wheel.title}: {member} changed while it was being installed")


def check_unchanged(inspected: InspectedPlugin, library: Path) -> None:
    """Check that the plugin did not change its own files while it was probed."""
    expected: dict[str, str] = {}
    for wheel in inspected.wheels:
        expected |= wheel.hashes
    for cache in [*library.rglob("__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)  # written by Python, or by the plugin itself
    found = {
        path.relative_to(library).as_posix(): path
        for path in library.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    for member in sorted(set(expected) | set(found)):
        path = found.get(member)
        as_expected = path is not None and member in expected and is_regular_file(path)
        if not as_expected or sha256_of_file(library / member) != expected[member]:
            raise PluginError(
                f"{inspected.wheels[0].title}: changed its own {member} while it was tried"
            )


def is_regular_file(path: Path) -> bool:
    """Whether this is a regular file, not a link, pipe or device."""
    return stat.S_ISREG(path.lstat().st_mode)


def remove_unused(folder: Path, kept: set[str]) -> None:
    """Remove all versions in a plugin's folder that are not in `kept`."""
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def removed_on_exit(folder: Path) -> Iterator[None]:
    """Remove a folder on exit, and its parent if that is empty then."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # the parent is not empty, as usual
            folder.parent.rmdir()


@contextlib.contextmanager
def removed_on_error(target: Path | None, profile: Profile) -> Iterator[None]:
    """Remove a new version again if it could not be enabled."""
    try:
        yield
    except BaseException:
        if target is not None and target.name not in versions_in_use(profile):
            shutil.rmtree(target, ignore_errors=True)
            with contextlib.suppress(OSError):
                target.parent.rmdir()
        raise


def versions_in_use(profile: Profile) -> set[str]:
    """Return all versions that `plugins.json` names."""
    installed = read_installed(profile)
    return {*installed.current.values(), *installed.previous.values()}

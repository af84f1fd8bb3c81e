"""Install plugins: inspect, ask for consent, unpack, probe, enable.

A failure before the last step leaves the store unchanged.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.contracts.messages import PluginSource
from seqstudio.contracts.plain import to_plain
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.confined import confinement_of
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
from seqstudio.host.catalogue.integrity import difference, hash_files
from seqstudio.host.profile import Profile
from seqstudio.host.store.archive import WheelSource, open_archive
from seqstudio.host.store.code_changes import CodeChanges, code_changes
from seqstudio.host.store.pack_reader import SUFFIX, open_pack
from seqstudio.host.store.probe import probe
from seqstudio.host.store.project_wheel import PROJECT, project_wheel
from seqstudio.host.store.resolve import host_versions, resolve
from seqstudio.host.store.sheet import ConsentSheet, make_sheet
from seqstudio.host.store.wheel import Wheel, inspect_wheel
from seqstudio.services.atomic_files import (
    json_bytes,
    os_errors_as,
    remove_leftovers,
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
            files={name: sha for wheel in self.wheels for name, sha in wheel.hashes.items()},
            native=sheet.native,
            dependencies=sheet.dependencies,
        )


def inspect_source(path: Path, profile: Profile) -> InspectedPlugin:
    """Inspect a pack, a wheel, a folder of wheels or a plugin's project; writes nothing.

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
    wheels = [plugin, *dependencies]
    code = changes_of(old, wheels, profile) if old else CodeChanges()
    sheet = make_sheet(plugin, dependencies, old, code, confinement_of(profile))
    return InspectedPlugin(wheels=tuple(wheels), sheet=sheet)


def changes_of(old: Receipt, wheels: Sequence[Wheel], profile: Profile) -> CodeChanges:
    """Return what differs between wheels and the version in use."""
    identity = old.table["id"]
    version = read_installed(profile).current[identity]
    return code_changes(wheels, old.files, version_folder(profile, identity, version) / LIBRARY)


def find_wheels(path: Path) -> list[WheelSource]:
    """Return the wheels at a path: the file itself, those in a pack or folder, or a project's."""
    if not path.exists():
        raise PluginError(
            f"{path}: no such file or folder, expected a wheel, a pack, a folder of wheels or a "
            "project"
        )
    if path.suffix == SUFFIX:
        return open_pack(path)[1]
    if not path.is_dir():
        return [WheelSource(path)]
    if (path / PROJECT).is_file():
        return [project_wheel(path)]
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
        (temporary / "probe").mkdir()
        on_progress("trying it in a separate process")
        others = Catalogue.load(profile, include_disabled=True).plugins
        hidden = [one.root for one in others if one.id != inspected.sheet.id]
        source = PluginSource(
            id=inspected.sheet.id,
            module=receipt.module,
            version=receipt.version,
            manifest=receipt.table,
        )
        probe(source, library, temporary / "probe", profile.limits(), hidden)
        check_unchanged(inspected.wheels[0].title, receipt, library)
        compile_bytecode(library)
        receipt = replace(receipt, files=hash_files(library))
        write_atomic(unpacked / RECEIPT, json_bytes(to_plain(receipt)))
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


def check_unchanged(title: str, receipt: Receipt, library: Path) -> None:
    """Check that the plugin did not change its own files while it was probed."""
    for cache in [*library.rglob("__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)  # written by Python, or by the plugin itself
    if fault := difference(receipt.files, library):
        raise PluginError(f"{title}: {fault} by the plugin itself while it was tried")


def compile_bytecode(library: Path) -> None:
    """Write the bytecode of a plugin; a process of its own compiles, and executes none of it.

    Workers write none, since only what is in the receipt may be there. What does not compile has
    none either, and fails when it is imported.
    """
    modes = ("-q", "--invalidation-mode", "unchecked-hash")
    subprocess.run(
        [sys.executable, "-I", "-S", "-m", "compileall", *modes, str(library)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


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

"""Installing: inspect, agree, unpack, try, switch. What fails before the switch leaves no trace."""

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
    locked,
    read_pointer,
    read_receipt,
    version_folder,
    write_pointer,
)
from seqstudio.host.profile import Profile
from seqstudio.host.store.archive import Source, open_archive
from seqstudio.host.store.pack import PROJECT, pack
from seqstudio.host.store.probe import probe
from seqstudio.host.store.resolve import host_versions, resolve
from seqstudio.host.store.sheet import Sheet, sheet_of
from seqstudio.host.store.wheel import Wheel, inspect_wheel
from seqstudio.services.atomic_files import (
    faults_as,
    json_bytes,
    sha256_of_file,
    sweep,
    sync_file,
    write_durably,
)

SHORT = 8  # characters of a hash in a folder's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A plugin that was inspected and could be installed: nothing has been written yet."""

    wheels: tuple[Wheel, ...]  # the plugin's own first
    sheet: Sheet

    @property
    def folder(self) -> str:
        """The name of its version's folder."""
        return f"{self.sheet.version}-{self.sheet.sha256[:SHORT]}"

    def receipt(self) -> Receipt:
        """Write down what was agreed to."""
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


def inspect_source(path: Path, profile: Profile) -> Offer:
    """Inspect a wheel, a folder of wheels or a plugin's project, and check that it could run here.

    Raises
    ------
    PluginError
        If anything speaks against it; nothing has been written.
    """
    wheels = [inspect_wheel(source) for source in sources(path)]
    plugins = [wheel for wheel in wheels if wheel.entries]
    if len(plugins) != 1:
        names = ", ".join(wheel.title for wheel in plugins) or "none"
        raise PluginError(f"{path}: plugins: {names}, expected one")
    (plugin,) = plugins
    identity = plugin.manifest().id
    old = check_owner(plugin, identity, profile)
    brought = resolve(plugin, [one for one in wheels if one is not plugin], host_versions())
    return Offer(wheels=(plugin, *brought), sheet=sheet_of(plugin, brought, old))


def sources(path: Path) -> list[Source]:
    """Give the wheels at a path; a folder may hold several, or be a project."""
    if not path.exists():
        raise PluginError(
            f"{path}: no such file or folder, expected a wheel, a folder of wheels or a project"
        )
    if not path.is_dir():
        return [Source(path)]
    if (path / PROJECT).is_file():
        return [pack(path)]
    found = [Source(each) for each in sorted(path.glob("*.whl"))]
    if not found:
        raise PluginError(f"{path}: no wheel and no {PROJECT}, expected a wheel or a project")
    return found


def check_owner(plugin: Wheel, identity: str, profile: Profile) -> Receipt | None:
    """See that id and names of models are free, or this distribution's; give the old receipt."""
    version = read_pointer(profile).current.get(identity)
    old = read_receipt(profile, identity, version) if version else None
    for one in Catalogue.load(profile, everything=True).plugins:
        mine = old is not None and one.id == identity
        if one.id == identity and (not mine or one.distribution != plugin.name):
            raise PluginError(
                f"{plugin.title}: id {identity!r} is {one.distribution}'s, expected another"
            )
        shipped = {entry["name"] for entry in one.table.get("models", ())}
        taken = shipped & {entry["name"] for entry in plugin.table.get("models", ())}
        if taken and not mine:
            raise PluginError(
                f"{plugin.title}: model {min(taken)!r} is {one.id}'s, expected another"
            )
    return old


def silent(_words: str) -> None:
    """Hear what is being done, and say nothing."""


def install(
    offer: Offer, profile: Profile, *, accepted: str, tell: Callable[[str], None] = silent
) -> None:
    """Unpack, try, and switch on.

    Parameters
    ----------
    accepted : the hash of the sheet that the person agreed to
    tell : hears what is being done, in words

    Raises
    ------
    PluginError
        If the hash is another, the plugin fails its trial, or the disk refuses; the store is then
        as it was.
    """
    if accepted.removeprefix("sha256:") != offer.sheet.sha256:
        raise PluginError(f"accepted {accepted}, expected sha256:{offer.sheet.sha256}")
    identity, name = offer.sheet.id, offer.folder
    target = version_folder(profile, identity, name)
    with faults_as(PluginError, profile.home), locked(profile):
        pointer = read_pointer(profile)
        used = pointer.current.get(identity, "")
        if name not in (used, pointer.previous.get(identity)):
            stage(offer, profile, target, tell)
        pointer = replace(pointer, current={**pointer.current, identity: name})
        if used and used != name:
            pointer = replace(pointer, previous={**pointer.previous, identity: used})
        disabled = {one: why for one, why in pointer.disabled.items() if one != identity}
        pointer = replace(pointer, disabled=disabled)
        with undone(target if name != used else None, profile):
            write_pointer(profile, pointer)
        drop_unused(target.parent, {name, pointer.previous.get(identity, "")})


def stage(offer: Offer, profile: Profile, target: Path, tell: Callable[[str], None]) -> None:
    """Put a version where it will stay, after it passed its trial beside that place."""
    beside = profile.home / "plugins" / f".{offer.sheet.id}-{os.getpid()}"
    sweep(beside.parent)  # what dead processes left
    with removed_on_leaving(beside):
        library = beside / "made" / LIBRARY
        library.mkdir(parents=True)
        for wheel in offer.wheels:
            tell(f"unpacking {wheel.title}")
            unpack(wheel, library)
        receipt = offer.receipt()
        write_durably(beside / "made" / RECEIPT, json_bytes(to_plain(receipt)))
        (beside / "trial").mkdir()
        tell("trying it in a process of its own")
        probe(receipt, library, beside / "trial", profile.limits().start_s)
        check_unchanged(offer, library)
        if target.exists():  # left by a process that died before it switched
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        (beside / "made").rename(target)
        for folder in (target, target.parent, target.parent.parent):
            sync_file(folder)


def unpack(wheel: Wheel, library: Path) -> None:
    """Write a wheel's files, each compared with its hash once more: the file may have changed."""
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


def check_unchanged(offer: Offer, library: Path) -> None:
    """See that the trial left the files as they were agreed to."""
    expected: dict[str, str] = {}
    for wheel in offer.wheels:
        expected |= wheel.hashes
    for compiled in [*library.rglob("__pycache__")]:
        shutil.rmtree(compiled, ignore_errors=True)  # by Python, or by the plugin itself
    found = {
        path.relative_to(library).as_posix(): path
        for path in library.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    for member in sorted(set(expected) | set(found)):
        path = found.get(member)
        sound = path is not None and member in expected and is_plain_file(path)
        if not sound or sha256_of_file(library / member) != expected[member]:
            raise PluginError(
                f"{offer.wheels[0].title}: changed its own {member} while it was tried"
            )


def is_plain_file(path: Path) -> bool:
    """Whether this is a file itself, and no link, pipe or device."""
    return stat.S_ISREG(path.lstat().st_mode)


def drop_unused(folder: Path, kept: set[str]) -> None:
    """Remove versions that neither are in use nor can be gone back to."""
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def removed_on_leaving(beside: Path) -> Iterator[None]:
    """Remove a folder at the end, and those above it that were empty."""
    shutil.rmtree(beside, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        with contextlib.suppress(OSError):  # not empty, which is as it should be
            beside.parent.rmdir()


@contextlib.contextmanager
def undone(target: Path | None, profile: Profile) -> Iterator[None]:
    """Take a new version away again if the switch fails."""
    try:
        yield
    except BaseException:
        if target is not None and target.name not in versions_in_use(profile):
            shutil.rmtree(target, ignore_errors=True)
            with contextlib.suppress(OSError):
                target.parent.rmdir()
        raise


def versions_in_use(profile: Profile) -> set[str]:
    """Give the versions that the pointer names."""
    pointer = read_pointer(profile)
    return {*pointer.current.values(), *pointer.previous.values()}

"""Use a plugin in its author's folder: a job runs the code that is there when it starts.

Nothing is copied, hashed or tried first, so only the author's own profile links a plugin.
"""

from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from seqstudio.contracts.manifest import ENTRY_POINT_GROUP, MANIFEST_FILE
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.discovery import read_manifest
from seqstudio.host.catalogue.installed import (
    LinkedPlugin,
    read_installed,
    store_lock,
    without,
    write_installed,
)
from seqstudio.host.profile import Profile
from seqstudio.host.store.project_wheel import PROJECT, read_project
from seqstudio.services.atomic_files import os_errors_as


def link(folder: Path, profile: Profile) -> str:
    """Use a project in place of the installed version of its plugin, if there is one.

    Returns
    -------
    the plugin's id

    Raises
    ------
    PluginError
        If the folder holds no plugin, or another plugin has its id.
    """
    folder = folder.absolute()
    project = read_project(folder / PROJECT)
    modules = [*project.entry_points[ENTRY_POINT_GROUP].values()]
    if len(modules) != 1:
        raise PluginError(f"{folder / PROJECT}: entry points {modules}, expected one")
    module = modules[0].partition(":")[0].strip()
    root = folder / "src" / module.partition(".")[0]
    identity = str(read_manifest(root / MANIFEST_FILE)["id"])
    linked = LinkedPlugin(
        folder=str(folder),
        root=str(root),
        module=module,
        distribution=project.name,
        version=project.version,
    )
    check_own(identity, linked, profile)
    with os_errors_as(PluginError, profile.home), store_lock(profile):
        installed = read_installed(profile)
        if installed.linked.get(identity) != linked:
            write_installed(
                profile, replace(installed, linked={**installed.linked, identity: linked})
            )
    return identity


def check_own(identity: str, linked: LinkedPlugin, profile: Profile) -> None:
    """Raise PluginError if a plugin of another distribution has this id."""
    for other in Catalogue.load(profile, include_disabled=True).plugins:
        same = canonicalize_name(other.distribution) == canonicalize_name(linked.distribution)
        if other.id == identity and not same:
            raise PluginError(
                f"{linked.folder}: id {identity!r} belongs to {other.distribution}, "
                f"expected another"
            )


def unlink(identity: str, profile: Profile) -> None:
    """Return to the installed version of a plugin, if there is one."""
    with os_errors_as(PluginError, profile.home), store_lock(profile):
        installed = read_installed(profile)
        write_installed(profile, replace(installed, linked=without(installed.linked, identity)))

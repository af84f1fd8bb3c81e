"""Plugins of one job share a process: what they bring must not clash."""

from collections.abc import Iterable

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.installed import read_pointer, read_receipt
from seqstudio.host.profile import Profile


def check_together(profile: Profile, plugins: Iterable[str]) -> None:
    """See that plugins of the store can be in one worker.

    Parameters
    ----------
    profile : of the store
    plugins : ids, the job's owner first; those that are not the store's use the host's libraries

    Raises
    ------
    PluginError
        If two bring another version of one library, or one package; the text says who and what.
    """
    current = read_pointer(profile).current
    brought: dict[str, tuple[str, str]] = {}  # library or package -> who brings it, which one
    for plugin in plugins:
        if plugin not in current:
            continue
        receipt = read_receipt(profile, plugin, current[plugin])
        mine = f"{receipt.distribution} {receipt.version}"
        for name, version in {receipt.package: mine, **receipt.dependencies}.items():
            other, theirs = brought.setdefault(name, (plugin, version))
            if theirs != version:
                raise PluginError(
                    f"this job needs plugins {other!r} and {plugin!r}, which bring {name} {theirs} "
                    f"and {version}, expected one; disable one of the two"
                )

"""What a plugin needs, held against what the host has and what lies beside it: nothing is written.

The host's own copies come first on every worker's path, so a plugin cannot bring another version of
a library that the host has: such a clash is said before anything is installed.
"""

import importlib.metadata
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

from packaging.markers import UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from seqstudio import __version__
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.store.wheel import Wheel

START_MODULES = frozenset(["sitecustomize", "usercustomize"])


def host_versions() -> Mapping[str, str]:
    """Give the distributions that every worker sees: canonical name -> version."""
    found = {"seqstudio": __version__}
    for distribution in importlib.metadata.distributions(path=search_path()):
        if distribution.name:
            found.setdefault(canonicalize_name(distribution.name), distribution.version)
    return found


def resolve(plugin: Wheel, beside: Sequence[Wheel], host: Mapping[str, str]) -> tuple[Wheel, ...]:
    """Choose the wheels that a plugin brings with it.

    Parameters
    ----------
    plugin : the plugin's own wheel
    beside : wheels in the same folder
    host : the host's distributions

    Raises
    ------
    PluginError
        If something is missing, or two needs cannot both be met; the text says who needs what.
    """
    chosen: dict[str, Wheel] = {plugin.name: plugin}
    why: dict[str, str] = {}
    waiting = [plugin]
    while waiting:
        wheel = waiting.pop(0)
        check_fits(wheel, host)
        for need in needs(wheel):
            text = f"{wheel.title} needs {need}"
            name = canonicalize_name(need.name)
            if name in host:
                check_host(need, host[name], text)
            elif name in chosen:
                if not need.specifier.contains(chosen[name].version, prereleases=True):
                    first = f"{why[name]}, " if name in why else ""
                    raise PluginError(f"{first}{text}, expected needs that one version meets")
            else:
                chosen[name] = best(need, [one for one in beside if one.name == name], text)
                why[name] = text
                waiting.append(chosen[name])
    check_apart(list(chosen.values()))
    return tuple(wheel for name, wheel in chosen.items() if name != plugin.name)


def needs(wheel: Wheel) -> Iterator[Requirement]:
    """Give what a wheel needs on this Python and machine."""
    for text in wheel.requires:
        try:
            need = Requirement(text)
        except InvalidRequirement as bad:
            raise PluginError(f"{wheel.title}: Requires-Dist {text!r}, expected a need") from bad
        if need.url:
            raise PluginError(
                f"{wheel.title} needs {text}, expected no address: installs are local"
            )
        try:
            here = need.marker is None or need.marker.evaluate({"extra": ""})
        except UndefinedComparison as bad:
            raise PluginError(f"{wheel.title} needs {text}: {bad}, expected a condition") from bad
        if here:
            yield need


def check_host(need: Requirement, have: str, text: str) -> None:
    """See that the host's own copy will do."""
    if not need.specifier.contains(have, prereleases=True):
        raise PluginError(
            f"{text}, the host has {need.name} {have} and plugins use the host's copy; "
            f"expected a plugin made for it"
        )


def best(need: Requirement, found: Sequence[Wheel], text: str) -> Wheel:
    """Give the newest wheel that meets a need."""
    fit = [one for one in found if need.specifier.contains(one.version, prereleases=True)]
    if fit:
        return max(fit, key=lambda one: Version(one.version))
    have = ", ".join(one.version for one in found) or "no wheel of it"
    raise PluginError(f"{text}; beside it lies {have}, expected one in the same folder")


def check_fits(wheel: Wheel, host: Mapping[str, str]) -> None:
    """See that a wheel is for this Python and hides nothing of the host's."""
    try:
        fits = SpecifierSet(wheel.python).contains(platform.python_version(), prereleases=True)
    except InvalidSpecifier as bad:
        raise PluginError(f"{wheel.title}: Requires-Python {wheel.python!r}: {bad}") from bad
    if not fits:
        have = platform.python_version()
        raise PluginError(f"{wheel.title} needs Python {wheel.python}, expected one for {have}")
    if wheel.name in host:
        raise PluginError(
            f"{wheel.title}: the host has a {wheel.name} of its own, expected a new name"
        )
    for top in wheel.tops:
        if top in sys.stdlib_module_names or top in START_MODULES:
            raise PluginError(
                f"{wheel.title}: module {top!r} is Python's own, expected another name"
            )
        if is_hosts(top, wheel.source.path.parent if wheel.source.packed else None):
            raise PluginError(f"{wheel.title}: module {top!r} is the host's, expected another name")


def is_hosts(top: str, project: Path | None) -> bool:
    """Whether an import of `top` would find something without this plugin; imports nothing.

    Parameters
    ----------
    top : a top package or module
    project : the plugin's own folder, whose source may be on the path while its author tests it
    """
    specs: Iterator[ModuleSpec | None] = (one.find_spec(top, None) for one in sys.meta_path)
    spec = next((one for one in specs if one is not None), None)
    if spec is None or spec.loader is None or spec.origin is None:
        return False
    return project is None or not Path(spec.origin).is_relative_to(project.absolute())


def check_apart(wheels: Sequence[Wheel]) -> None:
    """See that no two wheels bring the same file."""
    owner: dict[str, str] = {}
    for wheel in wheels:
        for member in wheel.hashes:
            if member in owner:
                raise PluginError(f"{owner[member]} and {wheel.title} both bring {member}")
            owner[member] = wheel.title

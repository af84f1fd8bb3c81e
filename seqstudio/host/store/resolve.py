"""Check a plugin's requirements against the host's libraries and the wheels next to it.

The host's libraries come first on every worker's path, so a plugin cannot bring another version of
a library that the host has. Such conflicts are errors before anything is installed.
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

STARTUP_MODULES = frozenset(["sitecustomize", "usercustomize"])


def host_versions() -> Mapping[str, str]:
    """Return the distributions that every worker can import: canonical name -> version."""
    versions = {"seqstudio": __version__}
    for distribution in importlib.metadata.distributions(path=search_path()):
        if distribution.name:
            versions.setdefault(canonicalize_name(distribution.name), distribution.version)
    return versions


def resolve(plugin: Wheel, others: Sequence[Wheel], host: Mapping[str, str]) -> tuple[Wheel, ...]:
    """Choose the wheels to install with a plugin.

    Parameters
    ----------
    plugin : the plugin's own wheel
    others : the other wheels in the same folder
    host : the host's distributions: canonical name -> version

    Raises
    ------
    PluginError
        If a requirement is missing or two requirements conflict; the text says who needs what.
    """
    chosen: dict[str, Wheel] = {plugin.name: plugin}
    reasons: dict[str, str] = {}  # name -> the requirement for which it was chosen
    pending = [plugin]
    while pending:
        wheel = pending.pop(0)
        check_compatible(wheel, host)
        for requirement in requirements(wheel):
            text = f"{wheel.title} needs {requirement}"
            name = canonicalize_name(requirement.name)
            if name in host:
                check_host_version(requirement, host[name], text)
            elif name in chosen:
                if not requirement.specifier.contains(chosen[name].version, prereleases=True):
                    first = f"{reasons[name]}, " if name in reasons else ""
                    raise PluginError(
                        f"{first}{text}, expected requirements that one version meets"
                    )
            else:
                candidates = [other for other in others if other.name == name]
                chosen[name] = newest_match(requirement, candidates, text)
                reasons[name] = text
                pending.append(chosen[name])
    check_no_shared_files(list(chosen.values()))
    return tuple(wheel for name, wheel in chosen.items() if name != plugin.name)


def requirements(wheel: Wheel) -> Iterator[Requirement]:
    """Yield a wheel's requirements that apply to this Python and machine."""
    for text in wheel.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise PluginError(
                f"{wheel.title}: Requires-Dist {text!r}, expected a requirement"
            ) from error
        if requirement.url:
            raise PluginError(f"{wheel.title} needs {text}, expected no URL: installs are local")
        try:
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        except UndefinedComparison as error:
            raise PluginError(
                f"{wheel.title} needs {text}: {error}, expected a valid marker"
            ) from error
        if applies:
            yield requirement


def check_host_version(requirement: Requirement, version: str, text: str) -> None:
    """Check that the host's version of a library meets a requirement."""
    if not requirement.specifier.contains(version, prereleases=True):
        raise PluginError(
            f"{text}, the host has {requirement.name} {version} and plugins use the host's copy; "
            f"expected a plugin that works with it"
        )


def newest_match(requirement: Requirement, candidates: Sequence[Wheel], text: str) -> Wheel:
    """Return the newest wheel that meets a requirement."""
    specifier = requirement.specifier
    matching = [
        wheel for wheel in candidates if specifier.contains(wheel.version, prereleases=True)
    ]
    if matching:
        return max(matching, key=lambda wheel: Version(wheel.version))
    found = ", ".join(wheel.version for wheel in candidates) or "no wheel of it"
    raise PluginError(f"{text}; its folder has {found}, expected a matching wheel")


def check_compatible(wheel: Wheel, host: Mapping[str, str]) -> None:
    """Check that a wheel is for this Python and hides no distribution or module of the host."""
    python = platform.python_version()
    try:
        fits = SpecifierSet(wheel.python).contains(python, prereleases=True)
    except InvalidSpecifier as error:
        raise PluginError(f"{wheel.title}: Requires-Python {wheel.python!r}: {error}") from error
    if not fits:
        raise PluginError(f"{wheel.title} needs Python {wheel.python}, expected one for {python}")
    if wheel.name in host:
        raise PluginError(
            f"{wheel.title}: the host already has {wheel.name}, expected another name"
        )
    for top in wheel.top_modules:
        if top in sys.stdlib_module_names or top in STARTUP_MODULES:
            raise PluginError(
                f"{wheel.title}: module {top!r} belongs to Python, expected another name"
            )
        if is_importable(top, wheel.source.path.parent if wheel.source.packed else None):
            raise PluginError(
                f"{wheel.title}: module {top!r} belongs to the host, expected another name"
            )


def is_importable(top: str, project: Path | None) -> bool:
    """Whether a module can be imported without this plugin; imports nothing.

    Parameters
    ----------
    top : a top-level package or module
    project : the plugin's project folder, which may be on the path while its author tests it
    """
    specs: Iterator[ModuleSpec | None] = (finder.find_spec(top, None) for finder in sys.meta_path)
    spec = next((found for found in specs if found is not None), None)
    if spec is None or spec.loader is None or spec.origin is None:
        return False
    return project is None or not Path(spec.origin).is_relative_to(project.absolute())


def check_no_shared_files(wheels: Sequence[Wheel]) -> None:
    """Check that no two wheels contain the same file."""
    owner: dict[str, str] = {}
    for wheel in wheels:
        for member in wheel.hashes:
            if member in owner:
                raise PluginError(f"{owner[member]} and {wheel.title} both contain {member}")
            owner[member] = wheel.title

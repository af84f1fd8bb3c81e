"""The whole suite, for a wheel, a folder of wheels, a project or an installed plugin."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.host.catalogue.confined import confinement_of
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.extension_checks import check_extensions
from seqstudio.host.conformance.operation_checks import check_operation
from seqstudio.host.conformance.training_checks import check_task
from seqstudio.host.conformance.training_extension_checks import check_training_extensions
from seqstudio.host.profile import Profile
from seqstudio.host.store.refusals import read_refusals
from seqstudio.host.store.store import Store
from seqstudio.host.studio import Studio

PRIVATE = ("home", "current", "tmp")  # folders of the suite that no job names
INSPECTION = "it passes inspection"
ASKS = "it asks for nothing but what its jobs and permissions allow"
INSTALLATION = "it installs, and its hooks match its manifest"
LIMITS = {"cancel_timeout_s": 20.0}  # on a busy machine one that obeys is not killed
DESCRIBE_LIMIT_MS = 50.0
DESCRIBE = """
import json, sys, time
sys.path[:] = json.loads(sys.argv[1])
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile
import seqstudio.contracts.manifest
Catalogue.load(Profile(sys.argv[3]))
start = time.process_time()
plugin = Catalogue.load(Profile(sys.argv[3])).plugin(sys.argv[2])
assert plugin.manifest.id == sys.argv[2]
elapsed_ms = 1000 * (time.process_time() - start)
imported = [name for name in ("torch", plugin.module) if name in sys.modules]
print(json.dumps([elapsed_ms, imported]))
"""


def verify_source(path: Path, scratch: Path) -> Iterator[Check]:
    """Install a plugin in a new profile, check it there and uninstall it.

    Parameters
    ----------
    path : a wheel, a folder of wheels or a project
    scratch : an empty folder
    """
    profile = Profile(scratch / "profile")
    store = Store(profile)
    try:
        inspected = store.inspect(path)
    except PluginError as error:
        yield check_result(INSPECTION, str(error))
        return
    yield check_result(INSPECTION, "", f"{len(inspected.wheels)} wheels")
    try:
        store.install(inspected, accepted=inspected.sheet.sha256)
    except PluginError as error:
        yield check_result(INSTALLATION, str(error))
        return
    yield check_result(INSTALLATION, "")
    yield from verify_installed(inspected.sheet.id, profile, scratch)
    store.uninstall(inspected.sheet.id)
    paths = (profile.home / "plugins", profile.home / "plugins.json")
    left = ", ".join(str(path) for path in paths if path.exists())
    yield check_result("uninstalling leaves no files", left)


def verify_installed(name: str, profile: Profile, scratch: Path) -> Iterator[Check]:
    """Check a plugin that is installed in a profile."""
    plugin = Catalogue.load(profile).plugin(name)
    yield check_description(plugin, profile)
    before = unrelated_files(plugin, scratch)
    studio, runs = Studio(profile.home), dict[str, Path]()
    (profile.home / "limits.json").write_text(json.dumps(LIMITS), encoding="utf-8")
    for task in plugin.manifest.tasks:
        run = yield from check_task(studio, plugin, task, scratch / "tasks" / task.name)
        runs |= {task.name: run} if run else {}
    for entry in plugin.manifest.operations:
        yield from check_operation(studio, plugin, entry, scratch / "operations" / entry.name, runs)
    yield from check_extensions(studio, plugin, scratch / "extensions")
    yield from check_training_extensions(studio, plugin, scratch / "trainings", runs)
    changed = sorted(unrelated_files(plugin, scratch) ^ before)
    yield check_result("it writes only where it was asked to", ", ".join(changed[:3]))
    yield check_result("it leaves no process behind", "; ".join(left_behind(plugin, profile)[:3]))
    yield check_refusals(plugin, profile)


def left_behind(plugin: Plugin, profile: Profile) -> list[str]:
    """Return the processes of a plugin that outlived their workers, and had to be ended."""
    kept = read_refusals(profile).get(plugin.id, ())
    return [str(one) for one in kept if one.what == "ended"]


def check_refusals(plugin: Plugin, profile: Profile) -> Check:
    """Check that the plugin asked for nothing beyond its jobs; skipped where nothing is refused."""
    found = confinement_of(profile)
    if not (found.held.files and found.held.network and found.held.processes):
        return Check(name=ASKS, outcome="skip", detail=f"limits are {found.text}")
    kept = read_refusals(profile).get(plugin.id, ())
    refusals = [one for one in kept if one.what == "refused"]
    return check_result(ASKS, "; ".join(map(str, refusals[:3])))


def check_description(plugin: Plugin, profile: Profile) -> Check:
    """Check that a new process can describe the plugin quickly and without importing it."""
    paths = json.dumps([path for path in sys.path if path])
    process = subprocess.run(
        [sys.executable, "-S", "-c", DESCRIBE, paths, plugin.id, profile.root],
        capture_output=True,
        text=True,
        check=True,
    )
    elapsed_ms, imported = json.loads(process.stdout)
    fault = f"imports {', '.join(imported)}, expected no import" if imported else ""
    if elapsed_ms > DESCRIBE_LIMIT_MS:
        fault = f"{elapsed_ms:.0f} ms, expected at most {DESCRIBE_LIMIT_MS:g} ms"
    name = f"it is described within {DESCRIBE_LIMIT_MS:g} ms, without importing it or torch"
    return check_result(name, fault, f"{elapsed_ms:.0f} ms")


def unrelated_files(plugin: Plugin, scratch: Path) -> set[str]:
    """Return the files where a plugin must not write: in its package, the home and so on."""
    return {
        str(path)
        for folder in (plugin.folder, *(scratch / name for name in PRIVATE))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

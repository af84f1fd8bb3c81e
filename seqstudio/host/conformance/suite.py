"""The suite on a wheel, or on a plugin that is installed already."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.trials import try_operation
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store
from seqstudio.host.studio import Studio

DESCRIBE_MS = 50.0
DESCRIBE = """
import json, sys, time
sys.path[:] = json.loads(sys.argv[1])
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile
import seqstudio.contracts.manifest
Catalogue.load(Profile(sys.argv[3]))
began = time.process_time()
plugin = Catalogue.load(Profile(sys.argv[3])).plugin(sys.argv[2])
assert plugin.manifest.id == sys.argv[2]
spent_ms = 1000 * (time.process_time() - began)
loaded = [name for name in ("torch", plugin.module) if name in sys.modules]
print(json.dumps([spent_ms, loaded]))
"""


def verify_source(path: Path, scratch: Path) -> Iterator[Check]:
    """Install a wheel, folder or project in a profile of its own; try it; remove it again.

    Parameters
    ----------
    path : as `plugins install` takes it
    scratch : an empty folder
    """
    profile = Profile(scratch / "profile")
    store = Store(profile)
    try:
        inspected = store.inspect(path)
    except PluginError as error:
        yield check_result("it passes the inspection", str(error))
        return
    yield check_result("it passes the inspection", "", f"{len(inspected.wheels)} wheels")
    try:
        store.install(inspected, accepted=inspected.sheet.sha256)
    except PluginError as error:
        yield check_result("it installs, and its hooks are as its manifest says", str(error))
        return
    yield check_result("it installs, and its hooks are as its manifest says", "")
    yield from verify_installed(inspected.sheet.id, profile, scratch)
    store.uninstall(inspected.sheet.id)
    left = [str(one) for one in (profile.home / "plugins", profile.home / "plugins.json")]
    yield check_result(
        "uninstalling leaves nothing", ", ".join(one for one in left if Path(one).exists())
    )


def verify_installed(name: str, profile: Profile, scratch: Path) -> Iterator[Check]:
    """Try a plugin that a profile's catalogue has."""
    plugin = Catalogue.load(profile).plugin(name)
    yield described(plugin, profile)
    before = written(plugin, scratch)
    studio = Studio(profile.home)
    for entry in plugin.manifest.operations:
        yield from try_operation(studio, plugin, entry, scratch / "tried" / entry.name)
    stray = sorted(written(plugin, scratch) ^ before)
    yield check_result("it writes nowhere but where it was asked to", ", ".join(stray[:3]))


def described(plugin: Plugin, profile: Profile) -> Check:
    """Describe a plugin in a fresh process: in time, and without importing it."""
    paths = json.dumps([path for path in sys.path if path])
    done = subprocess.run(
        [sys.executable, "-S", "-c", DESCRIBE, paths, plugin.id, profile.root],
        capture_output=True,
        text=True,
        check=True,
    )
    spent_ms, loaded = json.loads(done.stdout)
    fault = f"loads {', '.join(loaded)}, expected no import" if loaded else ""
    if spent_ms > DESCRIBE_MS:
        fault = f"{spent_ms:.0f} ms, expected at most {DESCRIBE_MS:g} ms"
    name = f"it is described in {DESCRIBE_MS:g} ms, without torch and without importing it"
    return check_result(name, fault, f"{spent_ms:.0f} ms")


def written(plugin: Plugin, scratch: Path) -> set[str]:
    """Give the files where a plugin has no business: its own package, the home, the current one."""
    places = (plugin.folder, scratch / "home", scratch / "current")
    return {
        str(path)
        for place in places
        for path in place.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

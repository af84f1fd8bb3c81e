"""Count crashes of workers: a plugin whose workers keep crashing is disabled, with the reason."""

import json
import time
from dataclasses import replace
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError, PluginError
from seqstudio.host.catalogue.catalogue import Plugin, is_built_in
from seqstudio.host.catalogue.installed import read_installed, store_lock, write_installed
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import json_bytes, os_errors_as, write_atomic

MAX_CRASHES = 3
WINDOW_S = 600.0
CrashTimes = dict[str, tuple[float, ...]]  # plugin id -> times in seconds since 1970


def count_crash(profile: Profile, plugin: Plugin, how: str) -> str:
    """Count a crash of a plugin's worker; at the third in ten minutes, disable the plugin.

    Built-in plugins are never disabled: without them SeqStudio can do nothing.

    Parameters
    ----------
    profile : where crashes are counted and plugins are disabled
    plugin : whose worker crashed
    how : how the worker ended, as text

    Returns
    -------
    a sentence that says that the plugin is now disabled, and why; or ''
    """
    if is_built_in(plugin.distribution) or plugin.id in read_installed(profile).linked:
        return ""
    file = _file(profile)
    now = time.time()
    with os_errors_as(PluginError, profile.home), store_lock(profile):
        table = read_crashes(file)
        recent = [time_s for time_s in table.get(plugin.id, ()) if 0 <= now - time_s < WINDOW_S]
        recent.append(now)
        over = len(recent) >= MAX_CRASHES
        write_atomic(file, json_bytes({**table, plugin.id: [] if over else recent}))
        if not over:
            return ""
        reason = (
            f"{MAX_CRASHES} of its workers crashed within {WINDOW_S / 60:g} minutes, the last {how}"
        )
        installed = read_installed(profile)
        write_installed(
            profile, replace(installed, disabled={**installed.disabled, plugin.id: reason})
        )
        return f"plugin {plugin.id!r} is switched off: {reason}"


def forget_crashes(profile: Profile, plugin: str) -> None:
    """Forget those of a plugin; the caller holds the store's lock."""
    table = read_crashes(_file(profile))
    if table.pop(plugin, None) is not None:
        if table:
            write_atomic(_file(profile), json_bytes(table))
        else:
            _file(profile).unlink()


def read_crashes(file: Path) -> CrashTimes:
    """Read the times of crashes; a missing or damaged file has none."""
    try:
        return from_plain(CrashTimes, json.loads(file.read_bytes()), str(file))
    except (OSError, ValueError, RecursionError, ConfigError):
        return {}


def _file(profile: Profile) -> Path:
    return profile.home / "crashes.json"

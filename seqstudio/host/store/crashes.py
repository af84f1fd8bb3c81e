"""Counting the deaths of workers: a plugin that keeps dying is switched off, with the reason."""

import json
import time
from dataclasses import replace
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError, PluginError
from seqstudio.host.catalogue.catalogue import Plugin, in_the_box
from seqstudio.host.catalogue.installed import locked, read_pointer, write_pointer
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import faults_as, json_bytes, write_durably

DEATHS = 3
WINDOW_S = 600.0
Times = dict[str, tuple[float, ...]]  # plugin id -> when its workers died


def count_death(profile: Profile, plugin: Plugin, how: str) -> str:
    """Note that a worker of a plugin died; after three in ten minutes, switch the plugin off.

    Plugins in the box are not switched off: without them the studio is empty.

    Parameters
    ----------
    profile : of the person
    plugin : whose worker it was
    how : it died, in words

    Returns
    -------
    why the plugin is off now, or ''
    """
    if in_the_box(plugin.distribution):
        return ""
    file = profile.home / "crashes.json"
    now = time.time()
    with faults_as(PluginError, profile.home), locked(profile):
        table = read(file)
        recent = [one for one in table.get(plugin.id, ()) if 0 <= now - one < WINDOW_S]
        recent.append(now)
        over = len(recent) >= DEATHS
        write_durably(file, json_bytes({**table, plugin.id: [] if over else recent}))
        if not over:
            return ""
        reason = f"{DEATHS} workers of it died in {WINDOW_S / 60:g} minutes, the last {how}"
        pointer = read_pointer(profile)
        write_pointer(profile, replace(pointer, disabled={**pointer.disabled, plugin.id: reason}))
        return f"plugin {plugin.id!r} is switched off: {reason}"


def read(file: Path) -> Times:
    """Read the times of deaths, in seconds since 1970; a damaged file only forgets them."""
    try:
        return from_plain(Times, json.loads(file.read_bytes()), str(file))
    except (OSError, ValueError, RecursionError, ConfigError):
        return {}

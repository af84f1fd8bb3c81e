"""What plugins asked for and were refused, or left running: kept by plugin, for the user to see."""

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError, PluginError
from seqstudio.host.catalogue.installed import store_lock
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import json_bytes, os_errors_as, write_atomic

MAX_KEPT = 20  # of each plugin, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One request that was refused, or one process that outlived its worker and was ended."""

    text: str  # "read ~/.ssh/id_ed25519", or the name of the process
    job: int
    time: float  # seconds since 1970
    what: Literal["refused", "ended"] = "refused"

    def __str__(self) -> str:
        """Return it as a sentence, with the home folder as `~`."""
        if self.what == "ended":
            return f"left {self.text} running: ended (job {self.job})"
        home = str(Path.home())
        return f"asked to {self.text.replace(home, '~')}: refused (job {self.job})"


def record_refusal(profile: Profile, job: int, plugin: str, text: str) -> None:
    """Keep a request that was refused; one that is known already counts as new.

    Raises
    ------
    PluginError
        If the profile cannot be written.
    """
    _record(profile, plugin, Refusal(text=text, job=job, time=time.time()))


def record_left_behind(profile: Profile, job: int, plugin: str, name: str) -> None:
    """Keep the name of a process that a plugin left running and that was ended."""
    with contextlib.suppress(PluginError):  # the profile is full: the job itself is done
        _record(profile, plugin, Refusal(text=name, job=job, time=time.time(), what="ended"))


def _record(profile: Profile, plugin: str, new: Refusal) -> None:
    with os_errors_as(PluginError, profile.home), store_lock(profile):
        table = read_refusals(profile)
        known = table.get(plugin, ())
        others = [one for one in known if (one.what, one.text) != (new.what, new.text)]
        kept = (*others, new)[-MAX_KEPT:]
        write_atomic(_file(profile), json_bytes(to_plain({**table, plugin: kept})))


def forget_refusals(profile: Profile, plugin: str) -> None:
    """Forget those of a plugin; the caller holds the store's lock."""
    table = read_refusals(profile)
    if table.pop(plugin, None) is not None:
        if table:
            write_atomic(_file(profile), json_bytes(to_plain(table)))
        else:
            _file(profile).unlink()


def read_refusals(profile: Profile) -> dict[str, tuple[Refusal, ...]]:
    """Return the refusals of each plugin, the oldest first; a damaged file has none."""
    file = _file(profile)
    try:
        table = json.loads(file.read_bytes())
        return from_plain(dict[str, tuple[Refusal, ...]], table, str(file))
    except (OSError, ValueError, RecursionError, ConfigError):
        return {}


def _file(profile: Profile) -> Path:
    return profile.home / "refusals.json"

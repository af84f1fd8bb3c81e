"""A new version of a plugin runs the user's last jobs beside the old one, before it replaces it."""

import difflib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.host.jobs.database import JobRow
from seqstudio.host.profile import Profile
from seqstudio.host.replay.replay import Replay, replay, replayable, shared_profile
from seqstudio.host.store.install import InspectedPlugin
from seqstudio.host.store.store import Store
from seqstudio.host.studio import Studio

MOST_LINES = 6  # of a difference between texts
LONGEST_TEXT = 2**20  # bytes of a file that is compared line by line


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One job on the version in use and on the new one."""

    job: JobRow
    old: Replay
    new: Replay

    @property
    def differences(self) -> tuple[str, ...]:
        """A line for each difference in outputs, failures and refused requests; none if equal."""
        old, new = self.old, self.new
        lines = [f"now fails: {one}" for one in new.reasons if one not in old.reasons]
        lines += [f"no longer fails: {one}" for one in old.reasons if one not in new.reasons]
        for name in sorted(old.outputs.keys() | new.outputs.keys()):
            lines += output_difference(name, old.outputs.get(name), new.outputs.get(name))
        lines += [f"now asked to {one}: refused" for one in new.refusals if one not in old.refusals]
        return tuple(lines)


def output_difference(name: str, old: bytes | None, new: bytes | None) -> list[str]:
    """Return lines that say how one output differs; none if it does not."""
    if old == new:
        return []
    if old is None or new is None:
        return [f"{name}: {'new' if old is None else 'no longer written'}"]
    head = f"{name}: {len(old)} bytes before, {len(new)} now"
    if max(len(old), len(new)) > LONGEST_TEXT:
        return [head]
    try:
        texts = old.decode(), new.decode()
    except UnicodeDecodeError:
        return [head]
    if any("\0" in text for text in texts):
        return [head]
    before, now = (text.splitlines() for text in texts)
    changed = list(difflib.unified_diff(before, now, n=0, lineterm=""))[2:]
    changed = [line for line in changed if not line.startswith("@@")]
    more = [f"  and {len(changed) - MOST_LINES} lines more"] if len(changed) > MOST_LINES else []
    return [head, *(f"  {line}" for line in changed[:MOST_LINES]), *more]


def last_jobs(profile: Profile, plugin: str, count: int) -> Sequence[JobRow]:
    """Return the newest finished jobs of a plugin that can run again."""
    return replayable(Studio(profile.home).jobs.list(), plugin)[:count]


def compare(
    inspected: InspectedPlugin, jobs: Sequence[JobRow], profile: Profile
) -> Iterator[Comparison]:
    """Run jobs on the version in use and on an inspected one; nothing in the profile changes.

    Parameters
    ----------
    inspected : the new version, to whose sheet the user has agreed: its code is run
    jobs : from `last_jobs`
    profile : whose version is in use

    Raises
    ------
    PluginError
        If the new version cannot be loaded.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = shared_profile(profile, folder / "old")
        new = shared_profile(profile, folder / "new", without=inspected.sheet.id)
        Store(new).install(inspected, accepted=inspected.sheet.sha256)
        for job in jobs:
            yield Comparison(
                job=job,
                old=replay(job, old, folder / "outputs" / f"{job.id}-old"),
                new=replay(job, new, folder / "outputs" / f"{job.id}-new"),
            )

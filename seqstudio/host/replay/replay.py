"""One job of a profile, run again in a temporary profile that shares its plugins and models."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.errors import SeqStudioError
from seqstudio.host.catalogue.installed import read_installed, write_installed
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.events import ItemFailed, JobFinished
from seqstudio.host.jobs.spec import JobSpec, spec_from_text
from seqstudio.host.profile import Profile
from seqstudio.host.store.refusals import read_refusals
from seqstudio.host.studio import Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How a job went when it was run again."""

    outputs: dict[str, bytes]  # the path below the output folder -> contents
    reasons: tuple[str, ...] = ()  # why items, or the whole job, failed
    refusals: tuple[str, ...] = ()  # what it asked for and was refused
    seconds: float


def shared_profile(profile: Profile, home: Path, *, without: str = "") -> Profile:
    """Make a profile that uses the plugins and models of another one; changes stay in the new one.

    Parameters
    ----------
    profile : whose plugins are linked, not copied
    home : a new folder
    without : a plugin of the store to leave out
    """
    (home / "plugins").mkdir(parents=True)
    for kind, skipped in (("plugins", {without}), ("models", set[str]())):
        source = profile.home / kind
        for one in source.iterdir() if source.is_dir() else ():
            if one.name not in skipped:
                (home / kind).mkdir(exist_ok=True)
                (home / kind / one.name).symlink_to(one, target_is_directory=True)
    if (limits := profile.home / "limits.json").is_file():
        shutil.copyfile(limits, home / limits.name)
    shared = Profile(home)
    write_installed(shared, read_installed(profile).without(without))
    return shared


def replayable(rows: Iterable[JobRow], plugin: str) -> list[JobRow]:
    """Return the finished operations of a plugin whose inputs are still there, the newest first."""
    found = []
    for row in rows:
        if row.plugin == plugin and row.verb == "operation" and row.state == "done":
            inputs = spec_from_text(row.spec, f"job {row.id}").inputs
            if all(path.exists() for paths in inputs.values() for path in paths):
                found.append(row)
    return found


def replay(row: JobRow, profile: Profile, folder: Path) -> Replay:
    """Run a job again, with the seed that it had; what it writes goes to a new folder."""
    folder.mkdir(parents=True)
    spec = _moved(spec_from_text(row.spec, f"job {row.id}"), folder)
    start_s = time.monotonic()
    reasons = _run(replace(spec, seed=row.seed), profile)
    seconds = time.monotonic() - start_s
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    refusals = read_refusals(profile).get(row.plugin, ())
    return Replay(
        outputs={str(path.relative_to(folder)): path.read_bytes() for path in files},
        reasons=tuple(reasons),
        refusals=tuple(one.text for one in refusals),
        seconds=seconds,
    )


def _moved(spec: JobSpec, folder: Path) -> JobSpec:
    """Return the spec of a job that writes in another folder, from the start."""
    arguments = dict(spec.arguments)
    for name in ("run", "out"):
        if name in arguments:
            arguments |= {name: str(folder / name)}
    arguments |= {"resume": False} if "resume" in arguments else {}
    out = spec.out and (folder if spec.out.is_dir() else folder / spec.out.name)
    return replace(spec, out=out, arguments=arguments)


def _run(spec: JobSpec, profile: Profile) -> list[str]:
    reasons: list[str] = []
    try:
        for event in Studio(profile.home).submit(spec).events():
            if isinstance(event, ItemFailed | JobFinished) and event.reason:
                reasons.append(event.reason)
    except SeqStudioError as error:  # refused before any item began
        reasons.append(str(error))
    return reasons

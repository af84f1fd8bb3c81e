"""`plugins logs` and `plugins bisect`, and what `plugins upgrade --shadow` prints."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from seqstudio.cli.output import echo
from seqstudio.errors import PluginError
from seqstudio.host.text_format import one_line

if TYPE_CHECKING:  # slow to import, and not needed by `plugins list`
    from seqstudio.host.profile import Profile
    from seqstudio.host.replay.shadow import Comparison
    from seqstudio.host.store.install import InspectedPlugin


@click.command()
@click.argument("plugin")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Newest jobs.")
@click.option("--lines", type=click.IntRange(1), default=40, show_default=True, help="Of each log.")
def logs(plugin: str, *, jobs: int, lines: int) -> None:
    """Show what a plugin printed in its newest jobs, with the tracebacks of its failures."""
    for line in log_lines(plugin, jobs=jobs, lines=lines):
        echo(one_line(line))


@click.command()
@click.argument("job", type=int)
def bisect(job: int) -> None:
    """Find the plugin that makes a JOB fail: run it again with half of the others, and so on.

    Plugins that come with SeqStudio and the job's own stay on. It runs in a temporary profile;
    nothing of yours changes.
    """
    for line in bisect_lines(job):
        echo(one_line(line))


def log_lines(plugin: str, *, jobs: int, lines: int) -> Iterator[str]:
    """Yield the ends of the logs of a plugin's newest jobs, the newest first.

    Raises
    ------
    PluginError
        If the plugin has run no job.
    """
    from seqstudio.host.studio import Studio

    studio = Studio()
    studio.catalogue.plugin(plugin)
    rows = [row for row in studio.jobs.list() if row.plugin == plugin]
    if not rows:
        raise PluginError(f"{plugin} has run no job, expected one; each job has a log")
    for row in rows[:jobs]:
        log = studio.log(row.id)
        why = f": {row.reason}" if row.reason else ""
        yield f"job {row.id}: {row.verb} {row.name}, {row.state}{why}"
        text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        found = text.splitlines()
        yield from (f"  {line}" for line in found[-lines:] or ["(nothing was written)"])


def bisect_lines(job: int) -> Iterator[str]:
    """Run a job with fewer and fewer other plugins; yield each trial, and who is to blame."""
    from seqstudio.host.replay.bisect import bisect as find_culprit
    from seqstudio.host.studio import Studio

    studio = Studio()
    row = studio.jobs.get(job)
    trials = find_culprit(row, studio.profile)
    while True:
        try:
            trial = next(trials)
        except StopIteration as end:
            culprit = end.value
            break
        beside = ", ".join(trial.plugins) or "no other plugin"
        yield f"with {beside}: {trial.reason or 'done'}"
    if culprit.plugin:
        yield f"{culprit.plugin} makes it fail: {culprit.reason}"
        yield f"`seqstudio plugins disable {culprit.plugin}` switches it off"
    elif culprit.reason:
        yield f"no other plugin is to blame; {row.plugin} fails by itself: {culprit.reason}"
    else:
        yield f"job {job} no longer fails"


def shadow_lines(inspected: "InspectedPlugin", profile: "Profile", jobs: int) -> Iterator[str]:
    """Run the last jobs of a plugin on the version in use and on the new one; yield what differs.

    Raises
    ------
    PluginError
        If no job can be run again.
    """
    from seqstudio.host.replay.shadow import compare, last_jobs

    plugin = inspected.sheet.id
    rows = last_jobs(profile, plugin, jobs)
    if not rows:
        raise PluginError(
            f"{plugin} has no finished job whose inputs are still there, expected one to compare"
        )
    for found in compare(inspected, rows, profile):
        yield from comparison_lines(plugin, found)


def comparison_lines(plugin: str, found: "Comparison") -> Iterator[str]:
    """Yield one line for a job, and those of its differences."""
    old_s, new_s = found.old.seconds, found.new.seconds
    speed = f"{old_s:.1f} s before, {new_s:.1f} s now"
    same = "" if found.differences else ", the same outputs"
    yield f"job {found.job.id} ({plugin} {found.job.name}): {speed}{same}"
    yield from (f"  {line}" for line in found.differences)

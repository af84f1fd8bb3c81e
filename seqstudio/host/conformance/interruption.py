"""A job of several items, killed after the first of them and taken up again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.events import ItemStarted
from seqstudio.host.jobs.outputs import outputs_intact
from seqstudio.host.jobs.spec import JobSpec, spec_to_text
from seqstudio.host.studio import Studio

ITEMS = 6

Kept = Mapping[Path, bytes]


def killed_and_resumed(studio: Studio, entry: OperationEntry, spec: JobSpec) -> Iterator[Check]:
    """Kill the process that runs a job once an item is done, look, and take the job up again.

    Parameters
    ----------
    studio : of a profile of its own
    entry : the operation
    spec : one run of it, whose `out` is an empty folder
    """
    survive = f"{entry.name}: partial results survive a kill"
    resume = f"{entry.name}: resume repeats no item"
    several = of_several_items(entry, spec)
    given = inputs_of(several) if several else set()
    if several is None or several.out is None or not killed(studio, several):
        detail = "it was never killed: no item was done" if several else "its jobs have one item"
        yield Check(name=survive, outcome="skip", detail=detail)
        yield Check(name=resume, outcome="skip", detail=detail)
        return
    job = studio.jobs.list()[0].id
    before, kept = studio.jobs.items(job), contents(several.out)
    events = list(studio.resume(job).events())
    after = studio.jobs.items(job)
    done = [item for item in before if item.state == "done"]
    torn = half_written(kept, done, contents(several.out) if entry.deterministic else kept)
    left = [f"{path.name} is left beside the input" for path in sorted(inputs_of(several) - given)]
    fault = "; ".join([*lost(done), *torn, *left][:1])
    yield check_result(survive, fault, f"killed with {len(done)} of {len(before)} items done")
    again = {event.item for event in events if isinstance(event, ItemStarted)}
    repeated = [f"{item.name} ran again" for item in done if item.number in again]
    undone = [f"{item.name}: {item.reason}" for item in after if item.state != "done"]
    fault = "; ".join([*repeated, *undone, *lost(after)][:1])
    yield check_result(resume, fault, f"{len(again)} of {len(before)} items ran")


def of_several_items(entry: OperationEntry, spec: JobSpec) -> JobSpec | None:
    """Ask for the same of several files, or for several takes; None where neither can be asked."""
    if entry.stream_input():
        return None
    port = next((port for port in entry.inputs if port.many and not port.optional), None)
    if entry.runs == "batch" and port:
        (source,) = spec.inputs[port.name]
        folder = source.parent / "several"
        folder.mkdir()
        copies = [folder / f"{number}{source.suffix}" for number in range(1, ITEMS + 1)]
        for copy in copies:
            shutil.copyfile(source, copy)
        return replace(spec, inputs={**spec.inputs, port.name: tuple(copies)})
    return replace(spec, takes=ITEMS) if entry.generative else None


def killed(studio: Studio, spec: JobSpec) -> bool:
    """Run a job in a process that kills itself once an item is done; False if it never was."""
    module = "seqstudio.host.conformance.kill_after_first_item"
    done = subprocess.run(
        [sys.executable, "-m", module, str(studio.profile.home), spec_to_text(spec)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path())},
        check=False,
    )
    return done.returncode == -signal.SIGKILL


def inputs_of(spec: JobSpec) -> set[Path]:
    """Give the files that lie where the inputs do."""
    folders = {path.parent for paths in spec.inputs.values() for path in paths}
    return {path for folder in folders for path in folder.iterdir() if path.is_file()}


def contents(folder: Path) -> Kept:
    """Read all files in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lost(items: Sequence[ItemRow]) -> list[str]:
    """Name what finished items should have, and have not."""
    return [
        f"{item.name}: its {'record' if outputs_intact(item.outputs) else 'output'} is lost"
        for item in items
        if item.state == "done" and not (item.provenance and outputs_intact(item.outputs))
    ]


def half_written(kept: Kept, done: Sequence[ItemRow], whole: Kept) -> list[str]:
    """Name files of unfinished items that are not as the end of the job has them.

    One may be there: renamed into place, and killed before it was recorded.
    """
    recorded = {placed.path for item in done for placed in item.outputs}
    torn = [path for path in kept.keys() - recorded if kept[path] != whole.get(path)]
    return [f"{path.name} is half-written" for path in sorted(torn)]

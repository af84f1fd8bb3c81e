"""The check that a job survives a kill of its process: nothing lost, nothing done twice."""

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
from seqstudio.host.jobs.spec import spec_to_text
from seqstudio.host.studio import JobSpec, Studio

ITEMS = 6  # of the job that is killed and resumed

FileContents = Mapping[Path, bytes]


def check_kill_and_resume(studio: Studio, entry: OperationEntry, spec: JobSpec) -> Iterator[Check]:
    """Kill the process of a job after its first item, check what it left, and resume the job.

    Parameters
    ----------
    studio : of a profile for this suite only
    entry : the operation
    spec : one run of it, whose `out` is an empty folder
    """
    survive = f"{entry.name}: partial results survive a kill"
    resume = f"{entry.name}: resume repeats no item"
    several = with_several_items(entry, spec)
    input_files = files_beside_inputs(several) if several else set()
    if several is None or several.out is None or not run_until_killed(studio, several):
        detail = "it was not killed: no item was done" if several else "its jobs have one item"
        yield Check(name=survive, outcome="skip", detail=detail)
        yield Check(name=resume, outcome="skip", detail=detail)
        return
    job = studio.jobs.list()[0].id
    before, contents = studio.jobs.items(job), read_files(several.out)
    events = list(studio.resume(job).events())
    after = studio.jobs.items(job)
    done = [item for item in before if item.state == "done"]
    final = read_files(several.out) if entry.deterministic else contents
    left = sorted(files_beside_inputs(several) - input_files)
    faults = [*lost(done), *half_written(contents, done, final)]
    faults += [f"{path.name} is left next to the input" for path in left]
    killed = f"killed with {len(done)} of {len(before)} items done"
    yield check_result(survive, "".join(faults[:1]), killed)
    started = {event.item for event in events if isinstance(event, ItemStarted)}
    faults = [f"{item.name} ran again" for item in done if item.number in started]
    faults += [f"{item.name}: {item.reason}" for item in after if item.state != "done"]
    faults += lost(after)
    yield check_result(resume, "".join(faults[:1]), f"{len(started)} of {len(before)} items ran")


def with_several_items(entry: OperationEntry, spec: JobSpec) -> JobSpec | None:
    """Return the spec with several input files or takes, or None if it can have neither."""
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


def run_until_killed(studio: Studio, spec: JobSpec) -> bool:
    """Run a job in a process that kills itself after the first item; False if none was done."""
    module = "seqstudio.host.conformance.kill_after_first_item"
    process = subprocess.run(
        [sys.executable, "-m", module, str(studio.profile.home), spec_to_text(spec)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path())},
        check=False,
    )
    return process.returncode == -signal.SIGKILL


def files_beside_inputs(spec: JobSpec) -> set[Path]:
    """Return all files in the folders of the inputs."""
    folders = {path.parent for paths in spec.inputs.values() for path in paths}
    return {path for folder in folders for path in folder.iterdir() if path.is_file()}


def read_files(folder: Path) -> FileContents:
    """Read all files in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lost(items: Sequence[ItemRow]) -> list[str]:
    """Return a text for each finished item whose output or provenance is lost."""
    return [
        f"{item.name}: its {'provenance' if outputs_intact(item.outputs) else 'output'} is lost"
        for item in items
        if item.state == "done" and not (item.provenance and outputs_intact(item.outputs))
    ]


def half_written(contents: FileContents, done: Sequence[ItemRow], final: FileContents) -> list[str]:
    """Return a text for each half-written file after a kill.

    A file of an unfinished item may exist if it is complete: the process may have been killed
    between renaming the file into place and storing the item as done.

    Parameters
    ----------
    contents : the files right after the kill
    done : the items that were done then
    final : the files after the job was resumed
    """
    stored = {output.path for item in done for output in item.outputs}
    changed = [path for path in contents.keys() - stored if contents[path] != final.get(path)]
    return [f"{path.name} is half-written" for path in sorted(changed)]

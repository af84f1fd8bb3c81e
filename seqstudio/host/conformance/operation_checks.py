"""The checks on one operation, run as real jobs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from seqstudio.contracts.manifest import STREAMS, OperationEntry
from seqstudio.host.catalogue.catalogue import Plugin, search_path
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.samples import SUFFIXES, invalid_inputs, valid_input, valid_stream
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, ItemStarted, JobEvent, PartialText
from seqstudio.host.jobs.outputs import outputs_intact
from seqstudio.host.jobs.spec import spec_to_text
from seqstudio.host.studio import JobHandle, JobSpec, Studio

CANCEL_LIMIT_S = 2.0
READ_LIMIT_S = 30.0  # until an operation on a stream has read its sample
ITEMS = 6  # of the job that is killed and resumed

Inputs = Mapping[str, tuple[Path, ...]]
FileContents = Mapping[Path, bytes]


def check_operation(
    studio: Studio, plugin: Plugin, entry: OperationEntry, folder: Path
) -> Iterator[Check]:
    """Run an operation on valid and invalid inputs; cancel it, kill it and resume it.

    Parameters
    ----------
    studio : of a profile for this suite only
    plugin, entry : the operation
    folder : a new folder for inputs and outputs
    """
    folder.mkdir(parents=True)
    if reason := skip_reason(plugin, entry):
        yield Check(name=f"{entry.name}: runs", outcome="skip", detail=reason)
        return
    ports = [port for port in entry.inputs if not port.optional and port.kind in SUFFIXES]
    inputs = {port.name: (valid_input(port.kind, folder),) for port in ports}
    yield from check_two_runs(studio, plugin, entry, inputs, folder)
    yield check_cancel(studio, plugin, entry, inputs, folder)
    spec = make_spec(plugin, entry, inputs, folder / "killed")
    yield from check_kill_and_resume(studio, entry, spec)
    for port in ports:
        for description, path in invalid_inputs(port.kind, folder).items():
            name = f"{entry.name}: {description} as {port.name} gives a result or a clear error"
            changed = {**inputs, port.name: (path,)}
            events = run(studio, plugin, entry, changed, folder / f"invalid-{path.stem}")
            bugs = [reason for reason in failures(events) if is_bug(plugin, entry, reason)]
            yield check_result(name, "".join(bugs))


def skip_reason(plugin: Plugin, entry: OperationEntry) -> str:
    """Return why an operation cannot be checked here, or ''."""
    kinds = {port.kind for port in entry.inputs if not port.optional} - {*SUFFIXES, *STREAMS}
    if kinds:
        return f"no sample of kind {', '.join(sorted(kinds))}"
    shipped = {model.task for model in plugin.manifest.models}
    if entry.model_tasks() and not shipped & set(entry.model_tasks()):
        return "it needs a model and the plugin ships none"
    return ""


def make_spec(plugin: Plugin, entry: OperationEntry, inputs: Inputs, out: Path) -> JobSpec:
    """Return the spec of one run with the manifest's defaults and a fixed seed."""
    out.mkdir(parents=True)
    seed = 7 if entry.generative else None
    return JobSpec(
        plugin=plugin.id,
        name=entry.name,
        inputs=inputs,
        out=out if entry.outputs else None,
        seed=seed,
        device="cpu",
    )


def run(
    studio: Studio, plugin: Plugin, entry: OperationEntry, inputs: Inputs, out: Path
) -> list[JobEvent]:
    """Run an operation to its end and return the events."""
    handle = studio.submit(make_spec(plugin, entry, inputs, out))
    if stream := entry.stream_input():
        handle.feed(valid_stream(stream))
        handle.close_input()
    return list(handle.events())


def check_two_runs(
    studio: Studio, plugin: Plugin, entry: OperationEntry, inputs: Inputs, folder: Path
) -> Iterator[Check]:
    """Run twice: both runs succeed, progress never falls, and the files are the same."""
    outs = [folder / "first", folder / "second"]
    runs = [run(studio, plugin, entry, inputs, out) for out in outs]
    faults = [reason for events in runs for reason in failures(events)]
    yield check_result(f"{entry.name}: runs with its defaults", "; ".join(faults[:1]))
    steps = [event.fraction for event in runs[0] if isinstance(event, ItemProgress)]
    fault = "" if steps == sorted(steps) else f"progress fell: {steps}"
    detail = "" if steps else "it reports no progress"
    yield check_result(f"{entry.name}: progress never falls", fault, detail)
    if not entry.deterministic:
        yield Check(name=f"{entry.name}: same bytes", outcome="skip", detail=entry.reason)
        return
    first, second = ({path.name: path.read_bytes() for path in out.iterdir()} for out in outs)
    differ = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    name = f"{entry.name}: the same run gives the same bytes"
    yield check_result(name, ", ".join(sorted(differ)))


def failures(events: list[JobEvent]) -> list[str]:
    """Return the reasons why items failed."""
    return [event.reason for event in events if isinstance(event, ItemFailed)]


def is_bug(plugin: Plugin, entry: OperationEntry, reason: str) -> bool:
    """Whether an item failed because of a bug or a crash, not because of its input."""
    return reason.startswith((f"{plugin.id} {entry.name}: ", f"the worker of {plugin.id} "))


def check_cancel(
    studio: Studio, plugin: Plugin, entry: OperationEntry, inputs: Inputs, folder: Path
) -> Check:
    """Cancel a running job and measure how long it takes to end."""
    name = f"{entry.name}: stops within {CANCEL_LIMIT_S:g} s"
    handle = studio.submit(make_spec(plugin, entry, inputs, folder / "cancelled"))
    if not wait_until_running(handle, entry):
        return Check(name=name, outcome="skip", detail="it ended before it could be cancelled")
    start_s = time.monotonic()
    handle.cancel()
    list(handle.events())
    elapsed_s = time.monotonic() - start_s
    limit = f"expected at most {CANCEL_LIMIT_S:g} s"
    fault = "" if elapsed_s <= CANCEL_LIMIT_S else f"{elapsed_s:.1f} s, {limit}"
    return check_result(name, fault, f"{elapsed_s:.2f} s")


def wait_until_running(handle: JobHandle, entry: OperationEntry) -> bool:
    """Wait until an operation has started its work; return False if it ended before that."""
    if stream := entry.stream_input():  # stays open, so the operation waits for more
        handle.feed(valid_stream(stream))
        deadline = time.monotonic() + READ_LIMIT_S
        while handle.unread and time.monotonic() < deadline:
            time.sleep(0.01)
        return True
    return any(isinstance(event, ItemProgress | PartialText) for event in handle.events())


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

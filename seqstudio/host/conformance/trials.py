"""What is tried on each operation, as real jobs."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from seqstudio.contracts.manifest import STREAMS, OperationEntry
from seqstudio.host.catalogue.catalogue import Plugin
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.interruption import killed_and_resumed
from seqstudio.host.conformance.samples import SUFFIXES, odd_inputs, sound_input, sound_stream
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, JobEvent, PartialText
from seqstudio.host.studio import JobHandle, JobSpec, Studio

CANCEL_S = 2.0
BEGIN_S = 30.0  # until an operation on a stream has taken what it was fed

Inputs = Mapping[str, tuple[Path, ...]]


def try_operation(
    studio: Studio, plugin: Plugin, entry: OperationEntry, folder: Path
) -> Iterator[Check]:
    """Run an operation on sound and odd inputs.

    Parameters
    ----------
    studio : of a profile of its own
    plugin, entry : whose operation
    folder : a new folder for inputs and outputs
    """
    folder.mkdir(parents=True)
    if reason := untriable(plugin, entry):
        yield Check(name=f"{entry.name}: runs", outcome="skip", detail=reason)
        return
    ports = [port for port in entry.inputs if not port.optional and port.kind in SUFFIXES]
    inputs = {port.name: (sound_input(port.kind, folder),) for port in ports}
    yield from same_bytes(studio, plugin, entry, inputs, folder)
    yield cancelled_in_time(studio, plugin, entry, inputs, folder)
    yield from killed_and_resumed(studio, entry, spec_of(plugin, entry, inputs, folder / "killed"))
    for port in ports:
        for name, path in odd_inputs(port.kind, folder).items():
            given = {**inputs, port.name: (path,)}
            label = f"{entry.name}: {name} as {port.name} gets a reason or a result"
            events = run(studio, plugin, entry, given, folder / f"odd-{path.stem}")
            found = [blunder(plugin, entry, reason) for reason in reasons(events)]
            yield check_result(label, "".join(found))


def untriable(plugin: Plugin, entry: OperationEntry) -> str:
    """Say why an operation cannot be tried here, or ''."""
    kinds = {port.kind for port in entry.inputs if not port.optional} - {*SUFFIXES, *STREAMS}
    if kinds:
        return f"no sample of kind {', '.join(sorted(kinds))}"
    shipped = {model.task for model in plugin.manifest.models}
    if entry.model_tasks() and not shipped & set(entry.model_tasks()):
        return "it needs a model and the plugin ships none"
    return ""


def spec_of(plugin: Plugin, entry: OperationEntry, inputs: Inputs, out: Path) -> JobSpec:
    """Ask for one run with the manifest's own defaults and a fixed seed."""
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
    """Run to the end."""
    handle = studio.submit(spec_of(plugin, entry, inputs, out))
    if stream := entry.stream_input():
        handle.feed(sound_stream(stream))
        handle.close_input()
    return list(handle.events())


def same_bytes(
    studio: Studio, plugin: Plugin, entry: OperationEntry, inputs: Inputs, folder: Path
) -> Iterator[Check]:
    """Run twice: both succeed, progress does not fall, and the files are the same."""
    outs = [folder / "first", folder / "second"]
    runs = [run(studio, plugin, entry, inputs, out) for out in outs]
    faults = [reason for events in runs for reason in reasons(events)]
    yield check_result(f"{entry.name}: runs with its defaults", "; ".join(faults[:1]))
    steps = [event.fraction for event in runs[0] if isinstance(event, ItemProgress)]
    fallen = "" if steps == sorted(steps) else f"progress fell: {steps}"
    detail = "" if steps or fallen else "it reports none"
    yield check_result(f"{entry.name}: progress never falls", fallen, detail)
    if not entry.deterministic:
        yield Check(name=f"{entry.name}: same bytes", outcome="skip", detail=entry.reason)
        return
    first, second = ({path.name: path.read_bytes() for path in out.iterdir()} for out in outs)
    differ = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    yield check_result(f"{entry.name}: the same run gives the same bytes", ", ".join(sorted(differ)))


def cancelled_in_time(
    studio: Studio, plugin: Plugin, entry: OperationEntry, inputs: Inputs, folder: Path
) -> Check:
    """Cancel a job that has begun, and time its end."""
    name = f"{entry.name}: stops within {CANCEL_S:g} s"
    handle = studio.submit(spec_of(plugin, entry, inputs, folder / "cancelled"))
    if not begun(handle, entry):
        return Check(name=name, outcome="skip", detail="it was done before it could be asked")
    asked = time.monotonic()
    handle.cancel()
    list(handle.events())
    taken = time.monotonic() - asked
    fault = "" if taken <= CANCEL_S else f"{taken:.1f} s, expected at most {CANCEL_S:g} s"
    return check_result(name, fault, f"{taken:.2f} s")


def begun(handle: JobHandle, entry: OperationEntry) -> bool:
    """Wait until an operation is at work, not loading; False where it was over before."""
    if stream := entry.stream_input():  # which stays open: it waits for more
        handle.feed(sound_stream(stream))
        deadline = time.monotonic() + BEGIN_S
        while handle.unread and time.monotonic() < deadline:
            time.sleep(0.01)
        return True
    return any(isinstance(event, ItemProgress | PartialText) for event in handle.events())


def reasons(events: list[JobEvent]) -> list[str]:
    """Give why items failed."""
    return [event.reason for event in events if isinstance(event, ItemFailed)]


def blunder(plugin: Plugin, entry: OperationEntry, reason: str) -> str:
    """Give a reason back if it tells of a bug or a death, and not of the input; else ''."""
    bug = reason.startswith((f"{plugin.id} {entry.name}: ", f"the worker of {plugin.id} "))
    return reason if bug else ""

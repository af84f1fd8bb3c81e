"""The checks on one operation, run as real jobs."""

import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import STREAMS, OperationEntry
from seqstudio.errors import ModelError, SeqStudioError
from seqstudio.host.catalogue.catalogue import Plugin
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.kill_checks import check_kill_and_resume
from seqstudio.host.conformance.samples import (
    SUFFIXES,
    example_options,
    invalid_inputs,
    valid_input,
    valid_stream,
)
from seqstudio.host.jobs.events import (
    ItemDone,
    ItemFailed,
    ItemProgress,
    JobEvent,
    JobFinished,
    PartialText,
)
from seqstudio.host.processes import cpu_waits_s
from seqstudio.host.studio import JobHandle, JobSpec, Studio

CANCEL_LIMIT_S = 2.0
SAMPLE_S = 0.02
READ_LIMIT_S = 30.0  # until an operation on a stream has read its sample

Inputs = Mapping[str, tuple[Path, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An operation, with the inputs and the model that it is tried with."""

    studio: Studio  # of a profile for this suite only
    plugin: Plugin
    entry: OperationEntry
    inputs: Inputs
    model: str = ""
    formats: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)  # beside the defaults

    def spec(self, out: Path) -> JobSpec:
        """Return the spec of one run with a fixed seed."""
        out.mkdir(parents=True)
        return JobSpec(
            plugin=self.plugin.id,
            name=self.entry.name,
            inputs=self.inputs,
            model=self.model,
            formats=self.formats,
            options=self.options,
            out=out if self.entry.outputs else None,
            seed=7 if self.entry.generative else None,
            device="cpu",
        )

    def run(self, out: Path) -> list[JobEvent]:
        """Run the operation to its end and return the events."""
        try:
            handle = self.studio.submit(self.spec(out))
            if stream := self.entry.stream_input():
                handle.feed(valid_stream(stream))
                handle.close_input()
            return list(handle.events())
        except SeqStudioError as error:  # before any item began
            return [JobFinished(state="failed", reason=str(error))]


def check_operation(
    studio: Studio, plugin: Plugin, entry: OperationEntry, folder: Path, runs: Mapping[str, Path]
) -> Iterator[Check]:
    """Run an operation on valid and invalid inputs; cancel it, kill it and resume it.

    Parameters
    ----------
    studio : of a profile for this suite only
    plugin, entry : the operation
    folder : a new folder for inputs and outputs
    runs : the run folder of each task that was trained
    """
    folder.mkdir(parents=True)
    reason = without_sample(entry) or without_model(studio, plugin, entry, runs)
    if reason:
        yield Check(name=f"{entry.name}: runs", outcome="skip", detail=reason)
        return
    subject = Subject(
        studio=studio,
        plugin=plugin,
        entry=entry,
        inputs=sample_inputs(entry, folder),
        model=model_of(plugin, entry, runs),
    )
    working = yield from check_two_runs(subject, folder)
    if not working:
        detail = "it does not run with its defaults"
        yield Check(name=f"{entry.name}: cancel, kill, resume", outcome="skip", detail=detail)
        return
    yield check_cancel(working, folder)
    yield from check_kill_and_resume(studio, entry, working.spec(folder / "killed"))
    yield from check_invalid_inputs(working, folder)


def check_invalid_inputs(subject: Subject, folder: Path) -> Iterator[Check]:
    """Run with an invalid file as each input; a result or a reason is expected, no bug."""
    entry = subject.entry
    for port in entry.inputs:
        if port.name not in subject.inputs:
            continue
        for description, path in invalid_inputs(port.kind, folder).items():
            name = f"{entry.name}: {description} as {port.name} gives a result or a clear error"
            changed = replace(subject, inputs={**subject.inputs, port.name: (path,)})
            events = changed.run(folder / f"invalid-{port.name}-{path.stem}")
            failed = [event for event in events if isinstance(event, ItemFailed)]
            bugs = [event.reason for event in failed if not event.fixable]
            yield check_result(name, "".join(bugs[:1]))


def sample_inputs(entry: OperationEntry, folder: Path) -> Inputs:
    """Write a valid file for each input that must be given."""
    ports = [port for port in entry.inputs if not port.optional and port.kind in SUFFIXES]
    return {port.name: (valid_input(port.kind, folder),) for port in ports}


def without_sample(entry: OperationEntry) -> str:
    """Return why there are no inputs to try an operation with, or ''."""
    kinds = {port.kind for port in entry.inputs if not port.optional} - {*SUFFIXES, *STREAMS}
    if kinds:
        return f"no sample of kind {', '.join(sorted(kinds))}"
    paths = [name for name, one in entry.options.items() if one.type == "path" and one.required]
    return f"no sample of what {', '.join(paths)} names" if paths else ""


def model_of(plugin: Plugin, entry: OperationEntry, runs: Mapping[str, Path]) -> str:
    """Return the run whose model an operation is tried with; '' for one that is installed."""
    tasks = entry.model_tasks()
    shipped = {model.task for model in plugin.manifest.models}
    trained = [str(runs[task]) for task in tasks if task in runs and not shipped & set(tasks)]
    return "".join(trained[:1])


def without_model(
    studio: Studio, plugin: Plugin, entry: OperationEntry, runs: Mapping[str, Path]
) -> str:
    """Return why there is no model to try an operation with, or ''."""
    try:
        studio.models.usable(plugin, entry, model_of(plugin, entry, runs))
    except ModelError:
        tasks = " or ".join(entry.model_tasks())
        return f"it needs a model of {tasks}: none is installed, and none was trained here"
    return ""


def check_two_runs(subject: Subject, folder: Path) -> Generator[Check, None, Subject | None]:
    """Run twice: both succeed and give files, progress never falls, and the bytes are the same.

    An operation that does not run with its defaults alone runs as in its first example.

    Returns
    -------
    the operation with the options with which it runs; None if it does not
    """
    entry, how = subject.entry, "with its defaults"
    outs = [folder / "first", folder / "second"]
    first = subject.run(outs[0])
    if failures(first) and (options := example_options(entry)):
        subject, how = replace(subject, options=options), "as in its example"
        outs[0] = folder / "example"
        first = subject.run(outs[0])
    runs = [first, subject.run(outs[1])]
    name = f"{entry.name}: runs {how}"
    faults = [reason for events in runs for reason in (*failures(events), *missing(entry, events))]
    model = " on a model of two training steps" if subject.model else ""
    yield check_result(f"{name}{model}", "; ".join(faults[:1]))
    if faults:
        return None
    steps = [event.fraction for event in runs[0] if isinstance(event, ItemProgress)]
    name = f"{entry.name}: progress never falls"
    if steps:
        yield check_result(name, "" if steps == sorted(steps) else f"progress fell: {steps}")
    else:
        yield Check(name=name, outcome="skip", detail="it reports no progress")
    yield same_bytes(entry, *outs)
    return subject


def same_bytes(entry: OperationEntry, *outs: Path) -> Check:
    """Compare the outputs of two equal runs."""
    if not entry.deterministic:
        return Check(name=f"{entry.name}: same bytes", outcome="skip", detail=entry.reason)
    first, second = ({path.name: path.read_bytes() for path in out.iterdir()} for out in outs)
    differ = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    name = f"{entry.name}: the same run gives the same bytes"
    return check_result(name, ", ".join(sorted(differ)))


def failures(events: Sequence[JobEvent]) -> list[str]:
    """Return the reasons why items, or the job as a whole, failed."""
    failed = [event.reason for event in events if isinstance(event, ItemFailed)]
    ended = [e.reason for e in events if isinstance(e, JobFinished) and e.state == "failed"]
    return failed or [reason or "the job failed" for reason in ended]


def missing(entry: OperationEntry, events: Sequence[JobEvent]) -> list[str]:
    """Return a text for each item that is done without a file, though outputs are declared."""
    done = [event for event in events if isinstance(event, ItemDone)]
    declared = ", ".join(port.name for port in entry.outputs)
    empty = [event for event in done if declared and not event.outputs]
    return [f"{event.name}: no output, expected {declared}" for event in empty]


def check_cancel(subject: Subject, folder: Path) -> Check:
    """Cancel a running job and measure how long it takes to end."""
    name = f"{subject.entry.name}: stops within {CANCEL_LIMIT_S:g} s"
    handle = subject.studio.submit(subject.spec(folder / "cancelled"))
    if not wait_until_running(handle, subject.entry):
        return Check(name=name, outcome="skip", detail="it ended before it could be cancelled")
    elapsed_s = seconds_to_stop(handle)
    limit = f"expected at most {CANCEL_LIMIT_S:g} s"
    fault = "" if elapsed_s <= CANCEL_LIMIT_S else f"{elapsed_s:.1f} s, {limit}"
    return check_result(name, fault, f"{elapsed_s:.2f} s")


def seconds_to_stop(handle: JobHandle) -> float:
    """Cancel a job; return how long it takes to end, less what its worker waits for a CPU.

    What other programs take of a busy machine is not the plugin's fault.
    """
    start_s, waited_s = time.monotonic(), 0.0
    before = cpu_waits_s(os.getpid())
    handle.cancel()
    while not handle.ends_within(SAMPLE_S):
        for pid, wait_s in cpu_waits_s(os.getpid()).items():
            waited_s = max(waited_s, wait_s - before.setdefault(pid, wait_s))
    return time.monotonic() - start_s - waited_s


def wait_until_running(handle: JobHandle, entry: OperationEntry) -> bool:
    """Wait until an operation has started its work; return False if it ended before that."""
    if stream := entry.stream_input():  # stays open, so the operation waits for more
        handle.feed(valid_stream(stream))
        deadline = time.monotonic() + READ_LIMIT_S
        while handle.unread and time.monotonic() < deadline:
            time.sleep(0.01)
        return True
    return any(isinstance(event, ItemProgress | PartialText) for event in handle.events())

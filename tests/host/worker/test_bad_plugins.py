"""Real plugins that misbehave: each fails only its own items."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, JobFinished
from seqstudio.host.studio import JobSpec, Studio

BAD = """
import ctypes, json, os, socket, struct, sys, time


def done(request):
    return Result(outputs={"text": "done"})


def at_b(fault):
    def run(request, job):
        if request.inputs["words"][0].stem == "b":
            job.progress(0.1)
            fault(job)
        yield done(request)

    return run


def hang(job):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass


def host_socket():
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                return int(name)
        except OSError:
            pass


def garbage(job):
    os.write(host_socket(), b"\\x00\\x00\\x00\\x07garbage")
    time.sleep(60)


def endless_frame(job):
    os.write(host_socket(), b"\\xff\\xff\\xff\\xff")
    time.sleep(60)


def send(body):
    data = struct.pack(">I", len(body)) + body
    while data:
        data = data[os.write(host_socket(), data):]


def deep(job):
    send(b'{"type":"partial","text":' + b"[" * 10**6)
    time.sleep(60)


def deep_details(job):
    send(b'{"type":"result","item":2,"details":' + b'{"a":' * 99 + b"1" + b"}" * 100)
    time.sleep(60)


def no_fraction(job):
    send(b'{"type":"progress","item":2,"fraction":NaN}')
    time.sleep(60)


def no_event(job):
    send(b'{"type":"progress","item":2,"fraction":0.5,"event":{"event":"gain"}}')
    time.sleep(60)


def sends_file(path):
    def send_result(job):
        os.symlink("b", job.folder / "a")
        os.symlink("a", job.folder / "b")
        file = {"output": "text", "format": "txt", "path": str(job.folder / path), "sha256": "x"}
        send(json.dumps({"type": "result", "item": 1, "files": [file]}).encode())

    return send_result


def control_characters(job):
    raise RuntimeError("\\x1b[2J and \\udcff")


def hang_up(job):
    socket.socket(fileno=host_socket()).shutdown(socket.SHUT_RDWR)
    time.sleep(60)


def eat(job):
    held = []
    while True:
        held.append(bytearray(b"x") * 2**24)


def noisy(job):
    print("garbage on stdout", os.urandom(64), flush=True)
    os.write(1, bytes(range(256)))
    sys.stdin.read()


def leave(job):
    raise SystemExit(0)


def crash(job):
    ctypes.string_at(0)


RUN = {
    "abort": at_b(lambda job: os.abort()),
    "segfault": at_b(crash),
    "leave": at_b(leave),
    "exit": at_b(lambda job: os._exit(0)),
    "hang": at_b(hang),
    "garbage": at_b(garbage),
    "endless": at_b(endless_frame),
    "hang-up": at_b(hang_up),
    "deep": at_b(deep),
    "deep-details": at_b(deep_details),
    "no-fraction": at_b(no_fraction),
    "no-event": at_b(no_event),
    "nul": at_b(sends_file("a\\0b")),
    "link-loop": at_b(sends_file("a")),
    "elsewhere": at_b(sends_file("/etc/passwd")),
    "control-characters": at_b(control_characters),
    "eat": at_b(eat),
    "noisy": at_b(noisy),
    "bug": at_b(lambda job: 1 / 0),
    "summary": lambda request, job: iter(
        [Result(outputs={"text": "done"}, summary="\\x1b[2J and \\udcff")]
    ),
    "silent": lambda request, job: iter(()),
    "twice": lambda request, job: iter([done(request), done(request)]),
}
"""
OPERATIONS = (
    *("abort", "segfault", "leave", "exit", "hang", "garbage", "endless", "hang-up", "eat"),
    *(
        "deep",
        "deep-details",
        "no-fraction",
        "no-event",
        "nul",
        "link-loop",
        "elsewhere",
        "control-characters",
    ),
    *("noisy", "bug", "summary", "silent", "twice"),
)
LIMITS = {"memory_share": 0.01, "cancel_timeout_s": 0.5}


@pytest.fixture
def bad(site: Any, home: Path) -> Studio:
    site.batch("bad", BAD, OPERATIONS)
    home.mkdir()
    (home / "limits.json").write_text(json.dumps(LIMITS))
    return Studio(home)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("abort", r"the worker of bad ended by SIGABRT; its log is .*worker\.log"),
        ("segfault", r"the worker of bad ended by SIGSEGV"),
        ("leave", r"bad leave: SystemExit: 0"),
        ("exit", r"the worker of bad exited with status 0"),
        ("hang", r"the worker of bad sent no message for 1\.5 s, and was ended by SIGKILL"),
        ("garbage", r"sent a malformed message b'garbage', expected JSON, and was ended"),
        ("endless", r"message of 4294967295 bytes, expected at most 16777216"),
        ("deep", r"sent a malformed message b'.*\[\[', expected JSON, and was ended by SIGKILL"),
        ("deep-details", r"sent a malformed message b'.*', expected at most 64 levels in it"),
        ("no-fraction", r"sent a malformed message progress: fraction=nan, expected 0 to 1"),
        (
            "no-event",
            r"sent a malformed message: event 'gain', expected one of preset, started, step",
        ),
        ("control-characters", r"^bad control-characters: RuntimeError: \\x1b\[2J and \\udcff$"),
        ("hang-up", r"the worker of bad exited with status 3"),
        ("eat", r"held \d+\.\d GiB of memory, expected at most \d\.\d GiB"),
        ("bug", r"bad bug: ZeroDivisionError: division by zero"),
    ],
)
def test_a_bad_item_fails_with_its_reason_and_the_others_are_done(
    bad: Studio, words: Callable[..., Path], tmp_path: Path, operation: str, reason: str
) -> None:
    folder = words("a.txt", "b.txt", "c.txt")
    out = tmp_path / "out"
    if operation == "hang":  # short, but long enough for the other items on a busy machine
        (bad.profile.home / "limits.json").write_text('{"message_timeout_s": 1.5}')
    spec = JobSpec(plugin="bad", name=operation, inputs={"words": (folder,)}, out=out)
    events = list(bad.submit(spec).events())

    (failed,) = [event for event in events if isinstance(event, ItemFailed)]
    assert failed.name == str(folder / "b.txt")
    assert [event.item for event in events if isinstance(event, ItemDone)] == [1, 3]
    assert sorted(path.name for path in out.iterdir()) == ["a.txt", "c.txt"]
    assert events[-1] == JobFinished(state="done", done=2, failed=1)
    assert re.search(reason, failed.reason), failed.reason


def test_garbage_on_standard_output_is_harmless_and_goes_to_the_log(
    bad: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    words("b.txt")
    spec = JobSpec(
        plugin="bad", name="noisy", inputs={"words": (tmp_path / "in",)}, out=tmp_path / "out"
    )
    handle = bad.submit(spec)
    assert handle.wait() == JobFinished(state="done", done=1)
    log = (bad.profile.jobs / str(handle.id) / "worker.log").read_bytes()
    assert b"garbage on stdout" in log
    assert bytes(range(256)) in log


def test_control_characters_in_a_summary_are_escaped(
    bad: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    inputs = {"words": (words("b.txt"),)}
    handle = bad.submit(JobSpec(plugin="bad", name="summary", inputs=inputs, out=tmp_path / "out"))
    (done,) = [event for event in handle.events() if isinstance(event, ItemDone)]

    assert done.summary == r"\x1b[2J and \udcff"
    assert bad.jobs.items(handle.id)[0].summary == done.summary


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("silent", "bad silent gave no result for it, expected one"),
        ("twice", None),
    ],
)
def test_each_item_has_one_result(
    bad: Studio, words: Callable[..., Path], tmp_path: Path, operation: str, reason: str | None
) -> None:
    words("b.txt")
    spec = JobSpec(
        plugin="bad", name=operation, inputs={"words": (tmp_path / "in",)}, out=tmp_path / "out"
    )
    events = list(bad.submit(spec).events())
    reasons = [event.reason for event in events if isinstance(event, ItemFailed)]
    assert reasons == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("operation", "path"),
    [("nul", r"1/a\\x00b"), ("link-loop", "1/a"), ("elsewhere", "^/etc/passwd")],
)
def test_only_files_in_the_jobs_folder_are_accepted(
    bad: Studio, words: Callable[..., Path], tmp_path: Path, operation: str, path: str
) -> None:
    spec = JobSpec(
        plugin="bad", name=operation, inputs={"words": (words("b.txt"),)}, out=tmp_path / "out"
    )
    (failed,) = [e for e in bad.submit(spec).events() if isinstance(e, ItemFailed)]

    assert re.search(f"{path}: not a file in the job's folder, expected one$", failed.reason)
    assert not (tmp_path / "out").exists()


FORGED = """
import json, os, struct


def forge(request, job):
    provenance = {"plugin": "speech", "take": 9, "model": 5}
    body = json.dumps({"type": "result", "item": 1, "provenance": provenance}).encode()
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                os.write(int(name), struct.pack(">I", len(body)) + body)
        except OSError:
            pass
    yield Result(outputs={"text": ""})


RUN = {"forge": forge}
"""


def test_a_plugin_cannot_forge_its_provenance(
    site: Any, home: Path, words: Callable[..., Path]
) -> None:
    site.batch("bad", FORGED, ("forge",))
    studio = Studio(home)
    handle = studio.submit(JobSpec(plugin="bad", name="forge", inputs={"words": (words("a.txt"),)}))

    assert handle.wait().state == "done"
    (item,) = studio.jobs.items(handle.id)
    assert (item.provenance["plugin"], item.provenance["take"]) == ("bad", 0)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit(7)", r"plugin 'bad': importing plugin_bad: SystemExit: 7"),
        ("import os; os.abort()", r"plugin 'bad': its worker ended by SIGABRT while .*loading"),
        ("x = 1 /", r"plugin 'bad': importing plugin_bad: SyntaxError"),
        (
            "from seqstudio.api import hookimpl\n@hookimpl\ndef seqstudio_operation(): pass",
            r"plugin 'bad': importing plugin_bad: PluginValidationError",
        ),
        (
            "from seqstudio.api import hookimpl\n"
            "@hookimpl\ndef seqstudio_operations(): raise SystemExit(1)",
            r"plugin 'bad': seqstudio_operations: SystemExit: 1",
        ),
        ("", r"seqstudio_operations gives \[\], expected \['shout'\] as in its manifest"),
    ],
)
def test_a_plugin_that_cannot_load_fails_its_job_by_name(
    site: Any, home: Path, words: Callable[..., Path], code: str, reason: str
) -> None:
    site.install("bad", site.manifest("shout"), code)
    spec = JobSpec(plugin="bad", name="shout", inputs={"words": (words("a.txt", "b.txt"),)})
    finished = Studio(home).submit(spec).wait()
    assert (finished.state, finished.done, finished.failed) == ("failed", 0, 2)
    assert re.search(reason, finished.reason), finished.reason


def test_a_worker_that_ignores_a_cancel_is_killed(
    bad: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    words("b.txt")
    spec = JobSpec(
        plugin="bad", name="hang", inputs={"words": (tmp_path / "in",)}, out=tmp_path / "out"
    )
    handle = bad.submit(spec)
    events = handle.events()
    while not isinstance(next(events), ItemProgress):
        pass
    start = time.monotonic()
    handle.cancel()
    assert handle.wait().state == "cancelled"
    assert time.monotonic() - start < 5
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_fails_in_the_host_ends_and_can_be_retried(
    shouter: Studio, words: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (words("a.txt"),)})
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/nowhere/python")
        handle = shouter.submit(spec)
        reason = handle.wait().reason

    assert reason.startswith("FileNotFoundError: ")
    assert (shouter.jobs.get(handle.id).state, shouter.jobs.get(handle.id).reason) == (
        "failed",
        reason,
    )
    assert shouter.retry(handle.id).wait() == JobFinished(state="done", done=1)

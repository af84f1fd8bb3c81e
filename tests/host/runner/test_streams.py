"""A real plugin that reads a stream: fed while it runs, without blocking the one who feeds it."""

import hashlib
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqstudio.errors import JobError
from seqstudio.host.jobs.events import (
    ItemDone,
    ItemFailed,
    ItemProgress,
    JobEvent,
    JobFinished,
    PartialText,
)
from seqstudio.host.runner.stream import BLOCK_BYTES, UNREAD_BYTES
from seqstudio.host.studio import JobHandle, JobSpec, Studio
from seqstudio.media.audio import mono, read_audio, resample

SPOKEN = Path(__file__).parents[3] / "assets" / "speech" / "an114-mdcs2-b.flac"
RATE_HZ = 16000

METER = """
import os, signal, time
from array import array


def level(request, job):
    highest, count = 0.0, 0
    for block in job.input_blocks():
        samples = array("f", block)
        peak = max(map(abs, samples))
        highest, count = max(highest, peak), count + len(samples)
        job.partial(f"{len(samples)} samples, peak {peak:.6f}")
    assert list(job.input_blocks()) == []
    text = f"{count} samples, peak {highest:.6f}"
    yield Result(outputs={"text": text}, summary=text)


def idle(request, job):
    job.progress(0.1)
    while True:
        job.check()
        time.sleep(0.01)


def stopped(request, job):
    job.progress(0.1)
    os.kill(os.getpid(), signal.SIGSTOP)
    yield from level(request, job)


def late(request, job):
    job.progress(0.1, str(os.getpid()))
    time.sleep(0.5)
    yield from level(request, job)


def midi(request, job):
    blocks = []
    for block in job.input_blocks():
        blocks.append(block.hex())
        job.partial(blocks[-1])
    yield Result(outputs={"text": " ".join(blocks)}, summary=" ".join(blocks))


def files(request, job):
    yield from level(request, job)


RUN = {"level": level, "idle": idle, "stopped": stopped, "late": late, "midi": midi, "files": files}
"""
OPERATION = """
[[operations]]
name = "{name}"
title = "Test"
runs = "stream"
inputs = [{{ name = "audio", kind = "{kind}" }}]
outputs = [{{ name = "text", kind = "text", formats = ["txt"] }}]
"""
AUDIO = ("level", "idle", "stopped", "late")

Open = Callable[..., JobHandle]


@pytest.fixture
def manifest(site: Any) -> str:
    audio = "".join(OPERATION.format(name=name, kind="stream.audio") for name in AUDIO)
    audio = audio.replace(" }]\noutputs", f", rate_hz = {RATE_HZ} }}]\noutputs")
    return audio + OPERATION.format(name="midi", kind="stream.midi") + site.manifest("files")


@pytest.fixture
def meter(site: Any, home: Path, manifest: str) -> Studio:
    site.functions("meter", manifest, METER)
    home.mkdir()
    return Studio(home)


@pytest.fixture
def open_job(meter: Studio, tmp_path: Path) -> Open:
    """Start an operation without feeding it."""

    def start(name: str, *, workers: bool = True) -> JobHandle:
        studio = meter if workers else Studio(meter.profile.home, workers=False)
        return studio.submit(JobSpec(plugin="meter", name=name, out=tmp_path / "out.txt"))

    return start


@pytest.fixture(scope="module")
def spoken() -> bytes:
    """A recording in the format in which it is fed."""
    audio = resample(mono(read_audio(SPOKEN)), RATE_HZ)
    return audio.samples[:, 0].astype("<f4").tobytes()


def partial_texts(events: list[JobEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, PartialText)]


def wait_for(handle: JobHandle, kind: type[JobEvent]) -> Any:
    return next(event for event in handle.events() if isinstance(event, kind))


def blocks_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("workers", [True, False])
def test_a_recording_is_read_block_by_block_and_gives_a_result(
    open_job: Open, spoken: bytes, meter: Studio, tmp_path: Path, *, workers: bool
) -> None:
    handle = open_job("level", workers=workers)
    blocks = list(blocks_of(spoken, 4 * 1600))
    for block in blocks:
        handle.feed(block)
    handle.close_input()
    events = list(handle.events())

    peaks = [np.abs(np.frombuffer(block, "<f4")).max() for block in blocks]
    counted = [f"{len(b) // 4} samples, peak {p:.6f}" for b, p in zip(blocks, peaks, strict=True)]
    assert partial_texts(events) == counted
    whole = f"{len(spoken) // 4} samples, peak {max(peaks):.6f}"
    assert [event.summary for event in events if isinstance(event, ItemDone)] == [whole]
    assert (tmp_path / "out.txt").read_text() == whole
    (item,) = meter.jobs.items(handle.id)
    digest = hashlib.sha256(spoken).hexdigest()
    assert item.provenance["stream"] == {"bytes": len(spoken), "sha256": digest}


def test_partial_results_arrive_while_the_stream_goes_on(open_job: Open, spoken: bytes) -> None:
    handle = open_job("level")
    for block in blocks_of(spoken[:64000], 6400):
        handle.feed(block)
        assert wait_for(handle, PartialText).text.startswith("1600 samples")
    handle.close_input()
    assert handle.wait() == JobFinished(state="done", done=1)


def test_a_large_feed_is_split_into_blocks_of_whole_samples(open_job: Open, spoken: bytes) -> None:
    handle = open_job("level")
    fed = spoken[: 2 * BLOCK_BYTES + 400]
    handle.feed(fed)
    handle.close_input()
    counts = [text.split()[0] for text in partial_texts(list(handle.events()))]
    assert counts == ["2048", "2048", "100"]


def test_midi_messages_arrive_grouped_as_they_were_fed(open_job: Open) -> None:
    handle = open_job("midi")
    for messages in (b"\x90\x3c\x40", b"\x90\x40\x40\x90\x43\x40", b"\x80\x3c\x00"):
        handle.feed(messages)
    handle.close_input()
    assert partial_texts(list(handle.events())) == ["903c40", "904040904340", "803c00"]


@pytest.mark.medium
def test_an_empty_stream_has_a_result_and_the_next_stream_is_not_skipped(
    open_job: Open, spoken: bytes
) -> None:
    for fed in (b"", spoken[:400]):
        handle = open_job("level")
        handle.feed(fed)
        handle.close_input()
        handle.close_input()
        (done,) = [event for event in handle.events() if isinstance(event, ItemDone)]
        assert (done.skipped, done.summary.split()[0]) == (False, str(len(fed) // 4))


def test_an_operation_on_files_cannot_be_fed_and_a_stream_accepts_no_file(
    meter: Studio, words: Callable[..., Path]
) -> None:
    spec = JobSpec(plugin="meter", name="files", inputs={"words": (words("a.txt"),)})
    handle = meter.submit(spec)
    wanted = r'^job 1: it reads files and cannot be fed, expected an operation .* runs = "stream"$'
    for call in (lambda: handle.feed(b""), handle.close_input):
        with pytest.raises(JobError, match=wanted):
            call()
    (failed,) = [event for event in handle.events() if isinstance(event, ItemFailed)]
    assert failed.reason == 'Job.input_blocks of an operation on files, expected runs = "stream"'
    with pytest.raises(JobError, match=r"^level: audio is fed while it runs, expected no file$"):
        meter.submit(JobSpec(plugin="meter", name="level", inputs={"audio": (SPOKEN,)}))


@pytest.mark.parametrize("workers", [True, False])
def test_feeding_never_blocks_and_data_beyond_the_limit_is_refused_whole(
    open_job: Open, *, workers: bool
) -> None:
    handle = open_job("idle", workers=workers)
    wait_for(handle, ItemProgress)
    start = time.monotonic()
    for _ in range(8):
        handle.feed(bytes(UNREAD_BYTES // 8))
    refused = (
        r"^job 1: 8388612 bytes would wait unread, expected at most 8388608; "
        r"feed them again when the operation has caught up$"
    )
    with pytest.raises(JobError, match=refused):
        handle.feed(bytes(4))
    assert handle.unread == UNREAD_BYTES
    handle.cancel()
    assert handle.wait().state == "cancelled"
    assert time.monotonic() - start < 4
    with pytest.raises(JobError, match=r"^job 1: it is over, expected a stream that is open$"):
        handle.feed(bytes(4))


@pytest.mark.medium
def test_refused_data_is_accepted_once_the_operation_has_caught_up(open_job: Open) -> None:
    handle = open_job("late")
    wait_for(handle, ItemProgress)
    handle.feed(bytes(UNREAD_BYTES))
    with pytest.raises(JobError, match="would wait unread"):
        handle.feed(bytes(400))
    while handle.unread > UNREAD_BYTES // 2:
        time.sleep(0.01)
    handle.feed(bytes(400))
    handle.close_input()
    (done,) = [event for event in handle.events() if isinstance(event, ItemDone)]
    assert done.summary.split()[0] == str((UNREAD_BYTES + 400) // 4)


@pytest.mark.medium
def test_a_worker_that_does_not_read_its_socket_is_cancelled_in_time(
    open_job: Open, meter: Studio
) -> None:
    (meter.profile.home / "limits.json").write_text(json.dumps({"cancel_timeout_s": 0.5}))
    handle = open_job("stopped")
    wait_for(handle, ItemProgress)
    handle.feed(bytes(UNREAD_BYTES))
    time.sleep(0.5)  # the job's thread has sent what it can
    start = time.monotonic()
    handle.cancel()
    assert handle.wait().state == "cancelled"
    assert time.monotonic() - start < 4  # the host would kill it after five


@pytest.mark.medium
def test_a_worker_killed_in_mid_stream_fails_its_item_and_a_retry_reads_a_new_stream(
    open_job: Open, meter: Studio, spoken: bytes, tmp_path: Path
) -> None:
    handle = open_job("late")
    number = int(wait_for(handle, ItemProgress).message)
    handle.feed(spoken[:6400])
    os.kill(number, signal.SIGKILL)
    events = list(handle.events())
    (failed,) = [event for event in events if isinstance(event, ItemFailed)]
    assert re.match(r"the worker of meter ended by SIGKILL; its log is", failed.reason)
    assert events[-1] == JobFinished(state="failed", failed=1)
    assert not list(tmp_path.glob("out*"))

    again = meter.retry(handle.id)
    again.feed(spoken[:400])
    again.close_input()
    (done,) = [event for event in again.events() if isinstance(event, ItemDone)]
    assert done.summary.startswith("100 samples")


@pytest.mark.parametrize("workers", [True, False])
def test_a_cancel_in_mid_stream_leaves_nothing(
    open_job: Open, spoken: bytes, tmp_path: Path, *, workers: bool
) -> None:
    handle = open_job("level", workers=workers)
    handle.feed(spoken[:6400])
    wait_for(handle, PartialText)
    start = time.monotonic()
    handle.cancel()
    assert handle.wait().state == "cancelled"
    assert time.monotonic() - start < 4  # the host would kill it after five
    assert not list(tmp_path.glob("out*"))


@pytest.mark.medium
def test_a_paused_job_reads_nothing_and_after_a_resume_everything(
    open_job: Open, spoken: bytes
) -> None:
    handle = open_job("level")
    handle.feed(spoken[:6400])
    wait_for(handle, PartialText)
    handle.pause()
    time.sleep(0.5)
    for _ in range(3):
        handle.feed(spoken[:6400])
    time.sleep(0.5)
    assert partial_texts(handle.poll()) == []
    handle.resume()
    handle.close_input()
    assert len(partial_texts(list(handle.events()))) == 3


@pytest.mark.medium
def test_a_pause_in_feeding_is_not_a_fault_but_unread_blocks_are(
    open_job: Open, meter: Studio, spoken: bytes
) -> None:
    (meter.profile.home / "limits.json").write_text(json.dumps({"message_timeout_s": 0.6}))
    handle = open_job("level")
    handle.feed(spoken[:6400])
    wait_for(handle, PartialText)
    time.sleep(1.2)
    handle.feed(spoken[:6400])
    handle.close_input()
    assert handle.wait() == JobFinished(state="done", done=1)

    handle = open_job("idle")
    handle.feed(spoken[:6400])
    (failed,) = [event for event in handle.events() if isinstance(event, ItemFailed)]
    assert "sent no message for 0.6 s, and was ended by SIGKILL" in failed.reason


def test_incomplete_samples_and_data_after_the_end_are_refused(open_job: Open) -> None:
    handle = open_job("level")
    with pytest.raises(JobError, match=r"^job 1: 1001 bytes, 1 too many, expected whole samples"):
        handle.feed(bytes(1001))
    handle.close_input()
    with pytest.raises(JobError, match=r"^job 1: its input was closed, expected a stream that is"):
        handle.feed(bytes(4))
    assert handle.wait().state == "done"

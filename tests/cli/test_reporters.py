"""What is printed while a job runs and at its end."""

import dataclasses
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seqstudio.cli.evaluate import metric_lines
from seqstudio.cli.reporters import (
    BarReporter,
    JsonReporter,
    LineReporter,
    QuietReporter,
    event_line,
)
from seqstudio.cli.train import result_lines
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, ItemStarted, Notice
from seqstudio.host.text_format import UNPRINTABLE
from seqstudio.services.events import (
    Evaluated,
    Finished,
    Preview,
    Saved,
    TrainingStep,
    event_to_plain,
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]
DONE = ItemDone(
    item=1,
    name="a.wav",
    outputs=(Path("o/a.txt"), Path("o/a.srt")),
    summary="3 words",
    model="speech-en-small",
)
FAILED = ItemFailed(item=2, name="b.wav", reason="b.wav: 0 samples, expected audio")
EVALUATED = Evaluated(
    step=40,
    epoch=1,
    monitor="wer",
    value=0.25,
    best=True,
    metrics={"wer": 0.25, "cer": 0.1},
    items=9,
)


def test_lines_have_outputs_on_stdout_and_failures_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = LineReporter(several=True)
    for event in (ItemStarted(item=1, name="a.wav"), DONE, FAILED):
        reporter.on_event(event)
    captured = capsys.readouterr()

    assert captured.out == "a.wav -> o/a.{txt,srt}: 3 words\n"
    assert captured.err == "b.wav: 0 samples, expected audio\n"


def test_the_failure_of_a_single_item_is_not_printed_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for kind in (LineReporter, QuietReporter):
        kind(several=False).on_event(FAILED)

    assert capsys.readouterr().err == ""


def test_the_json_of_a_job_has_models_outputs_and_reasons() -> None:
    reporter = JsonReporter(several=False)
    reporter.on_event(DONE)
    reporter.on_event(FAILED)
    document = json.loads(reporter.document(job=7))

    assert document["job"] == 7
    done, failed = document["items"]
    assert (done["model"], done["outputs"]) == ("speech-en-small", ["o/a.txt", "o/a.srt"])
    assert failed == {"name": "b.wav", "state": "failed", "reason": FAILED.reason}


def test_evaluations_and_previews_of_a_training_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = LineReporter(several=False)
    events = (
        EVALUATED,
        Saved(step=40, epoch=1, path="checkpoints/1"),
        Preview(step=40, epoch=1, text="reference\nhypothesis"),
    )
    for event in events:
        reporter.on_event(ItemProgress(item=1, fraction=0.5, event=event_to_plain(event)))

    assert capsys.readouterr().out.splitlines() == [
        "epoch 2, step 40: wer 0.25, cer 0.1; best so far, saved",
        "  | reference",
        "  | hypothesis",
    ]


def test_a_plugins_figures_and_texts_begin_no_line_and_move_no_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = LineReporter(several=True)
    hostile = "cer\x1b[2J\u202e\ndone: c.wav"
    figures = dataclasses.replace(EVALUATED, metrics={hostile: 1.0})
    preview = Preview(step=40, epoch=1, text=hostile)
    for event in (figures, preview):
        reporter.on_event(ItemProgress(item=1, fraction=0.5, event=event_to_plain(event)))
    reporter.on_event(dataclasses.replace(DONE, summary=hostile))
    reporter.on_event(Notice(text=hostile))
    reporter.on_event(dataclasses.replace(FAILED, reason=hostile))
    shown = "".join(capsys.readouterr()) + "\n".join(metric_lines({hostile: 1.0}))

    assert shown.count(r"cer\x1b[2J\u202e") == 6
    assert not re.search(UNPRINTABLE, shown)
    assert "\ndone: c.wav" not in shown


def test_a_name_in_square_brackets_is_no_markup_of_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    reporter = BarReporter(several=True)
    reporter.on_event(ItemStarted(item=1, name="a [/red].wav"))
    reporter.on_event(ItemProgress(item=1, fraction=0.5, message="[/]"))
    time.sleep(0.2)  # it is drawn ten times a second
    reporter.close()

    assert "a [/red].wav" in capsys.readouterr().err


def test_a_gradient_warning_is_printed() -> None:
    step = TrainingStep(
        step=7,
        epoch=0,
        loss=1.0,
        count=1,
        learning_rate=0.1,
        gradient_norm=1.0,
        fraction=0.5,
        gradient_flow={"verdict": "vanishing: under 1% of it is left 8 steps back"},
    )

    warning = "step 7: gradient vanishing: under 1% of it is left 8 steps back"
    assert event_line(step) == warning
    assert event_line(dataclasses.replace(step, gradient_flow={})) == ""


def test_the_end_of_a_training_is_printed_with_its_summary() -> None:
    end = Finished(
        step=9,
        epoch=1,
        reason="epochs",
        monitor="wer",
        value=0.2,
        best_step=8,
        averaged=1,
        minutes=1.0,
        summary="best valid wer 0.2 at step 8",
    )

    assert event_line(end) == "best valid wer 0.2 at step 8"


def test_a_training_lists_ten_refused_inputs_and_counts_the_rest(tmp_path: Path) -> None:
    refused = {f"{k}.wav": "empty" for k in range(12)}
    ledger = {"used": ["a.wav"], "refused": refused, "counts": {}}
    (tmp_path / "ledger.json").write_text(json.dumps(ledger))
    lines = result_lines(tmp_path, Path("data"))

    assert lines[0] == "data: 1 used, 12 refused"
    assert lines[1] == "  0.wav: empty"
    assert "and 2 more" in lines[11]
    assert f"seqstudio evaluate {tmp_path} data --split valid" in lines[12]


@pytest.mark.medium
def test_a_terminal_gets_progress_bars_and_a_pipe_plain_lines(
    run: Run, environment: Mapping[str, str], tmp_path: Path
) -> None:
    command = ["echo", "count", "--seconds", "0.3", "--takes", "2", "--out"]
    piped = run(*command, tmp_path / "piped.txt")
    controller, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "seqstudio", *command, tmp_path / "shown.txt"],
        env={**environment, "TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        timeout=60,
        check=True,
    )
    read = b""
    while select.select([controller], [], [], 0)[0]:  # a read returns a part of what is there
        read += os.read(controller, 2**16)
    shown = read.decode()
    os.close(controller)
    os.close(terminal)

    assert "\x1b" not in piped.stdout + piped.stderr
    assert "counting" in shown
    assert "\x1b" in shown
    assert "shown.1.txt: counted" in shown

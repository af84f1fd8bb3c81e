"""What people see while a job runs, and at its end."""

import dataclasses
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seqstudio.cli.reporting import Collected, Lines, Quiet
from seqstudio.cli.train import result_lines
from seqstudio.cli.training_lines import line_of
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, ItemStarted
from seqstudio.services.events import Evaluated, Finished, Preview, Saved, Step, event_to_plain

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
    figures={"wer": 0.25, "cer": 0.1},
    items=9,
)


def test_lines_say_what_was_made_and_name_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Lines(several=True)
    for event in (ItemStarted(item=1, name="a.wav"), DONE, FAILED):
        reporter.hear(event)
    said = capsys.readouterr()

    assert said.out == "a.wav -> o/a.{txt,srt}: 3 words\n"
    assert said.err == "b.wav: 0 samples, expected audio\n"


def test_the_only_items_reason_is_left_to_the_commands_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for kind in (Lines, Quiet):
        kind(several=False).hear(FAILED)

    assert capsys.readouterr().err == ""


def test_the_json_of_a_job_holds_models_outputs_and_reasons() -> None:
    reporter = Collected(several=False)
    reporter.hear(DONE)
    reporter.hear(FAILED)
    document = json.loads(reporter.document(job=7))

    assert document["job"] == 7
    done, failed = document["items"]
    assert (done["model"], done["outputs"]) == ("speech-en-small", ["o/a.txt", "o/a.srt"])
    assert failed == {"name": "b.wav", "state": "failed", "reason": FAILED.reason}


def test_training_is_told_by_evaluations_previews_and_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = Lines(several=False)
    events = (
        EVALUATED,
        Saved(step=40, epoch=1, path="checkpoints/1"),
        Preview(step=40, epoch=1, text="said\nheard"),
    )
    for event in events:
        reporter.hear(ItemProgress(item=1, fraction=0.5, event=event_to_plain(event)))

    assert capsys.readouterr().out.splitlines() == [
        "epoch 2, step 40: wer 0.25, cer 0.1; best so far, kept",
        "  | said",
        "  | heard",
    ]


def test_a_measured_gradient_is_told_with_its_verdict() -> None:
    step = Step(
        step=7,
        epoch=0,
        loss=1.0,
        count=1,
        learning_rate=0.1,
        gradient_norm=1.0,
        fraction=0.5,
        flow={"verdict": "vanishing: under 1% of it is left 8 steps back"},
    )

    told = "step 7: gradient vanishing: under 1% of it is left 8 steps back"
    assert line_of(step) == told
    assert line_of(dataclasses.replace(step, flow={})) == ""


def test_the_end_of_a_training_is_its_own_note() -> None:
    end = Finished(
        step=9,
        epoch=1,
        reason="epochs",
        monitor="wer",
        value=0.2,
        best_step=8,
        averaged=1,
        minutes=1.0,
        note="best valid wer 0.2 at step 8",
    )

    assert line_of(end) == "best valid wer 0.2 at step 8"


def test_a_training_names_ten_refused_inputs_and_counts_the_rest(tmp_path: Path) -> None:
    refused = {f"{k}.wav": "empty" for k in range(12)}
    ledger = {"used": ["a.wav"], "refused": refused, "notes": {}}
    (tmp_path / "ledger.json").write_text(json.dumps(ledger))
    lines = result_lines(tmp_path, Path("data"))

    assert lines[0] == "data: 1 used, 12 refused"
    assert lines[1] == "  0.wav: empty"
    assert "and 2 more" in lines[11]
    assert f"seqstudio evaluate {tmp_path} data --split valid" in lines[12]


@pytest.mark.medium
def test_a_terminal_gets_a_bar_and_a_pipe_plain_lines(
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
    shown = os.read(controller, 2**16).decode()
    os.close(controller)
    os.close(terminal)

    assert "\x1b" not in piped.stdout + piped.stderr
    assert "counting" in shown
    assert "\x1b" in shown
    assert "shown.1.txt: counted" in shown

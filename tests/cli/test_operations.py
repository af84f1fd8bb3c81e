"""Operations built from a manifest: their options, outputs and exit codes."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "good.txt").write_text("dear reader")
    (folder / "fine.txt").write_text("yours truly")
    return folder


@pytest.mark.medium
def test_every_option_of_the_manifest_reaches_the_operation(
    run: Run, letters: Path, tmp_path: Path
) -> None:
    (tmp_path / "more.txt").write_text("from a file")
    done = run(
        "echo", "repeat", letters / "good.txt", "--out", tmp_path / "out", "--times", 2,
        "--gain", 0.5, "--loud", "--ending", "!", "--mood", "cross", "--word", "one",
        "--word", "two", "--list", tmp_path / "more.txt",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "good.txt").read_text().strip()
    assert text == "CROSS, 0.5: DEAR READER DEAR READER ONE TWO FROM A FILE!"


@pytest.mark.medium
def test_relative_paths_are_relative_to_the_working_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "note.txt").write_text("hello")
    done = run("echo", "repeat", "note.txt", "--out", "out")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work" / "out" / "note.txt").is_file()
    assert done.stdout.startswith("note.txt -> ")


@pytest.mark.medium
def test_defaults_come_from_the_manifest(run: Run, letters: Path, tmp_path: Path) -> None:
    done = run("echo", "repeat", letters / "good.txt", "--out", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "good.txt").read_text().strip() == "calm, None: dear reader."
    assert f"good.txt -> {tmp_path}/out/good.txt: repeated" in done.stdout


@pytest.mark.medium
def test_a_batch_with_a_bad_item_reports_it_runs_the_rest_and_exits_3(
    run: Run, letters: Path, tmp_path: Path
) -> None:
    (letters / "empty.txt").write_text("")
    done = run("echo", "repeat", letters, letters / "missing.txt", "--out", tmp_path / "out")

    assert done.returncode == 3
    assert "2 done, 2 refused or failed" in done.stdout
    errors = sorted(done.stderr.splitlines())
    assert len(errors) == 2
    assert "empty.txt: 0 characters, expected a text" in errors[0]
    assert "missing.txt: no such file" in errors[1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fine.txt", "good.txt"]


@pytest.mark.medium
def test_a_report_is_written_at_the_end_or_from_the_job_later(
    run: Run, letters: Path, tmp_path: Path
) -> None:
    (letters / "empty.txt").write_text("")
    (letters / "picture.png").write_bytes(b"")
    report = tmp_path / "report"
    done = run("echo", "repeat", letters, "--out", tmp_path / "out", "--report", report)
    again = run("jobs", "report", 1, tmp_path / "again")

    assert (done.returncode, again.returncode) == (3, 0), done.stderr
    page = (report / "report.html").read_text()
    assert "not text, by suffix: 1 .png" in page
    assert "empty.txt" in page
    table = (report / "report.csv").read_text()
    assert table == (tmp_path / "again" / "report.csv").read_text()
    assert len(table.splitlines()) == 4


def test_a_report_that_would_replace_other_files_is_refused_before_the_job(
    run: Run, letters: Path, tmp_path: Path
) -> None:
    (letters / "report.csv").write_text("mine")
    done = run("echo", "repeat", letters, "--out", tmp_path / "out", "--report", letters)

    assert done.returncode == 1
    assert "report.csv: not a report, expected a folder for one" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.medium
def test_json_has_every_item_and_is_all_of_stdout(run: Run, letters: Path, tmp_path: Path) -> None:
    (letters / "empty.txt").write_text("")
    done = run("echo", "repeat", letters, "--out", tmp_path / "out", "--json")

    found = json.loads(done.stdout)
    assert done.returncode == 3
    assert (found["state"], found["done"], found["failed"]) == ("done", 2, 1)
    states = {Path(item["name"]).name: item["state"] for item in found["items"]}
    assert states == {"good.txt": "done", "fine.txt": "done", "empty.txt": "failed"}


@pytest.mark.medium
def test_file_names_that_are_not_utf8_are_accepted_and_printed_escaped(
    run: Run, letters: Path, tmp_path: Path
) -> None:
    """Old disks have such names."""
    for byte in (b"\xe9", b"\xe8"):
        Path(os.fsdecode(os.fsencode(letters) + b"/caf" + byte + b".txt")).write_text("au lait")
    command = ("echo", "repeat", letters, "--out", tmp_path / "out")
    done, shown = run(*command), run("jobs", "show", 1)
    again = json.loads(run(*command, "--json").stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert "4 done, 0 refused" in done.stdout
    assert [rf"caf\udce{last}.txt" in done.stdout for last in "89"] == [True, True]
    assert rf"caf\udce9.txt: {tmp_path}" in shown.stdout
    assert [Path(item["outputs"][0]).is_file() for item in again["items"]] == [True] * 4


@pytest.mark.medium
def test_takes_differ_are_numbered_and_a_seed_repeats_them(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = run("echo", "count", "--out", tmp_path / name / "n.txt", "--takes", 3, "--seed", 5)
        assert done.returncode == 0, done.stderr
    takes = [(tmp_path / "one" / f"n.{k}.txt").read_text() for k in (1, 2, 3)]
    again = [(tmp_path / "two" / f"n.{k}.txt").read_text() for k in (1, 2, 3)]

    assert takes == again
    assert len(set(takes)) == 3


@pytest.mark.medium
def test_the_same_command_again_skips_finished_items(
    run: Run, letters: Path, tmp_path: Path
) -> None:
    command = ("echo", "repeat", letters, "--out", tmp_path / "out")
    run(*command)
    done = run(*command)

    assert done.returncode == 0
    assert done.stdout.count("already done, skipped") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spech",), "'speech'"),
        (("echo", "repaet"), "No such command 'repaet'. Did you mean 'repeat'?"),
        (("echo", "repeat", "a.txt"), "Missing option '--out'"),
        (("echo", "repeat", "a.txt", "--out", "o", "--times", "10"), "10 is not in the range"),
        (("echo", "repeat", "a.txt", "--out", "o", "--mood", "sad"), "'calm', 'cross'"),
        (("echo", "repeat", "a.txt", "--out", "o", "--tmies", "2"), "'--times'"),
        (("train", "speech.ctc"), "Missing argument 'DATA'"),
    ],
)
def test_wrong_usage_exits_2_and_suggests_similar_names(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "speech.asr", "data", "--run", "r"), "no task 'speech.asr', expected one of"),
        (("evaluate", "no-such-model", "data"), "no model 'no-such-model', expected a bundle"),
        (("models", "show", "no-such-model"), "no model 'no-such-model', expected a bundle"),
        (("jobs", "show", "99"), "no job 99"),
        (("echo", "count", "--out", "n.xyz"), "no format 'xyz', expected one of: "),
        (("echo", "count", "--out", "n.txt", "--format", "pdf"), "no format 'pdf'"),
    ],
)
def test_a_fixable_error_is_one_line_and_exits_1(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    done = run(*arguments)

    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1

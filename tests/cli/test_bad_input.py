"""Bad input end to end: one line with the file, the fault and the expected value."""

import hashlib
import json
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.medium
CLONE = Path(__file__).parents[2]
ASSETS = CLONE / "assets"
SHIPPED = CLONE / "plugins/seqstudio-speech/src/seqstudio_speech/models"
RATE_HZ = 16000
Run = Callable[..., "subprocess.CompletedProcess[str]"]
REFUSED_AUDIO = {
    "missing.wav": "no such file, expected one to read",
    "link.wav": "no such file, expected one to read",
    "pipe.wav": "a pipe or device, expected a file",
    "broken-disk.wav": "Input/output error, expected a file to read",
    "empty.wav": "empty file (0 bytes), expected audio",
    "header.wav": "damaged or cut short, expected wav, flac, ogg, mp3",
    "cut.wav": "bytes are missing, 0.55 s are lost, expected a whole file",
    "cut.flac": "expected a whole file",
    "no-samples.wav": "holds no samples, expected at least 1",
    "nan.wav": "sample 100 (0.006 s) is nan, expected a number",
    "infinite.wav": "sample 100 (0.006 s) is inf, expected a number",
    "letter.wav": "not audio of a known format, expected wav, flac, ogg, mp3",
}
ACCEPTED_AUDIO = ("good.wav", "eight-channels.wav", "hundredth.wav", "flac-inside.wav")
REFUSED_MIDI = {
    "missing.mid": "no such file, expected one to read",
    "folder.mid": "a folder, expected one midi file",
    "empty.mid": "empty file (0 bytes), expected a MIDI file",
    "letter.mid": "begins with 'dear', expected a MIDI file",
    "type-2.mid": "MIDI type 2, expected type 0 or 1",
    "smpte.mid": "SMPTE time, 25 frames a second, expected time in ticks per beat",
    "silent.mid": "0 notes, expected at least 1",
}
CUT_MIDI = "track 1: its length says 68 bytes, 18 were found and 1 more"
FAULTY_MIDI = {
    "overlap.mid": "note 60 at tick 48 begins before the one at tick 0 ends",
    "endless.mid": "note 48 at tick 0 never ends",
}
END_OF_TRACK = b"\x00\xff\x2f\x00"
ONE_NOTE = b"\x00\x90\x3c\x50\x60\x80\x3c\x00"
OVERLAP = b"\x00\x90\x3c\x50\x30\x90\x3c\x50\x30\x80\x3c\x00\x30\x80\x3c\x00"
ENDLESS = b"\x00\x90\x30\x50"


def assert_one_line_error(done: "subprocess.CompletedProcess[str]", *texts: object) -> None:
    """Check that a command failed with one line that contains these texts."""
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    for text in texts:
        assert str(text) in line


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Write a recording for every fault, and four valid ones."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    source = ASSETS / "speech/an143-mcrt-b.flac"
    samples, _ = soundfile.read(source, dtype="float32")
    waves = {"good": samples, "no-samples": samples[:0], "hundredth": samples[:160]}
    waves["eight-channels"] = np.stack([samples] * 8, axis=1)
    for name, fault in (("nan", np.nan), ("infinite", np.inf)):
        waves[name] = samples.copy()
        waves[name][100] = fault
    for name, wave in waves.items():
        soundfile.write(folder / f"{name}.wav", wave, RATE_HZ, subtype="FLOAT")
    wav, flac = (folder / "good.wav").read_bytes(), source.read_bytes()
    contents = {"cut.wav": wav[: len(wav) // 2], "cut.flac": flac[: len(flac) // 2]}
    contents |= {"empty.wav": b"", "header.wav": wav[:20], "flac-inside.wav": flac}
    contents["letter.wav"] = b"dear reader\n" * 100
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe.wav")
    (folder / "link.wav").symlink_to("nowhere.wav")
    (folder / "broken-disk.wav").symlink_to("/proc/self/mem")  # reading its start fails
    return folder


def midi_file(track: bytes, *, kind: int = 0, division: int = 96) -> bytes:
    """Return the bytes of a MIDI file with one track."""
    head = b"MThd" + struct.pack(">IHHH", 6, kind, 1, division)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


@pytest.fixture
def primers(tmp_path: Path) -> Path:
    """Write a MIDI file for every fault."""
    folder = tmp_path / "primers"
    (folder / "folder.mid").mkdir(parents=True)
    tune = ONE_NOTE * 8 + END_OF_TRACK
    contents = {
        "empty.mid": b"",
        "cut.mid": midi_file(tune)[:40],
        "letter.mid": b"dear reader",
        "type-2.mid": midi_file(tune, kind=2),
        "smpte.mid": midi_file(tune, division=0xE728),
        "silent.mid": midi_file(END_OF_TRACK),
        "overlap.mid": midi_file(OVERLAP + tune),
        "endless.mid": midi_file(ENDLESS + tune),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="simulates a failing disk with /proc")
def test_a_batch_with_bad_recordings_reports_each_and_transcribes_the_rest(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    done = run("speech", "transcribe", recordings, recordings / "missing.wav", "--out", "words")

    assert done.returncode == 3, done.stderr
    *lines, speed = done.stderr.splitlines()
    assert "real-time factor" in speed
    assert len(lines) == len(REFUSED_AUDIO)
    for name, fault in REFUSED_AUDIO.items():
        (line,) = [line for line in lines if line.startswith(f"{recordings / name}: ")]
        assert fault in line
    written = {path.name for path in (tmp_path / "work/words").iterdir()}
    assert written == {f"{Path(name).stem}.txt" for name in ACCEPTED_AUDIO}
    assert f"{len(ACCEPTED_AUDIO)} done, {len(REFUSED_AUDIO)} refused or failed" in done.stdout


@pytest.mark.parametrize("name", list(REFUSED_MIDI))
def test_a_bad_primer_is_a_one_line_error_without_output(
    run: Run, primers: Path, tmp_path: Path, name: str
) -> None:
    done = run("music", "continue", primers / name, "--model", "rolls-jsb", "--out", "o/more.mid")

    assert_one_line_error(done, primers / name, REFUSED_MIDI[name])
    assert not (tmp_path / "work/o").exists()


@pytest.mark.parametrize("name", list(FAULTY_MIDI))
def test_a_fault_of_a_primer_is_reported_and_kept_or_repaired(
    run: Run, primers: Path, tmp_path: Path, name: str
) -> None:
    command = ("music", "continue", primers / name, "--model", "rolls-jsb", "--bars", 1)
    kept = run(*command, "--out", "kept.mid", "--seed", 1)
    repaired = run(*command, "--out", "repaired.mid", "--seed", 1, "--repair")

    assert (kept.returncode, repaired.returncode) == (0, 0), kept.stderr + repaired.stderr
    assert f"kept: track 1: {FAULTY_MIDI[name]}" in kept.stdout
    assert f"repaired: track 1: {FAULTY_MIDI[name]}" in repaired.stdout
    kept_bytes = (tmp_path / "work/kept.mid").read_bytes()
    faulty = (primers / name).read_bytes()[22:-4]
    assert faulty in kept_bytes
    assert faulty not in (tmp_path / "work/repaired.mid").read_bytes()


def test_a_primer_that_is_cut_short_is_continued_after_its_whole_notes(
    run: Run, primers: Path, tmp_path: Path
) -> None:
    command = ("music", "continue", primers / "cut.mid", "--model", "rolls-jsb", "--bars", 1)
    done = run(*command, "--out", "more.mid")

    assert done.returncode == 0, done.stderr
    assert CUT_MIDI in done.stdout
    whole_notes = ONE_NOTE * 2
    assert whole_notes in (tmp_path / "work/more.mid").read_bytes()


def test_a_model_of_another_task_is_refused(run: Run) -> None:
    recording = ASSETS / "speech/an143-mcrt-b.flac"
    done = run("speech", "transcribe", recording, "--out", "o", "--model", "rolls-jsb")

    assert_one_line_error(
        done, "model 'rolls-jsb' is for music.rolls, expected a model for speech transcribe"
    )


def test_a_bundle_with_a_wrong_vocabulary_is_refused(run: Run, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "speech-en-small", tmp_path / "incomplete")
    remove_a_letter(tmp_path / "incomplete")
    recording = ASSETS / "speech/an143-mcrt-b.flac"
    done = run("speech", "transcribe", recording, "--out", "o", "--model", tmp_path / "incomplete")

    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    expected = "26 characters for 28 labels, expected 27 characters and the blank"
    assert line.startswith(f"{recording}: ")
    assert expected in line
    assert not (tmp_path / "work/o").exists()


def remove_a_letter(bundle: Path) -> None:
    """Remove one character from the vocabulary of a bundle, and update its hashes."""
    config = bundle / "config.json"
    table = json.loads(config.read_text())
    table["settings"]["vocabulary"] = table["settings"]["vocabulary"][:-1]
    config.write_text(json.dumps(table))
    hashes = json.loads((bundle / "hashes.json").read_text())
    hashes["config.json"] = hashlib.sha256(config.read_bytes()).hexdigest()
    (bundle / "hashes.json").write_text(json.dumps(hashes))


def test_training_lists_refused_inputs_in_its_ledger(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    train, valid = (tmp_path / "data" / split for split in ("train", "valid"))
    for folder in (train, valid):
        folder.mkdir(parents=True)
    for number, source in enumerate(sorted((ASSETS / "speech").glob("*.flac"))):
        target = train if number < 3 else valid
        shutil.copy(source, target / f"{number}.flac")
        (target / f"{number}.txt").write_text("A" * 2000 if number == 0 else "YES AND NO")
    for name in ("nan.wav", "empty.wav"):
        shutil.copy(recordings / name, train / name)
        (train / name).with_suffix(".txt").write_text("NO")
    small = ("--set", "epochs=1", "--set", "hidden=16", "--set", "layers=1")
    done = run("train", "speech.ctc", tmp_path / "data", "--run", "run", *small)

    assert done.returncode == 0, done.stderr
    assert "4 used, 3 refused" in done.stdout
    refused = json.loads((tmp_path / "work/run/ledger.json").read_text())["refused"]
    assert "for 2000 characters, expected at least 3999" in refused[str(train / "0.flac")]
    assert REFUSED_AUDIO["nan.wav"] in refused[str(train / "nan.wav")]
    assert REFUSED_AUDIO["empty.wav"] in refused[str(train / "empty.wav")]
    assert all(fault in done.stdout for fault in refused.values())


def test_evaluation_without_measurable_items_is_an_error(run: Run, primers: Path) -> None:
    for name in (*FAULTY_MIDI, "cut.mid", "folder.mid"):
        path = primers / name
        path.rmdir() if path.is_dir() else path.unlink()
    done = run("evaluate", "rolls-jsb", primers)

    assert_one_line_error(done, "0 of 5 items measured, expected at least 1 (", "primers")


def test_items_that_evaluation_refuses_are_listed_and_set_the_exit_code(
    run: Run, primers: Path
) -> None:
    done = run("evaluate", "rolls-jsb", primers)

    assert done.returncode == 3
    assert re.search(r"^nll_per_frame  \d", done.stdout, re.MULTILINE)
    assert re.search(r"^refused  \d", done.stdout, re.MULTILINE)


@pytest.fixture
def run_on_full_disk(environment: Mapping[str, str], tmp_path: Path) -> Run:
    """Run a command that can write files of at most 300 kB, as on a full disk."""
    limit = 300_000

    def run_command(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )

    return run_command


def test_a_full_disk_is_a_one_line_error_without_partial_output(
    run_on_full_disk: Run, tmp_path: Path
) -> None:
    tune = ASSETS / "music/greensleeves.mid"
    done = run_on_full_disk(
        "music", "continue", tune, "--model", "rolls-jsb", "--bars", 1, "--out", "o/more.wav"
    )

    assert_one_line_error(done, "cannot be written: File too large")
    assert not list(tmp_path.glob("o/**/*"))
    assert not list(tmp_path.glob("profile/jobs/*/[0-9]*"))


def test_an_unwritable_output_folder_is_a_one_line_error(run: Run) -> None:
    recording = ASSETS / "speech/an143-mcrt-b.flac"
    done = run("speech", "transcribe", recording, "--out", "/proc/words")

    assert done.returncode in (1, 3)  # as root, the write itself fails
    (line,) = done.stderr.splitlines()
    assert "/proc" in line
    assert "writ" in line

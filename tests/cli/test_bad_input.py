"""Bad input from end to end: one line names the file, the fault and what was expected."""

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
    "header.wav": "damaged or cut short, expected wav, flac, ogg or mp3",
    "cut.wav": "are missing at its end), expected a whole file",
    "cut.flac": "expected a whole file",
    "no-samples.wav": "holds no samples, expected at least 1",
    "nan.wav": "sample 100 (0.006 s) is nan, expected a number",
    "infinite.wav": "sample 100 (0.006 s) is inf, expected a number",
    "letter.wav": "not audio of a known format, expected wav, flac, ogg or mp3",
}
HEARD_AUDIO = ("good.wav", "eight-channels.wav", "hundredth.wav", "flac-inside.wav")
REFUSED_MIDI = {
    "missing.mid": "no such file, expected one to read",
    "folder.mid": "a folder, expected one midi file",
    "empty.mid": "empty file (0 bytes), expected a MIDI file",
    "cut.mid": "cut short at byte 40 in track 1, expected",
    "letter.mid": "begins with 'dear', expected a MIDI file",
    "type-2.mid": "MIDI type 2, expected type 0 or 1",
    "smpte.mid": "SMPTE time, 25 frames a second, expected time in ticks per beat",
    "silent.mid": "0 notes, expected at least 1",
}
KEPT_MIDI = {
    "overlap.mid": "note 60 at tick 48 begins before the one at tick 0 ends",
    "endless.mid": "note 48 at tick 0 never ends",
}
END_OF_TRACK = b"\x00\xff\x2f\x00"
ONE_NOTE = b"\x00\x90\x3c\x50\x60\x80\x3c\x00"
OVERLAP = b"\x00\x90\x3c\x50\x30\x90\x3c\x50\x30\x80\x3c\x00\x30\x80\x3c\x00"
ENDLESS = b"\x00\x90\x30\x50"


def one_line(done: "subprocess.CompletedProcess[str]", *texts: object) -> None:
    """See that a command ended in one line for people, which holds these texts."""
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    for text in texts:
        assert str(text) in line


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Every fault that a recording can have, beside four that can be heard."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    source = ASSETS / "speech/an143-mcrt-b.flac"
    sound, _ = soundfile.read(source, dtype="float32")
    waves = {"good": sound, "no-samples": sound[:0], "hundredth": sound[:160]}
    waves["eight-channels"] = np.stack([sound] * 8, axis=1)
    for name, fault in (("nan", np.nan), ("infinite", np.inf)):
        waves[name] = sound.copy()
        waves[name][100] = fault
    for name, samples in waves.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ, subtype="FLOAT")
    whole, packed = (folder / "good.wav").read_bytes(), source.read_bytes()
    contents = {"cut.wav": whole[: len(whole) // 2], "cut.flac": packed[: len(packed) // 2]}
    contents |= {"empty.wav": b"", "header.wav": whole[:20], "flac-inside.wav": packed}
    contents["letter.wav"] = b"dear reader\n" * 100
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe.wav")
    (folder / "link.wav").symlink_to("nowhere.wav")
    (folder / "broken-disk.wav").symlink_to("/proc/self/mem")  # reading its start fails
    return folder


def smf(track: bytes, *, kind: int = 0, division: int = 96) -> bytes:
    """Give a MIDI file of one track."""
    head = b"MThd" + struct.pack(">IHHH", 6, kind, 1, division)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


@pytest.fixture
def primers(tmp_path: Path) -> Path:
    """Every fault that a primer can have."""
    folder = tmp_path / "primers"
    (folder / "folder.mid").mkdir(parents=True)
    tune = ONE_NOTE * 8 + END_OF_TRACK
    contents = {
        "empty.mid": b"",
        "cut.mid": smf(tune)[:40],
        "letter.mid": b"dear reader",
        "type-2.mid": smf(tune, kind=2),
        "smpte.mid": smf(tune, division=0xE728),
        "silent.mid": smf(END_OF_TRACK),
        "overlap.mid": smf(OVERLAP + tune),
        "endless.mid": smf(ENDLESS + tune),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="a disk that fails is played by /proc")
def test_a_batch_of_bad_recordings_names_each_and_does_the_rest(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    done = run("speech", "transcribe", recordings, recordings / "missing.wav", "--out", "words")

    assert done.returncode == 3, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(REFUSED_AUDIO)
    for name, fault in REFUSED_AUDIO.items():
        (line,) = [line for line in lines if line.startswith(f"{recordings / name}: ")]
        assert fault in line
    made = {path.name for path in (tmp_path / "work/words").iterdir()}
    assert made == {f"{Path(name).stem}.txt" for name in HEARD_AUDIO}
    assert f"{len(HEARD_AUDIO)} done, {len(REFUSED_AUDIO)} refused or failed" in done.stdout


@pytest.mark.parametrize("name", list(REFUSED_MIDI))
def test_a_bad_primer_is_one_line_and_leaves_nothing(
    run: Run, primers: Path, tmp_path: Path, name: str
) -> None:
    done = run("music", "continue", primers / name, "--model", "rolls-jsb", "--out", "o/more.mid")

    one_line(done, primers / name, REFUSED_MIDI[name])
    assert not (tmp_path / "work/o").exists()


@pytest.mark.parametrize("name", list(KEPT_MIDI))
def test_a_primers_own_fault_is_kept_and_named_or_mended(
    run: Run, primers: Path, tmp_path: Path, name: str
) -> None:
    command = ("music", "continue", primers / name, "--model", "rolls-jsb", "--bars", 1)
    kept = run(*command, "--out", "kept.mid", "--seed", 1)
    mended = run(*command, "--out", "mended.mid", "--seed", 1, "--repair")

    assert (kept.returncode, mended.returncode) == (0, 0), kept.stderr + mended.stderr
    assert f"kept: track 1: {KEPT_MIDI[name]}" in kept.stdout
    assert f"mended: track 1: {KEPT_MIDI[name]}" in mended.stdout
    kept_bytes = (tmp_path / "work/kept.mid").read_bytes()
    faulty = (primers / name).read_bytes()[22:-4]
    assert faulty in kept_bytes
    assert faulty not in (tmp_path / "work/mended.mid").read_bytes()


def test_a_model_of_another_operation_is_refused_with_those_that_fit(run: Run) -> None:
    recording = ASSETS / "speech/an143-mcrt-b.flac"
    done = run("speech", "transcribe", recording, "--out", "o", "--model", "rolls-jsb")

    one_line(done, "model 'rolls-jsb' is for music.rolls, expected a model for speech transcribe")


def test_a_bundle_whose_vocabulary_does_not_fit_is_refused(run: Run, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "speech-en-small", tmp_path / "lossy")
    lose_a_letter(tmp_path / "lossy")
    recording = ASSETS / "speech/an143-mcrt-b.flac"
    done = run("speech", "transcribe", recording, "--out", "o", "--model", tmp_path / "lossy")

    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    expected = "a vocabulary of 26 signs for 28 labels, expected 27 signs and the blank"
    assert line.startswith(f"{recording}: ")
    assert expected in line
    assert not (tmp_path / "work/o").exists()


def lose_a_letter(bundle: Path) -> None:
    """Take one sign out of a bundle's vocabulary, and make its hashes true again."""
    config = bundle / "config.json"
    table = json.loads(config.read_text())
    table["settings"]["vocabulary"] = table["settings"]["vocabulary"][:-1]
    config.write_text(json.dumps(table))
    hashes = json.loads((bundle / "hashes.json").read_text())
    hashes["config.json"] = hashlib.sha256(config.read_bytes()).hexdigest()
    (bundle / "hashes.json").write_text(json.dumps(hashes))


def test_training_refuses_what_it_cannot_use_in_its_ledger(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    train, valid = (tmp_path / "data" / split for split in ("train", "valid"))
    for folder in (train, valid):
        folder.mkdir(parents=True)
    for number, source in enumerate(sorted((ASSETS / "speech").glob("*.flac"))):
        place = train if number < 3 else valid
        shutil.copy(source, place / f"{number}.flac")
        (place / f"{number}.txt").write_text("A" * 2000 if number == 0 else "YES AND NO")
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


def test_no_figure_is_given_where_nothing_could_be_measured(run: Run, primers: Path) -> None:
    for name in (*KEPT_MIDI, "folder.mid"):
        place = primers / name
        place.rmdir() if place.is_dir() else place.unlink()
    done = run("evaluate", "rolls-jsb", primers)

    one_line(done, "0 of 6 items measured, expected at least 1 (", "primers")


def test_what_evaluation_refuses_is_named_and_shows_in_the_exit_code(
    run: Run, primers: Path
) -> None:
    done = run("evaluate", "rolls-jsb", primers)

    assert done.returncode == 3
    assert re.search(r"^nll_per_frame  \d", done.stdout, re.MULTILINE)
    assert re.search(r"^refused  \d", done.stdout, re.MULTILINE)


@pytest.fixture
def filling_disk(environment: Mapping[str, str], tmp_path: Path) -> Run:
    """Run a command that may write files of 300 kB at most, as on a disk that fills up."""
    most = 300_000

    def run_it(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        )

    return run_it


def test_a_full_disk_is_one_line_and_leaves_no_partial_output(
    filling_disk: Run, tmp_path: Path
) -> None:
    tune = ASSETS / "music/greensleeves.mid"
    done = filling_disk(
        "music", "continue", tune, "--model", "rolls-jsb", "--bars", 1, "--out", "o/more.wav"
    )

    one_line(done, "cannot be written: File too large")
    assert not list(tmp_path.glob("o/**/*"))
    assert not list(tmp_path.glob("profile/jobs/*/[0-9]*"))


def test_an_output_folder_that_cannot_be_written_is_one_line(run: Run) -> None:
    recording = ASSETS / "speech/an143-mcrt-b.flac"
    done = run("speech", "transcribe", recording, "--out", "/proc/words")

    assert done.returncode in (1, 3)  # root learns it when it tries
    (line,) = done.stderr.splitlines()
    assert "/proc" in line
    assert "writ" in line

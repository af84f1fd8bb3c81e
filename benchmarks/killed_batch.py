"""A batch killed again and again: nothing is lost, and no finished piece is heard again.

    python benchmarks/killed_batch.py [--kills 50] [--short 490] [--hours 10] [--workers 2]

The batch is `--short` recordings of a few seconds and `--hours` of an hour each: bursts of noise
between pauses. The recogniser is a plugin made here, whose only word is a hash of the samples that
it got, so that a transcript tells every piece and its order; it notes each piece that it has heard.
The same command runs until it ends by itself. Every second kill ends the command line alone, the
others all its processes at once. Another profile runs it undisturbed, for the texts to expect.
"""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from seqstudio.host.confinement.descendants import descendants

RATE_HZ = 8000
POLL_S = 0.05
MANIFEST = """
schema = 1
id = "hashing"
title = "Hashes as words"
api = ">=1.0,<2"
license = "MIT"

[[recognisers]]
name = "hashing"
task = "speech.ctc"
title = "Hashes of the samples"
"""
CODE = """
import hashlib
import time

from seqstudio.api import Recognition, Word, hookimpl


class Hashing:
    name, sha256, rate_hz, longest_s = "hashing", "0" * 64, 8000, 20.0

    def load(self, folder, threads):
        return self

    def recognise(self, samples, language):
        name = hashlib.sha256(samples.tobytes()).hexdigest()[:16]
        time.sleep(0.03)
        with open("heard.log", "a") as log:  # in the folder of the job
            log.write(name + "\\n")
        return Recognition(words=(Word(word=name, start_s=0.0, end_s=0.1, confidence=1.0),))


@hookimpl
def seqstudio_recognisers():
    return [Hashing()]
"""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The command, and what it reads and writes."""

    site: Path
    inbox: Path
    home: Path
    out: Path
    workers: int

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command, or go on with it."""
        paths = os.pathsep.join([str(self.site), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "seqstudio", "speech", "transcribe", str(self.inbox)]
        command += ["--yes", "--recursive", "--model", "hashing", "--out", str(self.out)]
        return subprocess.Popen(
            [*command, "--workers", str(self.workers)],
            env={**os.environ, "SEQSTUDIO_HOME": str(self.home), "PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=(self.home.parent / "said.txt").open("wb"),
        )

    def heard(self) -> Counter[str]:
        """Return how often each piece was heard, in all jobs."""
        logs = self.home.glob("jobs/*/heard.log")
        return Counter(line for log in logs for line in log.read_text().split("\n")[:-1])

    def done(self) -> dict[str, int]:
        """Check the job database; return the items that are done, with the time of each result."""
        with closing(sqlite3.connect(self.home / "jobs.sqlite")) as database:
            (state,) = database.execute("PRAGMA integrity_check").fetchone()
            if state != "ok":
                raise SystemExit(f"jobs.sqlite: {state}, expected ok")
            found = database.execute("SELECT name FROM item WHERE state = 'done'").fetchall()
        names = [Path(name).stem for (name,) in found]
        return {name: (self.out / f"{name}.txt").stat().st_mtime_ns for name in names}

    def texts(self) -> dict[str, str]:
        """Return the transcripts, by the names of their files."""
        return {path.name: path.read_text() for path in self.out.iterdir()}


def write_sound(path: Path, seconds: float, generator: np.random.Generator) -> None:
    """Write bursts of noise of 2 to 6 s, with pauses of half a second."""
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        while file.frames < seconds * RATE_HZ:
            burst = generator.integers(
                -8000, 8000, int(generator.uniform(2, 6) * RATE_HZ), np.int16
            )
            file.write(np.concatenate([burst, np.zeros(RATE_HZ // 2, np.int16)]))


def write_batch(folder: Path, short: int, hours: int) -> None:
    """Write the recordings, the long ones spread among the short ones."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for number in range(short):
        write_sound(folder / f"{number:04}.wav", 2.0, generator)
    for number in range(hours):
        write_sound(folder / f"{number * short // hours:04}-long.wav", 3600.0, generator)


def install(site: Path) -> None:
    """Write the plugin as pip would install it."""
    (site / "hashing").mkdir(parents=True)
    (site / "hashing/seqstudio.toml").write_text(MANIFEST)
    (site / "hashing/__init__.py").write_text(CODE)
    info = site / "hashing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hashing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[seqstudio.plugins]\nhashing = hashing\n")


def ends(batch: Batch, pieces: int, kills: int) -> Iterator[str]:
    """Run until the command ends by itself; yield how each of its runs ended."""
    for number in range(kills + 1):
        enough = (number + 1) * pieces // (kills + 1) if number < kills else pieces * 2
        process = batch.start()
        while process.poll() is None and batch.heard().total() < enough:
            time.sleep(POLL_S)
        if process.poll() is not None:
            said = (batch.home.parent / "said.txt").read_text(errors="replace").rstrip()
            yield f"exit code {process.returncode}: {said.splitlines()[-1]}"
            return
        alone = number % 2
        for pid in (process.pid, *(() if alone else descendants(process.pid))):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        yield "alone" if alone else "all"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, value in (("kills", 50), ("short", 490), ("hours", 10), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        install(place / "site")
        write_batch(place / "in", given.short, given.hours)
        quiet, killed = (
            Batch(
                site=place / "site",
                inbox=place / "in",
                home=place / one,
                out=place / f"{one}-out",
                workers=given.workers,
            )
            for one in ("quiet", "killed")
        )
        began_s = time.monotonic()
        if code := quiet.start().wait():
            raise SystemExit(f"undisturbed: exit code {code}, expected 0")
        pieces, undisturbed_s = quiet.heard(), time.monotonic() - began_s
        files = given.short + given.hours
        print(
            f"{files} files, {pieces.total()} pieces; undisturbed {undisturbed_s:.0f} s", flush=True
        )
        report(quiet, killed, pieces, given)


def report(quiet: Batch, killed: Batch, pieces: Counter[str], given: argparse.Namespace) -> None:
    """Kill the batch as often as asked, and print what came of it."""
    began_s, known, again, how = time.monotonic(), dict[str, int](), 0, Counter[str]()
    for end in ends(killed, pieces.total(), given.kills):
        how[end] += 1
        done = killed.done()
        again += sum(done.get(item) != written for item, written in known.items())
        known = done
    heard = killed.heard()
    print(
        f"ended: {dict(how)}; {time.monotonic() - began_s:.0f} s; the job database whole each time"
    )
    print(f"{len(known)} items done, {again} of them done again; {len(pieces - heard)} pieces lost")
    extra = heard - pieces
    print(f"{extra.total()} pieces heard more than once, at most {given.kills * given.workers}")
    same = quiet.texts() == killed.texts()
    print(f"texts {'equal' if same else 'NOT equal'} to those of the undisturbed batch")
    lost = again or len(pieces - heard) or extra.total() > given.kills * given.workers
    raise SystemExit(1 if lost or not same or len(known) != given.short + given.hours else 0)


if __name__ == "__main__":
    main()

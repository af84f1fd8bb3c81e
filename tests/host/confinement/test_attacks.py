"""What a plugin tries beyond its job is refused; without the confinement every attack succeeds."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.catalogue.confined import confinement_of
from seqstudio.host.confinement import landlock
from seqstudio.host.jobs.events import ItemDone
from seqstudio.host.profile import Profile
from seqstudio.host.store.refusals import read_refusals
from seqstudio.host.studio import JobSpec, Studio

ATTACKS = """
import ctypes, os, socket, sqlite3, subprocess, time
from pathlib import Path

import seqstudio

USER = Path(os.environ["HOME"])
HOST = int((USER / "host").name and HOST_PID)


def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def connect(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.connect(("127.0.0.1", PORT))
        one.send(b"secret")


def unix():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(USER / "socket"))


def forge():
    with sqlite3.connect(PROFILE + "/jobs.sqlite", timeout=1) as base:
        base.execute("UPDATE job SET reason = 'forged'")
        base.rollback()


def daemon():
    if os.fork() == 0:
        os._exit(0)


ALL = {
    "empty a file that it reads": lambda: os.close(os.open(KEPT, os.O_RDONLY | os.O_TRUNC)),
    "empty a file by its path": lambda: os.truncate(KEPT, 0),
    "read a key in home": lambda: (USER / ".ssh/id_ed25519").read_text(),
    "list the home folder": lambda: os.listdir(USER),
    "write in the home folder": lambda: (USER / "planted").write_text("x"),
    "remove a file in the home folder": lambda: (USER / "removed").unlink(),
    "write in the temporary folder": lambda: Path("/var/tmp/seqstudio-planted").write_text("x"),
    "tcp": lambda: connect(socket.SOCK_STREAM),
    "udp": lambda: connect(socket.SOCK_DGRAM),
    "unix socket": unix,
    "read the model of another plugin": lambda: Path(OTHER, "model.bin").read_bytes(),
    "write the code of another plugin": lambda: Path(OTHER, "__init__.py").open("r+").close(),
    "write its own code": lambda: open(__file__, "r+").close(),
    "write the code of the host": lambda: open(seqstudio.__file__, "r+").close(),
    "forge a row of a job": forge,
    "read another job": lambda: Path(PROFILE, "jobs/other/secret").read_text(),
    "write what is installed": lambda: Path(PROFILE, "plugins.json").write_text("{}"),
    "kill the host": lambda: os.kill(HOST_PID, 0),
    "trace the host": lambda: call(101, 0x4206, HOST_PID, 0, 0),
    "read the environment of the host": lambda: Path(f"/proc/{HOST_PID}/environ").read_bytes(),
    "read the memory of the host": lambda: open(f"/proc/{HOST_PID}/mem", "rb").close(),
    "fork": daemon,
    "start a program": lambda: subprocess.run(["true"]),
    "a namespace": lambda: call(272, 0x04000000),
    "a key ring": lambda: call(250, 0, -3, 1),
    "a sparse file of 3 GiB": lambda: os.truncate(os.open("big", os.O_RDWR | os.O_CREAT), 3 << 30),
    "a pipe as a file": lambda: os.mkfifo("pipe"),
}


def attack(request, job):
    (path,) = request.inputs["words"]
    try:
        ALL[path.read_text()]()
        outcome = "succeeded"
    except OSError as error:
        outcome = f"refused: {type(error).__name__}"
    except sqlite3.Error as error:
        outcome = f"refused: {error}"
    yield Result(outputs={"text": outcome}, summary=path.read_text() + "|" + outcome)


RUN = {"attack": attack}
"""
NAMES = [line.split('"')[1] for line in ATTACKS.splitlines() if line.startswith('    "')]
BREAKS = {  # a limit -> the attacks on it; the rest are on files
    "network": {"tcp", "udp", "unix socket"},
    "processes": {
        *("kill the host", "trace the host", "read the memory of the host"),
        *("fork", "start a program", "a namespace", "a key ring"),
    },
    "rights": {"a sparse file of 3 GiB"},
}
confined = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
Run = Callable[..., dict[str, str]]


@pytest.fixture
def run(site: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs all attacks with some layers of the confinement."""
    user = tmp_path / "user"
    (user / ".ssh").mkdir(parents=True)
    (user / ".ssh/id_ed25519").write_text("decoy")
    (user / "removed").write_text("")
    monkeypatch.setenv("HOME", str(user))
    (home / "jobs/other").mkdir(parents=True)
    (home / "jobs/other/secret").write_text("x")
    other = site.batch("other", "RUN = {}", ())
    (other / "model.bin").write_bytes(b"weights")
    listener = socket.create_server(("127.0.0.1", 0))
    local = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(user)
    local.bind("socket")
    local.listen()
    words = tmp_path / "in"
    values = {"PORT": listener.getsockname()[1], "OTHER": str(other), "PROFILE": str(home)}
    values |= {"KEPT": str(words / "kept.wav")}
    head = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    site.batch("evil", f"{head}HOST_PID = {os.getpid()}\n{ATTACKS}", ("attack",))
    words.mkdir()
    (words / "kept.wav").write_bytes(b"recorded")
    for number, name in enumerate(NAMES):
        (words / f"{number:02}.txt").write_text(name)

    def outcomes(*layers: str) -> dict[str, str]:
        (user / "removed").write_text("")
        (home / "limits.json").write_text(json.dumps({"confine": layers}))
        spec = JobSpec(plugin="evil", name="attack", inputs={"words": (words,)})
        events = Studio(home).submit(spec).events()
        done = [event.summary for event in events if isinstance(event, ItemDone)]
        return dict(line.split("|") for line in done)

    yield outcomes
    listener.close()
    local.close()
    Path("/var/tmp/seqstudio-planted").unlink(missing_ok=True)


def test_what_is_shown_as_enforced_is_refused(run: Run, home: Path) -> None:
    """Whatever this system offers: `tests/host/confinement/test_other_systems.py` runs this."""
    found, held = run("files", "calls", "limits"), confinement_of(Profile(home)).held
    broken = {name for name, how in found.items() if not how.startswith("refused")}
    on_files = {*NAMES} - set().union(*BREAKS.values())

    assert found.keys() == {*NAMES}
    for limit, attacks in {"files": on_files, **BREAKS}.items():
        if getattr(held, limit):
            assert not broken & attacks, limit


@confined
def test_every_attack_is_refused(run: Run) -> None:
    found = run("files", "calls", "limits")

    assert found.keys() == {*NAMES}
    assert {name: how for name, how in found.items() if not how.startswith("refused")} == {}


def test_without_confinement_every_attack_succeeds(run: Run) -> None:
    """These tests would fail if an attack did not work in the first place."""
    found = run()

    for_root = set() if os.geteuid() == 0 else {"a namespace", "write the code of the host"}
    assert {name for name, how in found.items() if how != "succeeded"} <= for_root


@confined
def test_what_was_refused_is_kept_and_shown(run: Run, home: Path) -> None:
    run("files", "calls", "limits")

    (refusals,) = read_refusals(Profile(home)).values()
    shown = list(map(str, refusals))
    assert "asked to read ~/.ssh/id_ed25519: refused (job 1)" in shown
    assert "asked to write ~/planted: refused (job 1)" in shown
    assert "asked to open a connection: refused (job 1)" in shown
    assert f"asked to signal process {os.getpid()}: refused (job 1)" in shown
    assert "asked to read ~/.ssh/id_ed25519: refused" in " ".join(
        (home / "jobs/1/worker.log").read_text().replace(str(Path.home()), "~").split()
    )


@pytest.mark.medium
@confined
def test_each_layer_alone_refuses_what_is_its_own(run: Run) -> None:
    files, calls, limits = run("files"), run("calls"), run("limits")

    refused = [
        {n for n, how in one.items() if how != "succeeded"} for one in (files, calls, limits)
    ]
    assert refused[0] >= {"read a key in home", "write in the home folder", "forge a row of a job"}
    assert refused[1] >= {"tcp", "udp", "unix socket", "fork", "kill the host", "trace the host"}
    assert refused[2] >= {"a sparse file of 3 GiB"}
    assert "udp" not in refused[0] | refused[2]
    assert "read a key in home" not in refused[1] | refused[2]

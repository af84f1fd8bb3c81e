"""How a worker names what ended a training in several processes, and leaves none running."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqstudio.errors import ConfigError
from seqstudio.host.processes import is_alive, owner_name
from seqstudio.host.worker.nodes import Nodes, read_nodes
from seqstudio.host.worker.parallel import check_devices, failure_reason, kill_ranks
from seqstudio.host.worker.rank import PAUSE, STOP, error_path, owner_path, stop_requested
from seqstudio.host.worker.torchrun import FAILURES

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def write_error(folder: Path, rank: int, kind: str, *, at: float) -> None:
    table = {"reason": f"reason of {rank}", "kind": kind, "time": at}
    error_path(folder, rank).write_text(json.dumps(table))


def test_the_first_error_that_a_user_can_fix_is_shown_as_it_is(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "LostProcessError", at=1.0)
    write_error(tmp_path, 1, "TrainingError", at=3.0)
    write_error(tmp_path, 2, "DataError", at=2.0)

    assert failure_reason(tmp_path, 1) == "reason of 2"


def test_a_bug_is_shown_with_its_process(tmp_path: Path) -> None:
    write_error(tmp_path, 1, "bug", at=1.0)

    assert failure_reason(tmp_path, 1) == "process 1: reason of 1"


def test_a_killed_process_is_named_and_not_those_that_lost_it(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "LostProcessError", at=1.0)
    (tmp_path / FAILURES).write_text('{"0": "1", "1": "SIGKILL", "2": "SIGTERM"}')

    assert failure_reason(tmp_path, 1) == "process 1 was ended by SIGKILL"


def test_of_a_lost_machine_only_the_lost_connection_is_known(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "LostProcessError", at=1.0)
    (tmp_path / FAILURES).write_text('{"0": "1"}')

    assert failure_reason(tmp_path, 1) == "process 0: reason of 0"


def test_a_killed_torchrun_is_named(tmp_path: Path) -> None:
    assert failure_reason(tmp_path, -9) == "torchrun was ended by SIGKILL"


def test_ranks_are_killed_with_their_children_but_a_later_process_of_that_id_is_not(
    tmp_path: Path,
) -> None:
    nested = f"import subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True); input()"
    rank = subprocess.Popen(
        [sys.executable, "-c", nested],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    other = subprocess.Popen(SLEEP, start_new_session=True)
    assert rank.stdout is not None
    child = owner_name(int(rank.stdout.readline()))
    owner_path(tmp_path, 0).write_text(owner_name(rank.pid))
    owner_path(tmp_path, 1).write_text(f"{other.pid}:0:earlier")
    kill_ranks(tmp_path)

    assert rank.wait(10) == -9
    assert not is_alive(child)
    assert other.poll() is None
    other.kill()
    other.wait()
    rank.communicate()


def test_a_process_ends_with_the_one_that_started_it() -> None:
    watched = (
        "import os, sys, time; from seqstudio.host.worker.parent import exit_with_parent; "
        "exit_with_parent(int(sys.argv[1])); print(os.getpid(), flush=True); time.sleep(60)"
    )
    starter = (
        "import os, subprocess, sys; "
        f"subprocess.Popen([sys.executable, '-c', {watched!r}, str(os.getpid())]); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = owner_name(int(parent.stdout.readline()))
    assert is_alive(child)
    parent.kill()
    parent.wait()
    end = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < end:
        time.sleep(0.05)

    assert not is_alive(child)
    parent.communicate()


def test_a_stop_ends_a_pause(tmp_path: Path) -> None:
    assert not stop_requested(tmp_path)
    (tmp_path / PAUSE).touch()
    (tmp_path / STOP).touch()
    assert stop_requested(tmp_path)


def test_a_machine_alone_stays_on_loopback() -> None:
    alone = read_nodes({"MASTER_PORT": "1", "NODE_RANK": "7"})

    assert alone == Nodes()
    assert "--rdzv-endpoint=127.0.0.1:0" in alone.options()
    assert alone.environment()["GLOO_SOCKET_IFNAME"] in ("lo", "lo0")


def test_several_machines_are_read_from_the_variables_of_torchrun() -> None:
    variables = {"NNODES": "2", "NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "400"}
    nodes = read_nodes(variables)

    assert nodes == Nodes(count=2, rank=1, address="10.0.0.1", port=400)
    assert nodes.environment() == {}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"NNODES": "two"}, "NNODES='two', expected a number from 1 to 10000"),
        ({"NNODES": "2"}, "NNODES=2 without MASTER_ADDR, expected the first node's address"),
        ({"NNODES": "2", "MASTER_ADDR": "a"}, "NODE_RANK='', expected a number from 0 to 1"),
        (
            {"NNODES": "2", "MASTER_ADDR": "a", "NODE_RANK": "2"},
            "NODE_RANK='2', expected a number from 0 to 1",
        ),
    ],
)
def test_a_bad_variable_is_named(variables: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_nodes(variables)
    assert str(caught.value) == expected


def test_processes_share_a_cpu_but_not_one_named_gpu() -> None:
    check_devices("cpu", 99)
    with pytest.raises(ConfigError, match=r"^device='cuda:1' for 2 processes, expected cpu"):
        check_devices("cuda:1", 2)


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_devices("cuda", 2)
    with pytest.raises(ConfigError, match=r"^processes=3, expected at most 2, one for each GPU"):
        check_devices("cuda", 3)

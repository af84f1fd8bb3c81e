"""A training in several processes is confined too: each rank, not only the worker."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.confinement import landlock
from seqstudio.host.jobs.events import JobFinished
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.runs import open_run

LETTERS = Path(__file__).parents[2] / "plugins/letters"
LOSS = "        logits = model.decode(batch.tokens, batch.lengths)\n"
PROBE = """
        import os, socket
        attempts = {
            "read a key": lambda: open(KEY).close(),
            "write at home": lambda: open(f"{KEY}.planted", "w").close(),
            "reach the host": lambda: socket.create_connection(("127.0.0.1", PORT), 5).close(),
        }
        for name, attempt in attempts.items() if "RANK" in os.environ else ():
            try:
                attempt()
                outcome = "succeeded"
            except OSError:
                outcome = "refused"
            line = f"rank {os.environ['RANK']}: {name}: {outcome}\\n"
            os.write(1, line.encode())  # in one piece, as both ranks write here
"""
ATTEMPTS = ("read a key", "write at home", "reach the host")
TRIED = {f"rank {rank}: {name}" for rank in (0, 1) for name in ATTEMPTS}
pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock"),
]


@pytest.fixture
def port() -> Iterator[int]:
    """Return a port at which the host listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("layers", [("files", "calls", "limits"), ()])
def test_ranks_learn_together_and_reach_nothing_else(
    site: Any, home: Path, tmp_path: Path, port: int, layers: tuple[str, ...]
) -> None:
    key = tmp_path / "user/id_ed25519"
    key.parent.mkdir()
    key.write_text("decoy")
    data = tmp_path / "data/words.txt"
    data.parent.mkdir()
    data.write_text("abc\nbcd\ncde\ndea\nabcd\n" * 4)
    code = (LETTERS / "__init__.py").read_text().replace(LOSS, PROBE + LOSS)
    site.install("letters", "", f"KEY, PORT = {str(key)!r}, {port}\n" + code)
    shutil.copy(LETTERS / "seqstudio.toml", site.folder / "plugin_letters")
    home.mkdir()
    (home / "limits.json").write_text(json.dumps({"confine": layers}))
    arguments = {"data": str(data), "run": str(tmp_path / "run"), "preset": "tiny", "processes": 2}
    spec = JobSpec(plugin="letters", verb="train", name="letters.words", arguments=arguments)
    finished = list(Studio(home).submit(spec).events())[-1]
    log = (home / "jobs/1/worker.log").read_text()
    found = dict(line.rsplit(": ", 1) for line in log.splitlines() if line.startswith("rank "))

    assert isinstance(finished, JobFinished)
    assert finished.state == "done", finished.reason
    assert open_run(tmp_path / "run").finished() is not None
    assert found.keys() == TRIED
    assert set(found.values()) == {"refused" if layers else "succeeded"}

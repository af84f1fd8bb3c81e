"""An editing process is killed at 200 random moments: nothing that it printed is ever lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from editing import document_hash

from seqstudio.session.document import Document
from seqstudio.session.session import Session

KILLS = 200


class Editor:
    """The program that forks an editing process for each line of its input."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        assert program.stdin is not None
        assert program.stdout is not None
        self._input, self._output = program.stdin, program.stdout

    def edit_and_kill(self, path: Path, draw: Random) -> list[list[str]]:
        """Start a process, kill it at a random moment, and return the lines that it printed."""
        print(path, draw.getrandbits(32), file=self._input, flush=True)
        lines: list[list[str]] = []
        wanted = draw.randint(0, 12)
        while sum(line[0] != "pid" for line in lines) < wanted or not lines:
            lines.append(self._output.readline().split(maxsplit=2))
        (pid,) = (int(line[1]) for line in lines if line[0] == "pid")
        time.sleep(draw.random() * 0.02)
        os.kill(pid, signal.SIGKILL)
        while lines[-1] != ["dead"]:
            lines.append(self._output.readline().split(maxsplit=2))
        return [line for line in lines if line[0] not in ("pid", "dead")]


@contextmanager
def editor() -> Iterator[Editor]:
    program = Path(__file__).with_name("editing.py")
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield Editor(running)
        assert running.stdin is not None
        running.stdin.close()


class Printed:
    """What the editing processes printed: the hash after each step, and the current step."""

    def __init__(self) -> None:
        self.history = [document_hash(Document())]
        self.at = 0

    def add(self, action: str, found: str) -> None:
        if action == "opened":
            assert found == self.history[self.at]
        elif action == "done":
            self.history[self.at + 1 :] = [found]
            self.at += 1
        else:
            self.at += 1 if action == "redone" else -1
            assert found == self.history[self.at]

    def check(self, session: Session, draw: Random) -> None:
        """Check that the session has all that was printed, and at most one more change."""
        assert session.lost == ""
        found, done = document_hash(session.document), session.steps
        assert abs(done - self.at) <= 1
        if done < self.at:  # an undo was in progress when it was killed; it can be redone
            assert document_hash(session.redo()) == self.history[self.at]
            session.go_to(session.steps - 1)
        if done == self.at + 1 and not (self.has(done) and self.history[done] == found):
            self.add("done", found)
        self.at = done
        assert found == self.history[done]
        steps = min(self.at, draw.randint(0, 5))
        for back in range(1, steps + 1):
            assert document_hash(session.go_to(session.steps - 1)) == self.history[self.at - back]
        for _ in range(steps):
            session.redo()
        assert document_hash(session.document) == found

    def has(self, at: int) -> bool:
        return 0 <= at < len(self.history)


@pytest.mark.medium
def test_nothing_that_was_printed_is_lost_in_200_kills(memory: Path) -> None:
    path, draw, printed = memory / "work.seqstudio", Random(8), Printed()
    Session.create(path).close()
    in_flight = changes = 0
    with editor() as program:
        for _ in range(KILLS):
            lines = program.edit_and_kill(path, draw)
            for action, found, *_ in lines:
                printed.add(action, found)
            changes += sum(action != "opened" for action, *_ in lines)
            before = printed.at, len(printed.history)
            with Session.open(path) as session:
                printed.check(session, draw)
            in_flight += before != (printed.at, len(printed.history))
    print(f"{KILLS} kills, {changes} changes printed, {in_flight} more were on the disk already")
    with Session.open(path) as session:
        for before_it in reversed(printed.history[: printed.at]):
            assert document_hash(session.go_to(session.steps - 1)) == before_it
        assert session.document == Document()
    assert changes > KILLS

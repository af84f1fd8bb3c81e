"""A thousand random actions in one session, then undo to the start."""

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from random_edits import random_edit

from seqstudio.session.document import Document
from seqstudio.session.session import Session

BURST = 10  # actions for each step of the machine, whose own steps are limited
STEPS = 110  # so at least 1,000 actions, and some restarts among them
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # thousands of syncs
seeds = st.integers(0, 2**32)


class Editing(RuleBasedStateMachine):
    """Keeps every document of the history and compares the session with it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.path = Path(self.folder.name) / "work.seqstudio"
        self.session = Session.create(self.path)
        self.history = [Document()]
        self.at = 0
        self.actions = self.restarts = 0

    @rule(seed=seeds)
    def edit(self, seed: int) -> None:
        draw = Random(f"{seed} {self.actions}")
        for _ in range(BURST):
            document = self.session.do(random_edit(self.session.document, draw))
            self.history[self.at + 1 :] = [document]
            self.check(self.at + 1)

    @rule(seed=seeds)
    def edit_undo_and_redo(self, seed: int) -> None:
        draw = Random(f"{seed} {self.actions}")
        self.edit(seed)
        for _ in range(BURST):
            back = self.at > 0 and draw.random() < 0.5
            if back:
                self.session.go_to(self.session.steps - 1)
            elif self.session.can_redo:
                self.session.redo()
            else:
                continue
            self.check(self.at + (-1 if back else 1))

    @precondition(lambda self: self.actions >= self.restarts * 100)
    @rule()
    def restart(self) -> None:
        self.session.close()
        self.session = Session.open(self.path)
        self.restarts += 1
        self.check(self.at)

    def check(self, at: int) -> None:
        self.at, self.actions = at, self.actions + 1
        assert self.session.document == self.history[at]
        assert self.session.steps == at
        assert self.session.can_redo == (at + 1 < len(self.history))

    def teardown(self) -> None:
        print(f"{self.actions} actions, {self.restarts} restarts, {self.at} steps to undo")
        for before in reversed(self.history[: self.at]):
            assert self.session.go_to(self.session.steps - 1) == before
        assert self.session.document == Document()
        assert self.session.steps == 0
        self.session.close()
        self.folder.cleanup()


Editing.TestCase.settings = settings(
    max_examples=2,  # the first is the simplest: the same action repeated
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
test_a_thousand_actions_are_undone_to_the_identical_start = pytest.mark.medium(Editing.TestCase)

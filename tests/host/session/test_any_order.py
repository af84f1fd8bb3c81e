"""A thousand random actions in one session, and then undo to the start."""

import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from random_edits import random_operation

from seqstudio.host.session.document import Document
from seqstudio.host.session.session import Session

ACTIONS = 1000
seeds = st.integers(0, 2**16)  # an action's choices follow from it: a run has to be short


class Editing(RuleBasedStateMachine):
    """Keeps every document of the history beside the session, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "work.seqstudio"
        self.session = Session.create(self.path)
        self.history = [Document()]
        self.at = 0
        self.actions = 0

    @rule(seed=seeds)
    def do(self, seed: int) -> None:
        document = self.session.do(random_operation(self.session.document, Random(seed)))
        self.history[self.at + 1 :] = [document]
        self.stand(self.at + 1)

    @rule(seed=seeds)
    def do_more(self, seed: int) -> None:
        self.do(seed)

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self) -> None:
        self.session.undo()
        self.stand(self.at - 1)

    @precondition(lambda self: self.at + 1 < len(self.history))
    @rule()
    def redo(self) -> None:
        self.session.redo()
        self.stand(self.at + 1)

    @rule(clean=st.sampled_from([True] + [False] * 9))
    def restart(self, *, clean: bool) -> None:
        if clean:
            self.session.close()
            self.session = Session.open(self.path)
        self.stand(self.at)

    def stand(self, at: int) -> None:
        self.at, self.actions = at, self.actions + 1
        assert self.session.document == self.history[at]
        assert self.session.can_undo == (at > 0)
        assert self.session.can_redo == (at + 1 < len(self.history))

    def teardown(self) -> None:
        print(f"{self.actions} actions, {len(self.history) - 1} steps")
        for before in reversed(self.history[: self.at]):
            assert self.session.undo() == before
        assert self.session.document == Document()
        assert not self.session.can_undo
        self.session.close()
        self.folder.cleanup()


Editing.TestCase.settings = settings(
    max_examples=1,
    stateful_step_count=ACTIONS,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
test_a_thousand_actions_are_undone_to_the_identical_start = Editing.TestCase

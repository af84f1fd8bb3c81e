"""Who reads a data set: the task's own plugin before all others, and no guess between others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from seqstudio.contracts.data import Example, Ledger
from seqstudio.contracts.task import Task
from seqstudio.errors import DataError
from seqstudio.services.datasets import read_examples


class Reader:
    """An importer, or a task, that yields one example named after itself."""

    kind = "lines"

    def __init__(self, name: str, *, reads: bool = True) -> None:
        self.name = name
        self.reads = reads

    def recognises(self, source: Path) -> bool:
        return self.reads

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        if not self.reads:
            raise DataError(f"{source}: not for {self.name}")
        yield Example(id=self.name)


def reader(source: Path, task: Reader, **importers: Any) -> str:
    ledger = Ledger()
    (example,) = read_examples(cast(Task, task), source, ledger, kinds=["lines"], **importers)
    assert ledger.reader == example.id
    return example.id


TASK, UNABLE = Reader("task"), Reader("task", reads=False)
OWN, OTHER, THIRD = Reader("own"), Reader("a.other"), Reader("b.third")


def test_the_tasks_own_importer_and_the_task_itself_come_first(tmp_path: Path) -> None:
    assert reader(tmp_path, TASK, importers=[OWN], others=[OTHER]) == "own"
    assert reader(tmp_path, TASK, others=[OTHER, THIRD]) == "task"
    assert reader(tmp_path, UNABLE, others=[OTHER]) == "a.other"


def test_between_two_other_importers_the_user_chooses(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"recognised by a\.other and b\.third; name one with"):
        reader(tmp_path, UNABLE, others=[OTHER, THIRD])
    assert reader(tmp_path, UNABLE, others=[OTHER, THIRD], wanted="b.third") == "b.third"
    assert reader(tmp_path, TASK, others=[OTHER], wanted="a.other") == "a.other"
    with pytest.raises(
        DataError, match=r"no importer 'x' for this task, expected one of: a\.other"
    ):
        reader(tmp_path, TASK, others=[OTHER], wanted="x")


class Tiered(Reader):
    """An importer that can be told which tier to read."""

    def with_tier(self, tier: str) -> Reader:
        return Reader(f"{self.name} of {tier}")


def test_a_tier_is_chosen_with_the_importer(tmp_path: Path) -> None:
    importers = [OWN, Tiered("elan")]

    assert reader(tmp_path, TASK, importers=importers, wanted="elan:a:b") == "elan of a:b"
    assert reader(tmp_path, TASK, importers=importers, wanted="own") == "own"
    with pytest.raises(DataError, match="importer 'own' has no tiers, expected its name alone"):
        reader(tmp_path, TASK, importers=importers, wanted="own:a")


def test_an_importer_of_another_kind_is_never_used(tmp_path: Path) -> None:
    other = Reader("a.other")
    other.kind = "songs"

    with pytest.raises(DataError, match="not for task"):
        reader(tmp_path, UNABLE, others=[other])

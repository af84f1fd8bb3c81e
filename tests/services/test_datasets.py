import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from letters_task import LettersTask

from seqstudio.contracts.data import Example, Ledger
from seqstudio.contracts.task import TrainConfig
from seqstudio.errors import DataError
from seqstudio.services.datasets import (
    choose_split,
    fingerprint,
    hash_source,
    hold_out,
    read_examples,
    training_splits,
)


def examples(*splits: str, group: str = "") -> list[Example]:
    return [
        Example(id=f"{split}{number}", split=split, group=f"{group}{number % 5}" if group else "")
        for split in splits
        for number in range(20)
    ]


@pytest.mark.parametrize("wanted", ["dev", "val", "valid", "validation"])
def test_four_names_mean_the_valid_split(wanted: str) -> None:
    found = choose_split(examples("train", "valid", "test"), wanted)

    assert {example.split for example in found} == {"valid"}


def test_unsplit_data_belongs_to_every_split() -> None:
    assert choose_split(examples(""), "test") == examples("")


def test_an_unknown_split_lists_the_splits() -> None:
    with pytest.raises(
        DataError, match=r"^split 'test' is not in the data, expected one of train, valid$"
    ):
        choose_split(examples("train", "valid"), "test")


def test_the_rule_of_a_model_applies_to_valid_and_train() -> None:
    data = examples("train", "test")
    train, valid, rule = training_splits(data, TrainConfig(valid_share=0.2))

    assert (len(train), len(valid)) == (16, 4)
    assert choose_split(data, "dev", held_out=rule) == valid
    assert choose_split(data, "train", held_out=rule) == train
    assert choose_split(data, "test", held_out=rule) == examples("test")
    with pytest.raises(DataError, match=r"expected one of test, train$"):
        choose_split(data, "dev")


def test_a_valid_split_in_the_data_is_used() -> None:
    train, valid, rule = training_splits(examples("train", "valid"), TrainConfig())

    assert (len(train), len(valid), rule) == (20, 20, {})


def test_the_rule_applies_to_unsplit_data_that_a_model_was_trained_on() -> None:
    data = examples("")
    train, valid = hold_out(data, rule := {"share": 0.25})
    assert choose_split(data, "valid", held_out=rule, trained_on=True) == valid
    assert choose_split(data, "train", held_out=rule, trained_on=True) == train
    assert choose_split(data, "valid", held_out=rule) == data  # of others, all is new


def test_examples_without_a_split_beside_others_are_refused_by_name(tmp_path: Path) -> None:
    class PartlySplit(LettersTask):
        def read(self, source: Path, ledger: Ledger) -> Iterator[Any]:
            for number, split in enumerate(("train", "", "dev")):
                ledger.use(f"line{number}")
                yield Example(id=f"line{number}", split=split)

    ledger = Ledger()
    found = read_examples(PartlySplit(), tmp_path, ledger)

    assert [example.split for example in found] == ["train", "valid"]
    reason = "no split, expected one, as others have: train, valid"
    assert ledger.refused == {"line1": reason}
    assert ledger.used == ["line0", "line2"]


def test_examples_without_a_group_are_never_held_out_as_one() -> None:
    data = [*examples("", group="speaker"), *(Example(id=f"lone{n}") for n in range(20))]
    train, valid = hold_out(data, {"groups": 2})

    assert len(valid) == 8
    assert all(example.group for example in valid)
    assert sum(not example.group for example in train) == 20


def test_any_split_of_unsplit_data_that_a_model_knows_is_what_was_held_out() -> None:
    data = examples("")
    _, valid = hold_out(data, rule := {"share": 0.25})

    assert choose_split(data, "test", held_out=rule, trained_on=True) == valid


def test_holding_out_does_not_depend_on_the_order() -> None:
    data = examples("")
    _, valid = hold_out(data, {"share": 0.2})
    _, backwards = hold_out(data[::-1], {"share": 0.2})

    assert {one.id for one in valid} == {one.id for one in backwards}


def test_a_group_is_never_in_both_splits() -> None:
    data = examples("", group="speaker ")
    train, valid, rule = training_splits(data, TrainConfig(valid_groups=2))

    assert rule == {"groups": 2.0}
    assert len({one.group for one in valid}) == 2
    assert {one.group for one in train}.isdisjoint({one.group for one in valid})


def test_too_few_groups_fall_back_to_a_share() -> None:
    data = examples("", group="speaker ")

    assert training_splits(data, TrainConfig(valid_groups=3))[2] == {"share": 0.05}


def test_a_task_on_series_holds_out_the_end_of_each() -> None:
    data = [
        Example(id=f"{series} {hour}", group=series)
        for series in ("river", "sea")
        for hour in range(10)
    ]
    train, valid, rule = training_splits(data, TrainConfig(valid_share=0.2), last=True)

    assert [one.id for one in valid] == ["river 8", "river 9", "sea 8", "sea 9"]
    assert len(train) == 16
    assert choose_split(data, "valid", held_out=rule, trained_on=True) == valid


def test_one_example_cannot_be_split() -> None:
    with pytest.raises(DataError, match=r"^1 training example, expected at least 2"):
        training_splits(examples("")[:1], TrainConfig())


class Lists:
    """An importer of `.list` files."""

    name = "lists"
    kind = "text"

    def recognises(self, source: Path) -> bool:
        return source.suffix == ".list"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        for word in source.read_text().split():
            yield Example(id=word, split="dev")


def test_the_importer_that_recognises_the_source_reads_it(
    task: LettersTask, letters: Path, tmp_path: Path
) -> None:
    source, ledger = tmp_path / "words.list", Ledger()
    source.write_text("la li la")
    found = read_examples(task, source, ledger, kinds=("text",), importers=[Lists()])

    assert [(one.id, one.split) for one in found] == [("la", "valid"), ("li", "valid")]
    assert ledger.refused == {"la": "this id appears twice, expected once"}
    assert len(read_examples(task, letters, Ledger(), kinds=("text",), importers=[Lists()])) == 24
    with pytest.raises(DataError, match=r"words\.list: expected a \.txt file"):
        read_examples(task, source, Ledger(), kinds=("audio",), importers=[Lists()])


def test_data_without_a_usable_example_is_refused(task: LettersTask, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.txt: not there, expected a file or folder"):
        read_examples(task, tmp_path / "none.txt", Ledger())
    (tmp_path / "bad.txt").write_text("a1\nb2\n")
    text = r"bad\.txt: no usable example \(2 refused, first bad\.txt:1: a digit, expected only"
    with pytest.raises(DataError, match=text):
        read_examples(task, tmp_path / "bad.txt", Ledger())


def test_the_hash_of_a_source_covers_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "a.wav").write_bytes(b"1")
    first = hash_source(folder)
    assert hash_source(folder) == first

    (folder / "in" / "a.wav").rename(folder / "in" / "b.wav")
    renamed = hash_source(folder)
    (folder / "in" / "b.wav").write_bytes(b"2")
    assert len({first, renamed, hash_source(folder)}) == 3


def test_the_hash_of_a_split_file_covers_the_other_splits(tmp_path: Path) -> None:
    for name in ("JSB.train.npz", "JSB.valid.npz", "Other.train.npz"):
        (tmp_path / name).write_bytes(b"1")
    first = hash_source(tmp_path / "JSB.train.npz")
    (tmp_path / "Other.train.npz").write_bytes(b"2")
    assert hash_source(tmp_path / "JSB.train.npz") == first
    assert hash_source(tmp_path / "JSB.valid.npz") == first

    (tmp_path / "JSB.valid.npz").write_bytes(b"2")
    assert hash_source(tmp_path / "JSB.train.npz") != first


def test_the_fingerprint_covers_every_example() -> None:
    data = examples("train")
    changed = [*data[:-1], dataclasses.replace(data[-1], tokens=(1,))]

    assert fingerprint(data) != fingerprint(changed)


def test_of_a_series_the_end_is_held_out_in_one_piece() -> None:
    data = [Example(id=f"{name}{day}", group=name) for name in "ab" for day in range(10)]
    data.append(Example(id="alone", group="c"))
    train, valid, rule = training_splits(data, TrainConfig(valid_share=0.2), last=True)

    assert rule == {"last": 0.2}
    assert [one.id for one in valid] == ["a8", "a9", "b8", "b9"]
    assert {one.id for one in data} - {one.id for one in valid} == {one.id for one in train}
    assert choose_split(data, "valid", held_out=rule, trained_on=True) == valid

"""What is held out to judge by, and what follows from its measurements."""

from pathlib import Path

import pytest
from letters_task import LettersTask

from seqstudio.contracts.data import Example, Measurement
from seqstudio.errors import ConfigError, DataError
from seqstudio.services.datasets import keep_apart, training_splits
from seqstudio.services.learning import LearnArguments, check_apart, gentle_settings, judge

METRIC = LettersTask.monitor


def measured(*nats: float) -> list[Measurement]:
    return [Measurement(id=str(at), sums={METRIC: (one, 4.0)}) for at, one in enumerate(nats)]


def examples(*groups: str, split: str = "") -> list[Example]:
    return [Example(id=f"{at}", group=one, split=split) for at, one in enumerate(groups)]


def test_whole_recordings_are_kept_apart_if_there_are_three() -> None:
    data = examples(*"aaabbbcccddd")
    rest, apart, rule = keep_apart(data, 0.25)

    assert rule == {"groups": 1.0}
    assert len({one.group for one in apart}) == 1
    assert {one.group for one in apart}.isdisjoint(one.group for one in rest)
    assert keep_apart(data[::-1], 0.25)[1] == apart[::-1]


def test_of_two_recordings_single_items_are_kept_apart() -> None:
    rest, apart, rule = keep_apart(examples(*"aaaaabbbbb"), 0.2)
    assert (len(rest), len(apart), rule) == (8, 2, {"share": 0.2})


def test_a_test_split_is_what_judges_and_nothing_else_is_kept_apart() -> None:
    data = [*examples("a", "b", "c", split="train"), Example(id="t", split="test")]
    rest, apart, rule = keep_apart(data, 0.5)
    assert ([one.id for one in apart], len(rest), rule) == (["t"], 3, {})


def test_what_chooses_the_weights_is_not_what_judges_them() -> None:
    data = examples(*"aabbccddeeff")
    rest, apart, _ = keep_apart(data, 0.3)
    train, valid, _ = training_splits(rest, LettersTask.presets["tiny"].train)
    seen = {one.id for one in (*train, *valid)}
    assert seen.isdisjoint(one.id for one in apart)
    assert len(seen) + len(apart) == len(data)


def test_pairs_decide_where_intervals_overlap() -> None:
    hard, easy = [40.0, 44.0, 36.0, 42.0] * 5, [4.0, 5.0, 3.0, 4.5] * 5
    before = measured(*hard, *easy)
    after = measured(*(one - 1 for one in (*hard, *easy)))
    found = judge(LettersTask(), before, after, total=100)

    assert found.after.high > found.before.low  # alone, both could be the same
    assert found.kept
    assert found.sure
    assert found.difference.value == pytest.approx(-0.25)
    assert found.difference.low == pytest.approx(-0.25)


def test_worse_weights_are_not_kept_and_equal_ones_are() -> None:
    task = LettersTask()
    worse = judge(task, measured(4, 4, 4), measured(4, 4, 5), total=3)
    same = judge(task, measured(4, 4, 4), measured(5, 3, 4), total=3)
    assert (worse.kept, worse.sure) == (False, False)
    assert (same.kept, same.sure) == (True, False)


def test_a_setting_of_the_user_replaces_the_gentle_one() -> None:
    settings = gentle_settings(LettersTask.presets["tiny"], ["epochs=2"])
    assert settings[0] == "epochs=2"
    assert "learning_rate=0.004" in settings
    assert sum(one.startswith("epochs=") for one in settings) == 1


def test_one_item_cannot_judge() -> None:
    with pytest.raises(DataError, match=r"^corrected: 1 of 4 items held out .*, expected at least"):
        check_apart(examples("a"), 4, Path("corrected"))


@pytest.mark.parametrize(("name", "value"), [("share", 0.0), ("share", 1.0), ("minutes", -1.0)])
def test_a_bad_argument_is_named_with_its_value(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}={value}, expected"):
        LearnArguments(data=Path("a"), run=Path("b"), **{name: value})

"""Ledgers, random draws, split names and pooled metrics."""

import pytest

from seqstudio.contracts.data import Draws, Ledger, Measurement, canonical_split, pool
from seqstudio.errors import DataError


def test_every_input_is_listed_once() -> None:
    ledger = Ledger()
    for name in ("a.wav", "b.wav"):
        ledger.use(name)
    ledger.refuse("b.wav", "0 samples, expected some")

    assert ledger.used == ["a.wav"]
    assert ledger.summary() == "1 used, 1 refused"


def test_metrics_are_pooled_and_not_averaged() -> None:
    short = Measurement(id="1", sums={"wer": (1, 1)})
    long = Measurement(id="2", sums={"wer": (1, 9)})

    assert pool([short, long]) == {"wer": 0.2}


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(DataError, match=r"^0 of 0 items measured, expected at least 1$"):
        pool([])
    unread = Measurement(id="a", sums={"nll": (0, 0)}, refused="a.mid: empty file")
    with pytest.raises(DataError, match=r"^0 of 2 .*, expected at least 1 \(a\.mid: empty file\)$"):
        pool([unread, Measurement(id="b", sums={})])


def test_a_draw_depends_only_on_seed_epoch_and_item() -> None:
    first = Draws(1, 2).generator("a").random(3)
    Draws(1, 2).generator("b").random(100)

    assert (Draws(1, 2).generator("a").random(3) == first).all()
    assert (Draws(1, 3).generator("a").random(3) != first).all()
    assert (Draws(2, 2).generator("a").random(3) != first).all()


def test_split_names_are_canonical() -> None:
    names = ("dev", "val", "validation", "valid", "test", "blues")
    assert [canonical_split(name) for name in names] == ["valid"] * 4 + ["test", "blues"]

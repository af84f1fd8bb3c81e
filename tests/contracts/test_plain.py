"""The conversion to plain values and back is strict and loses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError, ModelError


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int = 1


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    rate: float = 1.0
    mode: Literal["a", "b"] = "a"
    ranges: tuple[tuple[int, int], ...] = ()
    inner: Inner = Inner()
    maybe: int | None = None
    table: Mapping[str, float] = field(default_factory=dict)
    where: Path = Path("x")
    anything: Any = None

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ConfigError(f"rate={self.rate}, expected 0 or more")


@given(
    st.builds(
        Outer,
        name=st.text(),
        rate=st.floats(0, 9),
        mode=st.sampled_from(["a", "b"]),
        ranges=st.lists(st.tuples(st.integers(), st.integers())).map(tuple),
        inner=st.builds(Inner, size=st.integers()),
        maybe=st.none() | st.integers(),
        table=st.dictionaries(st.text(), st.floats(allow_nan=False)),
    )
)
def test_values_survive_a_round_trip(value: Outer) -> None:
    assert from_plain(Outer, to_plain(value), "outer") == value


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({}, "outer: no field 'name', expected one"),
        ({"name": "n", "nme": 1}, "outer: unknown field 'nme', expected one of name, rate"),
        ({"name": 3}, "outer.name=3, expected str"),
        ({"name": "n", "rate": True}, "outer.rate=True, expected float"),
        ({"name": "n", "mode": "c"}, "outer.mode='c', expected one of 'a', 'b'"),
        ({"name": "n", "ranges": [[1, "x"]]}, r"outer.ranges\[0\]\[1\]='x', expected int"),
        ({"name": "n", "ranges": [[1]]}, r"outer.ranges\[0\] has 1 items, expected 2"),
        ({"name": "n", "inner": {"size": 1.5}}, "outer.inner.size=1.5, expected int"),
        ({"name": "n", "inner": 3}, "outer.inner=3, expected a table with the fields of Inner"),
        ({"name": "n", "maybe": "x"}, "outer.maybe='x', expected int"),
        ({"name": "n", "table": {"k": "v"}}, "outer.table.k='v', expected float"),
        ({"name": "n", "rate": -1}, "outer: rate=-1.0, expected 0 or more"),
    ],
)
def test_an_error_has_the_path_to_the_field(table: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=f"^{text}"):
        from_plain(Outer, table, "outer")


def test_the_caller_chooses_the_exception_class() -> None:
    with pytest.raises(ModelError, match=r"^config\.json=\[\], expected a table"):
        from_plain(Outer, [], "config.json", error=ModelError)

"""Options that describe the fields of dataclasses, and the checks of their values."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from seqstudio.contracts.options import Option, options_of, setting
from seqstudio.contracts.plain import type_hints
from seqstudio.contracts.task import TrainConfig
from seqstudio.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Shapes:
    size: int = setting(3, "How big.", min=1, max=9)
    needed: str
    rate: float = 0.5
    mode: Literal["a", "b"] = "a"
    lags: tuple[int, ...] = (1, 2)
    place: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Unsettable:
    table: dict[str, int] = field(default_factory=dict)


def test_a_dataclass_is_described_field_by_field() -> None:
    assert options_of(Shapes) == {
        "size": Option(type="int", default=3, min=1, max=9, help="How big."),
        "needed": Option(type="str"),
        "rate": Option(type="float", default=0.5),
        "mode": Option(type="choice", default="a", choices=("a", "b")),
        "lags": Option(type="int", default=(1, 2), repeat=True),
        "place": Option(type="path"),
    }
    with pytest.raises(ConfigError, match=r"^table: dict\[str, int\], expected an option type"):
        options_of(Unsettable)


def test_the_train_config_is_described_completely() -> None:
    described = options_of(TrainConfig)

    assert [option.python_type for option in described.values()] == [
        *type_hints(TrainConfig).values()
    ]
    assert TrainConfig(**{name: option.default for name, option in described.items()}) == (
        TrainConfig()
    )
    assert all(option.help.endswith(".") for option in described.values())


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(TrainConfig)])
def test_a_setting_out_of_range_is_refused_by_name(name: str) -> None:
    option = options_of(TrainConfig)[name]
    values: dict[str, Any] = {name: "x" if option.choices else (option.min or 0) - 1}
    with pytest.raises(ConfigError, match=rf"^{name}=.*, expected "):
        TrainConfig(**values)

"""The configuration of a model: frozen dataclasses, stored with its weights, that rebuild it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ConfigError, SeqStudioError

Cell = Literal["tanh", "gru", "lstm"]
CELLS: tuple[Cell, ...] = ("tanh", "gru", "lstm")


class PartConfig(Protocol):
    """A frozen dataclass; `part` names what it configures, as a key of the parts table."""

    part: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def check_positive(config: PartConfig, *names: str) -> None:
    """Raise ConfigError for the first of these fields that is less than 1."""
    for name in names:
        if (value := getattr(config, name)) < 1:
            raise ConfigError(f"{name}={value}, expected at least 1")


def check_recurrent(config: Any, *, cells: tuple[str, ...] = ("cell",)) -> None:
    """Raise ConfigError if a field of a recurrent part is out of range."""
    check_positive(config, "hidden", "layers")
    for name in cells:
        if (value := getattr(config, name)) not in CELLS:
            raise ConfigError(f"{name}={value!r}, expected one of {', '.join(CELLS)}")
    if not 0.0 <= config.dropout < 1.0:
        raise ConfigError(f"dropout={config.dropout}, expected 0 <= dropout < 1")


def check_covariates(sizes: tuple[int, ...]) -> None:
    """Raise ConfigError for the first covariate that has no values."""
    for number, size in enumerate(sizes):
        if size < 1:
            raise ConfigError(f"covariates[{number}]={size}, expected at least 1 value")


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesConfig:
    """Source of continuous frames, subsampled by `factor`: stacked, or by strided convolutions."""

    part: ClassVar[str] = "frames"
    features: int
    subsampling: Literal["none", "stack", "conv"] = "none"
    factor: int = 1

    def __post_init__(self) -> None:
        check_positive(self, "features", "factor")
        if self.subsampling not in ("none", "stack", "conv"):
            raise ConfigError(f"subsampling={self.subsampling!r}, expected none, stack or conv")
        if self.subsampling == "none" and self.factor != 1:
            raise ConfigError(f"factor={self.factor}, expected 1 where subsampling is none")
        if self.subsampling == "conv" and (self.factor < 2 or self.factor & (self.factor - 1)):
            raise ConfigError(f"factor={self.factor}, expected a power of two where it is conv")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensConfig:
    """Source of embedded tokens."""

    part: ClassVar[str] = "tokens"
    vocabulary: int
    dimension: int = 64

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Shape of the recurrent encoder. `hidden` is the width of one direction."""

    part: ClassVar[str] = "encoder"
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 3
    bidirectional: bool = True
    dropout: float = 0.0  # between layers only: one layer has none

    def __post_init__(self) -> None:
        check_recurrent(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeConfig:
    """Initialises the decoder with the encoder's final state (Sutskever et al. 2014)."""

    part: ClassVar[str] = "final_state"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionConfig:
    """Additive attention over the encoder's output (Bahdanau et al. 2015)."""

    part: ClassVar[str] = "additive"
    dimension: int = 128

    def __post_init__(self) -> None:
        check_positive(self, "dimension")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """A decoder of one token a step. `covariates`: the number of values of each covariate."""

    part: ClassVar[str] = "decoder"
    vocabulary: int
    dimension: int = 128
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 2
    dropout: float = 0.0  # between layers only: one layer has none
    covariates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")
        check_recurrent(self)
        check_covariates(self.covariates)


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedConfig:
    """A decoder of groups of tokens: an outer RNN steps once a group, an inner RNN once a token.

    With `slots` 0 a group is ascending: distinct tokens below `vocabulary - 1` in rising order,
    then END, which is `vocabulary - 1`; an empty group is END alone. With `slots` n a group has
    exactly n tokens, the j-th from the half-open range `slot_ranges[j]`.
    """

    part: ClassVar[str] = "nested"
    vocabulary: int
    slots: int = 0
    slot_ranges: tuple[tuple[int, int], ...] = ()
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 2
    inner_cell: Cell = "gru"
    inner_hidden: int = 192
    dropout: float = 0.0  # between the outer layers only
    covariates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "inner_hidden")
        check_recurrent(self, cells=("cell", "inner_cell"))
        check_covariates(self.covariates)
        if self.slots < 0:
            raise ConfigError(f"slots={self.slots}, expected 0 or more")
        if len(self.slot_ranges) != self.slots:
            raise ConfigError(f"{len(self.slot_ranges)} slot_ranges, expected {self.slots}")
        for number, (low, high) in enumerate(self.slot_ranges):
            if not 0 <= low < high <= self.vocabulary:
                limits = f"0 <= low < high <= {self.vocabulary}"
                raise ConfigError(f"slot_ranges[{number}]={(low, high)}, expected {limits}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CTCConfig:
    """A label distribution for each encoder frame; label 0 is the blank (Graves et al. 2006)."""

    part: ClassVar[str] = "ctc"
    vocabulary: int

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The whole model. None leaves a part out; each config belongs to a part of the parts table."""

    source: PartConfig | None = None
    encoder: PartConfig | None = None
    bridge: PartConfig | None = None
    attention: PartConfig | None = None
    decoder: PartConfig | None = None
    ctc: PartConfig | None = None

    def __post_init__(self) -> None:
        needs = {
            "source": "encoder",
            "encoder": "source",
            "bridge": "encoder",
            "attention": "encoder",
            "ctc": "encoder",
        }
        for name, needed in needs.items():
            if getattr(self, name) is not None and getattr(self, needed) is None:
                raise ConfigError(f"{name} without {needed}, expected both")
        for name in ("bridge", "attention"):
            if getattr(self, name) is not None and self.decoder is None:
                raise ConfigError(f"{name} without decoder, expected both")
        if self.decoder is None and self.ctc is None:
            raise ConfigError("no decoder and no ctc, expected at least one")
        if isinstance(self.decoder, NestedConfig) and self.attention is not None:
            raise ConfigError("attention with a nested decoder, expected a flat one")
        separate = self.bridge is None and self.attention is None
        if self.encoder is not None and self.decoder is not None and separate:
            raise ConfigError("encoder and decoder not connected, expected a bridge or attention")


def config_to_plain(config: ModelConfig) -> dict[str, Any]:
    """Convert a model's config to JSON values: each part is a table that begins with its name.

    >>> config_to_plain(ModelConfig(decoder=DecoderConfig(vocabulary=5)))["decoder"]["part"]
    'decoder'
    """
    parts = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
    return {
        role: {"part": part.part, **to_plain(part)}
        for role, part in parts.items()
        if part is not None
    }


def config_from_plain(
    table: Mapping[str, Any],
    parts: Mapping[str, Any],
    *,
    error: type[SeqStudioError] = ConfigError,
) -> ModelConfig:
    """Build a model's config from JSON values.

    Parameters
    ----------
    table : what `config_to_plain` returned
    parts : the parts table
    error : the exception class to raise

    Raises
    ------
    error
        If a part or field is unknown or missing, or a value is out of range.
    """
    roles = [f.name for f in dataclasses.fields(ModelConfig)]
    configs: dict[str, Any] = {}
    for role, values in table.items():
        if role not in roles:
            raise error(f"model: unknown field {role!r}, expected one of {', '.join(roles)}")
        if not isinstance(values, Mapping) or not isinstance(values.get("part"), str):
            raise error(f"model.{role}={values!r}, expected a table that names its part")
        if (name := values["part"]) not in parts:
            raise error(f"model.{role}: unknown part {name!r}, expected one of {', '.join(parts)}")
        fields = {field: value for field, value in values.items() if field != "part"}
        configs[role] = from_plain(parts[name].config, fields, f"model.{role}", error=error)
    try:
        return ModelConfig(**configs)
    except ConfigError as reason:
        raise error(f"model: {reason}") from reason

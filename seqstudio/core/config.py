"""The configuration of a model: frozen dataclasses, stored with its weights, that rebuild it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.core.cells import CELLS
from seqstudio.errors import ConfigError, SeqStudioError

ROLES = ("source", "encoder", "bridge", "attention", "decoder")
NEEDS = (
    ("source", "encoder"),
    ("encoder", "source"),
    ("bridge", "encoder"),
    ("attention", "encoder"),
    ("bridge", "decoder"),
    ("attention", "decoder"),
)


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
class ModelConfig:
    """The whole model. None leaves a part out; each config belongs to a part of the parts table.

    `heads` maps names of the model's own choice to heads over the encoder's output.
    """

    source: PartConfig | None = None
    encoder: PartConfig | None = None
    bridge: PartConfig | None = None
    attention: PartConfig | None = None
    decoder: PartConfig | None = None
    heads: Mapping[str, PartConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_needs()
        if self.decoder is None and not self.heads:
            raise ConfigError("no decoder and no heads, expected at least one")
        separate = self.bridge is None and self.attention is None and not self.reads_decoder
        if self.encoder is not None and self.decoder is not None and separate:
            raise ConfigError("encoder and decoder not connected, expected a bridge or attention")

    def _check_needs(self) -> None:
        for name, needed in NEEDS:
            if getattr(self, name) is not None and getattr(self, needed) is None:
                raise ConfigError(f"{name} without {needed}, expected both")
        for name in self.heads:
            if self.encoder is None:
                raise ConfigError(f"head {name!r} without encoder, expected both")
            if not name.isidentifier():
                raise ConfigError(f"head {name!r}, expected a name of letters, digits and _")
        if self.attention is not None and not getattr(self.decoder, "attends", False):
            raise ConfigError("attention with a nested decoder, expected a flat one")

    @property
    def reads_decoder(self) -> bool:
        """Whether a head joins the decoder's output to the encoder's, as a transducer does."""
        return any(getattr(head, "reads_decoder", False) for head in self.heads.values())

    def roles(self) -> Iterator[tuple[str, PartConfig]]:
        """Yield the parts of the model by role: `encoder`, `heads.ctc`."""
        for name in ROLES:
            if (part := getattr(self, name)) is not None:
                yield name, part
        yield from ((f"heads.{name}", head) for name, head in self.heads.items())


def config_to_plain(config: ModelConfig) -> dict[str, Any]:
    """Convert a model's config to JSON values: each part is a table that begins with its name."""

    def plain(part: PartConfig) -> dict[str, Any]:
        return {"part": part.part, **to_plain(part)}

    parts = {name: plain(part) for name in ROLES if (part := getattr(config, name)) is not None}
    if config.heads:
        parts["heads"] = {name: plain(head) for name, head in config.heads.items()}
    return parts


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

    def read(role: str, values: Any) -> Any:
        if not isinstance(values, Mapping) or not isinstance(values.get("part"), str):
            raise error(f"model.{role}={values!r}, expected a table that names its part")
        if (name := values["part"]) not in parts:
            raise error(f"model.{role}: unknown part {name!r}, expected one of {', '.join(parts)}")
        fields = {field: value for field, value in values.items() if field != "part"}
        return from_plain(parts[name].config, fields, f"model.{role}", error=error)

    configs: dict[str, Any] = {}
    for role, values in table.items():
        if role == "heads" and isinstance(values, Mapping):
            configs[role] = {name: read(f"heads.{name}", head) for name, head in values.items()}
        elif role in ROLES:
            configs[role] = read(role, values)
        else:
            known = ", ".join((*ROLES, "heads"))
            raise error(f"model: unknown field {role!r}, expected one of {known}")
    try:
        return ModelConfig(**configs)
    except ConfigError as reason:
        raise error(f"model: {reason}") from reason

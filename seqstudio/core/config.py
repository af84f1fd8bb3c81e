"""The configuration of a model: frozen dataclasses, stored with its weights, that rebuild it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, runtime_checkable

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


@runtime_checkable
class PartConfig(Protocol):
    """A frozen dataclass; `part` names what it configures, as a key of the parts table.

    A field may hold the config of another part, or a tuple of them.
    """

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
    check_rates(config, "dropout")


def check_rates(config: PartConfig, *names: str) -> None:
    """Raise ConfigError for the first of these rates of dropout that is out of range."""
    for name in names:
        if not 0.0 <= (value := getattr(config, name)) < 1.0:
            raise ConfigError(f"{name}={value}, expected 0 <= {name} < 1")


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
            raise ConfigError("attention with a decoder that is not flat, expected a flat one")
        for name, head in self.heads.items():
            if getattr(head, "reads_decoder", False):
                self._check_joint(name)

    def _check_joint(self, name: str) -> None:
        """Raise ConfigError unless the decoder can be the prediction network of this head."""
        if not getattr(self.decoder, "predicts", False):
            raise ConfigError(f"head {name!r} without a flat decoder, expected one to read")
        if getattr(self.decoder, "covariates", ()):
            raise ConfigError(f"head {name!r} reads a decoder with covariates, expected none")
        own = getattr(self.decoder, "past_attention", None)
        if any(part is not None for part in (self.bridge, self.attention, own)):
            raise ConfigError(f"head {name!r} with a bridge or attention, expected neither")
        if sum(getattr(head, "reads_decoder", False) for head in self.heads.values()) > 1:
            raise ConfigError("several heads read the decoder, expected one")

    @property
    def reads_decoder(self) -> bool:
        """Whether a head joins the decoder's output to the encoder's, as a transducer does."""
        return any(getattr(head, "reads_decoder", False) for head in self.heads.values())

    @property
    def decoder_outputs(self) -> int | None:
        """Width of what the decoder predicts for a head that reads it; None if it is tokens."""
        widths = (
            getattr(head, "dimension", None)
            for head in self.heads.values()
            if getattr(head, "reads_decoder", False)
        )
        return next(widths, None)

    def roles(self) -> Iterator[tuple[str, PartConfig]]:
        """Yield the parts of the model by role: `encoder`, `decoder.past[0]`, `heads.ctc`."""
        for name in ROLES:
            if (part := getattr(self, name)) is not None:
                yield name, part
                yield from inner_parts(part, name)
        for name, head in self.heads.items():
            yield f"heads.{name}", head
            yield from inner_parts(head, f"heads.{name}")


def inner_parts(config: PartConfig, role: str) -> Iterator[tuple[str, PartConfig]]:
    """Yield the parts in the fields of a part, by role."""
    for name in (one.name for one in fields(config)):
        value = getattr(config, name)
        if isinstance(value, PartConfig):
            yield f"{role}.{name}", value
        elif isinstance(value, tuple):
            parts = ((n, part) for n, part in enumerate(value) if isinstance(part, PartConfig))
            yield from ((f"{role}.{name}[{n}]", part) for n, part in parts)


def config_to_plain(config: ModelConfig) -> dict[str, Any]:
    """Convert a model's config to JSON values: each part is a table that begins with its name."""

    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        if not isinstance(value, PartConfig):
            return to_plain(value)
        return {
            "part": value.part,
            **{one.name: plain(getattr(value, one.name)) for one in fields(value)},
        }

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
        given = {
            field: read_inner(f"{role}.{field}", value)
            for field, value in values.items()
            if field != "part"
        }
        return from_plain(parts[name].config, given, f"model.{role}", error=error)

    def read_inner(role: str, value: Any) -> Any:
        if isinstance(value, list):
            return [read_inner(f"{role}[{n}]", item) for n, item in enumerate(value)]
        return read(role, value) if isinstance(value, Mapping) and "part" in value else value

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

"""The parts table: the name of every part of a model, its config class and its builder."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from seqstudio.contracts.formats import PartSpec
from seqstudio.core.attention import AdditiveAttention, AdditiveConfig
from seqstudio.core.bridges import FinalState, FinalStateConfig
from seqstudio.core.cells import state_width
from seqstudio.core.decoder import Decoder, DecoderConfig
from seqstudio.core.encoder import Encoder, EncoderConfig
from seqstudio.core.front_end import EmbeddedTokens, FramesConfig, TokensConfig, build_frames
from seqstudio.core.heads import CTCConfig, CTCHead
from seqstudio.core.nested import NestedConfig, NestedDecoder
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """The other parts that a part may depend on when it is built; None where there is none."""

    source: Any = None  # the source module: `width` of its frames
    encoder: Any = None  # the encoder module: `width` of its output
    attention: Any = None  # the attention module: `width` of its contexts
    decoder: Any = None  # the decoder's config


@dataclass(frozen=True, slots=True)
class Part:
    """One row of the table. `build(config, context)` returns the module."""

    config: type
    build: Callable[[Any, BuildContext], nn.Module]


Parts = Mapping[str, Part]


def build_bridge(config: FinalStateConfig, context: BuildContext) -> nn.Module:
    """Build the final-state bridge between an encoder and a decoder of any cells."""
    decoder = context.decoder
    parts = state_width(decoder.cell, decoder.hidden) // decoder.hidden
    return FinalState(context.encoder, parts, decoder.hidden, decoder.layers)


def build_attention(config: AdditiveConfig, context: BuildContext) -> nn.Module:
    """Build additive attention, queried by the decoder's output."""
    return AdditiveAttention(config, context.encoder.width, context.decoder.hidden)


def default_parts() -> dict[str, Part]:
    """Return the built-in parts."""
    builds: list[tuple[Any, Callable[[Any, BuildContext], nn.Module]]] = [
        (FramesConfig, lambda config, context: build_frames(config)),
        (TokensConfig, lambda config, context: EmbeddedTokens(config)),
        (EncoderConfig, lambda config, context: Encoder(config, context.source.width)),
        (FinalStateConfig, build_bridge),
        (AdditiveConfig, build_attention),
        (DecoderConfig, lambda config, context: Decoder(config, context.attention)),
        (NestedConfig, lambda config, context: NestedDecoder(config)),
        (CTCConfig, lambda config, context: CTCHead(config, context.encoder.width)),
    ]
    return {config.part: Part(config, build) for config, build in builds}


def with_plugin_parts(specs: Iterable[PartSpec]) -> dict[str, Part]:
    """Return the built-in parts and those of plugins.

    Raises
    ------
    ConfigError
        If a plugin's part lacks the plugin's prefix, its name is taken, or its config has another
        name.
    """
    parts = default_parts()
    for spec in specs:
        if "." not in spec.name:
            raise ConfigError(f"part {spec.name!r}, expected a name such as plugin-id.name")
        if spec.name in parts:
            raise ConfigError(f"part {spec.name!r} twice, expected once")
        if (own := getattr(spec.config, "part", None)) != spec.name:
            raise ConfigError(f"part {spec.name!r}: its config has part={own!r}, expected the same")
        parts[spec.name] = Part(spec.config, spec.build)
    return parts

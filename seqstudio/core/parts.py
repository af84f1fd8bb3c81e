"""The parts table: the name of every part of a model, its config class and its builder."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from seqstudio.contracts.formats import PartSpec
from seqstudio.core.attention import (
    AdditiveAttention,
    AdditiveConfig,
    DotAttention,
    DotConfig,
    LocationAttention,
    LocationConfig,
)
from seqstudio.core.bridges import (
    FinalState,
    FinalStateConfig,
    LatentConfig,
    LatentGaussian,
    Pooled,
    PooledConfig,
)
from seqstudio.core.cells import state_width
from seqstudio.core.decoder import Decoder, DecoderConfig
from seqstudio.core.densities import DensityConfig
from seqstudio.core.encoder import Encoder, EncoderConfig
from seqstudio.core.front_end import EmbeddedTokens, FramesConfig, TokensConfig, build_frames
from seqstudio.core.heads import (
    CTCConfig,
    CTCHead,
    DensityHead,
    LabelConfig,
    LabelHead,
    TagConfig,
    TagHead,
)
from seqstudio.core.latency_controlled import LatencyControlledEncoder
from seqstudio.core.nested import NestedConfig, NestedDecoder
from seqstudio.core.past_features import Age, AgeConfig, LookBack, LookBackConfig, TokenFeatures
from seqstudio.core.past_inputs import PastInput
from seqstudio.core.series_decoder import SeriesConfig, SeriesDecoder
from seqstudio.core.transducer import JointConfig, JointHead
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """The other parts that a part may depend on when it is built; None where there is none."""

    source: Any = None  # the source module: `width` of its frames
    encoder: Any = None  # the encoder module: `width` of its output, `directions`
    attention: Any = None  # the attention module: `width` of its contexts
    decoder: Any = None  # the decoder's config
    memory_width: int = 0  # of what an attention attends to
    past: tuple[PastInput, ...] = ()  # what the decoder reads of its past
    past_attention: Any = None  # the attention module over the decoder's own outputs
    outputs: int | None = None  # width of a decoder's output, if a head reads it


Build = Callable[[Any, BuildContext], nn.Module | PastInput]


@dataclass(frozen=True, slots=True)
class Part:
    """One row of the table. `build(config, context)` returns the module, or a `PastInput`."""

    config: type
    build: Build


Parts = Mapping[str, Part]


def build_encoder(config: EncoderConfig, context: BuildContext) -> nn.Module:
    """Build a recurrent encoder, latency-controlled if it reads chunks."""
    if config.chunk_frames:
        return LatencyControlledEncoder(config, context.source.width)
    return Encoder(config, context.source.width)


def build_bridge(config: FinalStateConfig, context: BuildContext) -> nn.Module:
    """Build the final-state bridge between an encoder and a decoder of any cells."""
    decoder = context.decoder
    parts = state_width(decoder.cell, decoder.hidden) // decoder.hidden
    return FinalState(context.encoder, parts, decoder.hidden, decoder.layers)


def build_pooled(config: PooledConfig, context: BuildContext) -> nn.Module:
    """Build the bridge that pools the encoder's output."""
    return Pooled(config, context.encoder.width, *decoder_state(context))


def build_latent(config: LatentConfig, context: BuildContext) -> nn.Module:
    """Build the bridge of a variational autoencoder."""
    return LatentGaussian(config, context.encoder.width, *decoder_state(context))


def decoder_state(context: BuildContext) -> tuple[int, int]:
    """Return the number of the decoder's layers, and the width of one layer's state."""
    decoder = context.decoder
    return decoder.layers, state_width(decoder.cell, decoder.hidden)


def attention_builder(kind: Callable[..., nn.Module]) -> Build:
    """Return the builder of one kind of attention, queried by the decoder's output."""
    return lambda config, context: kind(config, context.memory_width, context.decoder.hidden)


def build_decoder(config: DecoderConfig, context: BuildContext) -> nn.Module:
    """Build a flat decoder."""
    return Decoder(
        config,
        context.attention,
        context.outputs,
        past_attention=context.past_attention,
        past=context.past,
    )


def build_label(config: LabelConfig, context: BuildContext) -> nn.Module:
    """Build a head for whole sequences; an encoder without `directions` has one."""
    directions = getattr(context.encoder, "directions", 1)
    return LabelHead(config, context.encoder.width, directions)


def build_joint(config: JointConfig, context: BuildContext) -> nn.Module:
    """Build a transducer's joint head over an encoder and a flat decoder."""
    return JointHead(config, context.encoder.width, context.decoder.vocabulary)


def default_parts() -> dict[str, Part]:
    """Return the built-in parts."""
    builds: list[tuple[Any, Build]] = [
        (FramesConfig, lambda config, context: build_frames(config)),
        (TokensConfig, lambda config, context: EmbeddedTokens(config)),
        (EncoderConfig, build_encoder),
        (FinalStateConfig, build_bridge),
        (PooledConfig, build_pooled),
        (LatentConfig, build_latent),
        (AdditiveConfig, attention_builder(AdditiveAttention)),
        (DotConfig, attention_builder(DotAttention)),
        (LocationConfig, attention_builder(LocationAttention)),
        (LookBackConfig, lambda config, context: LookBack(config, TokenFeatures(context.decoder))),
        (AgeConfig, lambda config, context: Age(config, TokenFeatures(context.decoder))),
        (DecoderConfig, build_decoder),
        (NestedConfig, lambda config, context: NestedDecoder(config, context.past)),
        (CTCConfig, lambda config, context: CTCHead(config, context.encoder.width)),
        (TagConfig, lambda config, context: TagHead(config, context.encoder.width)),
        (LabelConfig, build_label),
        (DensityConfig, lambda config, context: DensityHead(config, context.encoder.width)),
        (JointConfig, build_joint),
        (SeriesConfig, lambda config, context: SeriesDecoder(config)),
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

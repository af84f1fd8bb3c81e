"""The parts table: every part of a model by its name, with its config and how to build it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from seqstudio.contracts.formats import PartOffer
from seqstudio.core.attention import AdditiveAttention
from seqstudio.core.config import (
    AttentionConfig,
    BridgeConfig,
    CTCConfig,
    DecoderConfig,
    EncoderConfig,
    FramesConfig,
    NestedConfig,
    TokensConfig,
)
from seqstudio.core.decoder import Decoder
from seqstudio.core.encoder import Encoder, FinalState
from seqstudio.core.front_end import EmbeddedTokens, build_frames
from seqstudio.core.nested import NestedDecoder
from seqstudio.core.recurrent import state_width
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a part may know of those around it when it is built; None where there is none."""

    source: Any = None  # the source module: `width` of its frames
    encoder: Any = None  # the encoder module: `width` of its output
    attention: Any = None  # the attention module: `width` of its contexts
    decoder: Any = None  # the decoder's config


@dataclass(frozen=True, slots=True)
class Part:
    """One row of the table. `build(config, around)` gives the module."""

    config: type
    build: Callable[[Any, Around], nn.Module]


Parts = Mapping[str, Part]


def build_bridge(config: BridgeConfig, around: Around) -> nn.Module:
    """Build the final-state bridge between an encoder and a decoder of any cells."""
    decoder = around.decoder
    parts = state_width(decoder.cell, decoder.hidden) // decoder.hidden
    return FinalState(around.encoder, parts, decoder.hidden, decoder.layers)


def build_attention(config: AttentionConfig, around: Around) -> nn.Module:
    """Build additive attention, queried by the decoder's output."""
    return AdditiveAttention(config, around.encoder.width, around.decoder.hidden)


def default_parts() -> dict[str, Part]:
    """Give the parts that come in the box."""
    builds: list[tuple[Any, Callable[[Any, Around], nn.Module]]] = [
        (FramesConfig, lambda config, around: build_frames(config)),
        (TokensConfig, lambda config, around: EmbeddedTokens(config)),
        (EncoderConfig, lambda config, around: Encoder(config, around.source.width)),
        (BridgeConfig, build_bridge),
        (AttentionConfig, build_attention),
        (DecoderConfig, lambda config, around: Decoder(config, around.attention)),
        (NestedConfig, lambda config, around: NestedDecoder(config)),
        (CTCConfig, lambda config, around: nn.Linear(around.encoder.width, config.vocabulary)),
    ]
    return {config.part: Part(config, build) for config, build in builds}


def with_offers(offers: Iterable[PartOffer]) -> dict[str, Part]:
    """Give the in-box parts and those that plugins offer.

    Raises
    ------
    ConfigError
        If an offered part lacks its plugin's prefix, is named twice, or names itself otherwise.
    """
    parts = default_parts()
    for offer in offers:
        if "." not in offer.name:
            raise ConfigError(f"part {offer.name!r}, expected a name such as plugin-id.name")
        if offer.name in parts:
            raise ConfigError(f"part {offer.name!r} offered twice, expected once")
        if (own := getattr(offer.config, "part", None)) != offer.name:
            raise ConfigError(f"part {offer.name!r}: its config says part={own!r}, expected both")
        parts[offer.name] = Part(offer.config, offer.build)
    return parts

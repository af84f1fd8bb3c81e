"""The core, for plugins that bring a model: importing this loads torch."""

from seqstudio.core.config import (
    AttentionConfig,
    BridgeConfig,
    CTCConfig,
    DecoderConfig,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
    NestedConfig,
    TokensConfig,
)
from seqstudio.core.dropout import Dropout, reseed
from seqstudio.core.encoder import Encoded
from seqstudio.core.geometry import FrameGeometry
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.parts import Around, Part, default_parts, with_offers
from seqstudio.core.recurrent import reverse_within, valid_mask

__all__ = [
    "Around",
    "AttentionConfig",
    "BridgeConfig",
    "CTCConfig",
    "DecoderConfig",
    "Dropout",
    "Encoded",
    "EncoderConfig",
    "FrameGeometry",
    "FramesConfig",
    "ModelConfig",
    "NestedConfig",
    "Part",
    "SequenceModel",
    "TokensConfig",
    "build",
    "cross_entropy_sum",
    "default_parts",
    "reseed",
    "reverse_within",
    "valid_mask",
    "with_offers",
]

"""The core, for plugins with a model. Importing this module loads torch."""

from seqstudio.core.alignment import AlignedLabel, align
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
    config_from_plain,
    config_to_plain,
)
from seqstudio.core.ctc import (
    Hypothesis,
    best_path,
    ctc_loss_sum,
    frames_needed,
    prefix_beam,
)
from seqstudio.core.devices import choose_device
from seqstudio.core.dropout import Dropout, reseed
from seqstudio.core.encoder import Encoded
from seqstudio.core.filters import draw, filter_logits
from seqstudio.core.geometry import FrameGeometry
from seqstudio.core.gradient_flow import (
    GradientFlow,
    gradient_flow,
    gradient_flow_text,
    gradient_flow_verdict,
)
from seqstudio.core.losses import cross_entropy_sum, ctc_sum, joint_sum
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.parts import BuildContext, Part, default_parts, with_plugin_parts
from seqstudio.core.recurrent import reverse_within, valid_mask

__all__ = [
    "AlignedLabel",
    "AttentionConfig",
    "BridgeConfig",
    "BuildContext",
    "CTCConfig",
    "DecoderConfig",
    "Dropout",
    "Encoded",
    "EncoderConfig",
    "FrameGeometry",
    "FramesConfig",
    "GradientFlow",
    "Hypothesis",
    "ModelConfig",
    "NestedConfig",
    "Part",
    "SequenceModel",
    "TokensConfig",
    "align",
    "best_path",
    "build",
    "choose_device",
    "config_from_plain",
    "config_to_plain",
    "cross_entropy_sum",
    "ctc_loss_sum",
    "ctc_sum",
    "default_parts",
    "draw",
    "filter_logits",
    "frames_needed",
    "gradient_flow",
    "gradient_flow_text",
    "gradient_flow_verdict",
    "joint_sum",
    "prefix_beam",
    "reseed",
    "reverse_within",
    "valid_mask",
    "with_plugin_parts",
]

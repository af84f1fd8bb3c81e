"""The core, for plugins with a model. Importing this module loads torch."""

from seqstudio.core.alignment import AlignedLabel, align
from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.ctc import (
    Hypothesis,
    best_path,
    ctc_loss_sum,
    frames_needed,
    prefix_beam,
)
from seqstudio.core.ctc_attention import ctc_attention_loss, with_end
from seqstudio.core.ctc_prefix import CTCPrefixScorer
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.densities import Density, DensityConfig
from seqstudio.core.devices import choose_device
from seqstudio.core.dropout import Dropout, reseed
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.filters import draw, filter_logits
from seqstudio.core.front_end import FramesConfig, TokensConfig
from seqstudio.core.geometry import FrameGeometry
from seqstudio.core.gradient_flow import (
    GradientFlow,
    gradient_flow,
    gradient_flow_text,
    gradient_flow_verdict,
)
from seqstudio.core.heads import CTCConfig, LabelConfig, TagConfig
from seqstudio.core.losses import cross_entropy_sum, ctc_sum, joint_sum
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.parts import BuildContext, Part, default_parts, with_plugin_parts
from seqstudio.core.pretraining import CopiedWeights, copy_weights
from seqstudio.core.recurrent import reverse_within, valid_mask
from seqstudio.core.transducer import JointConfig, transducer_loss_sum
from seqstudio.core.transducer_search import transducer_beam

__all__ = [
    "AdditiveConfig",
    "AlignedLabel",
    "BuildContext",
    "CTCConfig",
    "CTCPrefixScorer",
    "CopiedWeights",
    "DecoderConfig",
    "Density",
    "DensityConfig",
    "Dropout",
    "Encoded",
    "EncoderConfig",
    "FinalStateConfig",
    "FrameGeometry",
    "FramesConfig",
    "GradientFlow",
    "Hypothesis",
    "JointConfig",
    "LabelConfig",
    "ModelConfig",
    "NestedConfig",
    "Part",
    "SequenceModel",
    "TagConfig",
    "TokensConfig",
    "align",
    "best_path",
    "build",
    "choose_device",
    "config_from_plain",
    "config_to_plain",
    "copy_weights",
    "cross_entropy_sum",
    "ctc_attention_loss",
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
    "transducer_beam",
    "transducer_loss_sum",
    "valid_mask",
    "with_end",
    "with_plugin_parts",
]

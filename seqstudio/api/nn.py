"""The core, for plugins with a model. Importing this module loads torch."""

from seqstudio.core.alignment import AlignedLabel, align
from seqstudio.core.arpa import arpa_lines, parse_arpa
from seqstudio.core.attention import (
    AdditiveConfig,
    Attention,
    AttentionMemory,
    AttentionWeights,
    DotConfig,
    LocationConfig,
)
from seqstudio.core.bridges import (
    Bridge,
    FinalStateConfig,
    LatentConfig,
    PooledConfig,
    interpolate,
    interpolate_on_sphere,
)
from seqstudio.core.cells import Cell, RecurrentCell
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.ctc import (
    Hypothesis,
    best_path,
    ctc_loss_sum,
    frames_needed,
)
from seqstudio.core.ctc_attention import ctc_attention_loss, with_end
from seqstudio.core.ctc_beam import prefix_beam
from seqstudio.core.ctc_prefix import CTCPrefixScorer
from seqstudio.core.decoder import Decoder, DecoderConfig
from seqstudio.core.densities import Density, DensityConfig
from seqstudio.core.devices import choose_device
from seqstudio.core.dropout import Dropout, Seeded, reseed
from seqstudio.core.encoder import Encoded, Encoder, EncoderConfig
from seqstudio.core.export import quantize_onnx, to_onnx
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
from seqstudio.core.keyword_search import KeywordHit, find_keyword
from seqstudio.core.label_automaton import LabelAutomaton, LabelModel
from seqstudio.core.label_language import LetterNGrams, OpenVocabulary
from seqstudio.core.label_phrases import Phrases
from seqstudio.core.losses import cross_entropy_sum, ctc_sum, joint_sum
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.ngram import FIRST_WORD, UNKNOWN, NGrams
from seqstudio.core.ngram_estimates import Smoothing, word_tokens
from seqstudio.core.ngram_estimates import estimate as estimate_ngrams
from seqstudio.core.padding import PairBatch, pad
from seqstudio.core.parts import BuildContext, Part, default_parts, with_plugin_parts
from seqstudio.core.past_features import AgeConfig, LookBackConfig, TokenFeatures
from seqstudio.core.past_inputs import PastInput, PastState
from seqstudio.core.pretraining import CopiedWeights, copy_weights
from seqstudio.core.recurrent import PaddedLengths, RecurrentLayer, reverse_within, valid_mask
from seqstudio.core.series_decoder import SeriesConfig
from seqstudio.core.stack import RecurrentStack
from seqstudio.core.streaming import EncodingState
from seqstudio.core.transducer import JointConfig, transducer_loss_sum
from seqstudio.core.transducer_search import transducer_beam

__all__ = [
    "FIRST_WORD",
    "UNKNOWN",
    "AdditiveConfig",
    "AgeConfig",
    "AlignedLabel",
    "Attention",
    "AttentionMemory",
    "AttentionWeights",
    "Bridge",
    "BuildContext",
    "CTCConfig",
    "CTCPrefixScorer",
    "Cell",
    "CopiedWeights",
    "Decoder",
    "DecoderConfig",
    "Density",
    "DensityConfig",
    "DotConfig",
    "Dropout",
    "Encoded",
    "Encoder",
    "EncoderConfig",
    "EncodingState",
    "FinalStateConfig",
    "FrameGeometry",
    "FramesConfig",
    "GradientFlow",
    "Hypothesis",
    "JointConfig",
    "KeywordHit",
    "LabelAutomaton",
    "LabelConfig",
    "LabelModel",
    "LatentConfig",
    "LetterNGrams",
    "LocationConfig",
    "LookBackConfig",
    "ModelConfig",
    "NGrams",
    "NestedConfig",
    "OpenVocabulary",
    "PaddedLengths",
    "PairBatch",
    "Part",
    "PastInput",
    "PastState",
    "Phrases",
    "PooledConfig",
    "RecurrentCell",
    "RecurrentLayer",
    "RecurrentStack",
    "Seeded",
    "SequenceModel",
    "SeriesConfig",
    "Smoothing",
    "TagConfig",
    "TokenFeatures",
    "TokensConfig",
    "align",
    "arpa_lines",
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
    "estimate_ngrams",
    "filter_logits",
    "find_keyword",
    "frames_needed",
    "gradient_flow",
    "gradient_flow_text",
    "gradient_flow_verdict",
    "interpolate",
    "interpolate_on_sphere",
    "joint_sum",
    "pad",
    "parse_arpa",
    "prefix_beam",
    "quantize_onnx",
    "reseed",
    "reverse_within",
    "to_onnx",
    "transducer_beam",
    "transducer_loss_sum",
    "valid_mask",
    "with_end",
    "with_plugin_parts",
    "word_tokens",
]

"""Everything a plugin may import, except what needs torch.

Audio and MIDI are in `seqstudio.api.media`. Neural network modules are in `seqstudio.api.nn`, so
that a plugin without a model does not load torch.
"""

from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis, Scorer
from seqstudio.contracts.data import (
    AudioExample,
    Batch,
    Draws,
    Example,
    Ledger,
    LossSum,
    Measurement,
    canonical_split,
    pool,
    stable_seed,
)
from seqstudio.contracts.formats import Exporter, Importer, Metric, PartSpec, TrainCallback
from seqstudio.contracts.hookspecs import hookimpl
from seqstudio.contracts.job import (
    Cancelled,
    Guide,
    Job,
    LoadedModel,
    Operation,
    Request,
    Result,
    Sampler,
    SamplingConfig,
    TakeSeed,
)
from seqstudio.contracts.notes import Note
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Preparation, Preset, PreviewResult, Task, TrainConfig
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.errors import (
    ConfigError,
    DataError,
    ModelError,
    PluginError,
    SeqStudioError,
    TrainingError,
)

__all__ = [
    "AudioExample",
    "Batch",
    "BeamConfig",
    "BeamHypothesis",
    "Cancelled",
    "ConfigError",
    "DataError",
    "Draws",
    "Example",
    "Exporter",
    "Guide",
    "Importer",
    "Job",
    "Ledger",
    "LoadedModel",
    "LossSum",
    "Measurement",
    "Metric",
    "ModelError",
    "Note",
    "Operation",
    "PartSpec",
    "PluginError",
    "Preparation",
    "Preset",
    "PreviewResult",
    "Request",
    "Result",
    "Sampler",
    "SamplingConfig",
    "Scorer",
    "Segment",
    "SeqStudioError",
    "TakeSeed",
    "Task",
    "TrainCallback",
    "TrainConfig",
    "TrainingError",
    "Transcript",
    "Word",
    "canonical_split",
    "from_plain",
    "hookimpl",
    "pool",
    "stable_seed",
    "to_plain",
]

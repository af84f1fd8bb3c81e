"""All that a plugin may import: the contracts and the media room, torch-free.

The core's modules are in `seqstudio.api.nn`, so that a plugin without a model loads no torch.
"""

from seqstudio.contracts.data import (
    AudioExample,
    Batch,
    Draws,
    Example,
    Ledger,
    LossSum,
    Measured,
    canonical_split,
    pool,
    stable_seed,
)
from seqstudio.contracts.formats import Exporter, Importer, Metric, PartOffer, TrainCallback
from seqstudio.contracts.hookspecs import hookimpl
from seqstudio.contracts.job import (
    Cancelled,
    Guide,
    Job,
    LoadedModel,
    Operation,
    Request,
    Result,
    SamplingConfig,
    Take,
)
from seqstudio.contracts.notes import Note
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Preparation, Preset, Previewed, Task, TrainConfig
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
    "Measured",
    "Metric",
    "ModelError",
    "Note",
    "Operation",
    "PartOffer",
    "PluginError",
    "Preparation",
    "Preset",
    "Previewed",
    "Request",
    "Result",
    "SamplingConfig",
    "Segment",
    "SeqStudioError",
    "Take",
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

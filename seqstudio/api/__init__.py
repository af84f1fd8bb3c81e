"""Everything a plugin may import, except what needs torch.

Audio and MIDI are in `seqstudio.api.media`. Neural network modules are in `seqstudio.api.nn`, so
that a plugin without a model does not load torch.
"""

from seqstudio.contracts.adaptation import AdaptConfig
from seqstudio.contracts.alphabet import Alphabet
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
    split_in,
    stable_seed,
)
from seqstudio.contracts.edits import edit_distance
from seqstudio.contracts.formats import Exporter, Importer, Metric, PartSpec, TrainCallback
from seqstudio.contracts.formatted import Formatted
from seqstudio.contracts.hookspecs import hookimpl
from seqstudio.contracts.job import (
    Cancelled,
    EndGuide,
    GroupedGuide,
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
from seqstudio.contracts.kept import Cache, Pieces
from seqstudio.contracts.notes import Note
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.recogniser import LoadedRecogniser, Recogniser, Recognition
from seqstudio.contracts.table import Table
from seqstudio.contracts.task import (
    ChoosesPreset,
    Preparation,
    Preset,
    PreviewResult,
    SuitedPreset,
    Task,
    TrainConfig,
    Trial,
    Tunable,
    settings_as,
)
from seqstudio.contracts.transcript import MARK, NOTE, Segment, Transcript, Word
from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import (
    ConfigError,
    DamagedError,
    DataError,
    ModelError,
    PluginError,
    SeqStudioError,
    TrainingError,
)

__all__ = [
    "MARK",
    "NOTE",
    "AdaptConfig",
    "Alphabet",
    "AudioExample",
    "Batch",
    "BeamConfig",
    "BeamHypothesis",
    "Cache",
    "Cancelled",
    "ChoosesPreset",
    "ConfigError",
    "DamagedError",
    "DataError",
    "Draws",
    "EndGuide",
    "Example",
    "Exporter",
    "Formatted",
    "GroupedGuide",
    "Guide",
    "Importer",
    "Job",
    "Ledger",
    "LoadedModel",
    "LoadedRecogniser",
    "LossSum",
    "Measurement",
    "Metric",
    "ModelError",
    "Note",
    "Operation",
    "PartSpec",
    "Pieces",
    "PluginError",
    "Preparation",
    "Presentation",
    "Preset",
    "PreviewResult",
    "Recogniser",
    "Recognition",
    "Request",
    "Result",
    "Sampler",
    "SamplingConfig",
    "Scorer",
    "Segment",
    "SeqStudioError",
    "SuitedPreset",
    "Table",
    "TakeSeed",
    "Task",
    "TrainCallback",
    "TrainConfig",
    "TrainingError",
    "Transcript",
    "Trial",
    "Tunable",
    "Word",
    "canonical_split",
    "edit_distance",
    "from_plain",
    "hookimpl",
    "pool",
    "settings_as",
    "split_in",
    "stable_seed",
    "to_plain",
    "why_unreadable",
]

"""The inputs of a training, shared by the training loop and its validation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from seqstudio.contracts.data import Example
from seqstudio.contracts.formats import Exporter, TrainCallback
from seqstudio.contracts.task import Preparation, SuitedPreset, Task, TrainConfig
from seqstudio.core.parts import Parts
from seqstudio.services.communicator import ALONE, Communicator
from seqstudio.services.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingInputs:
    """Everything a training needs: the task with its data, the settings, and where it runs."""

    task: Task
    preparation: Preparation
    train_examples: Sequence[Example]
    valid_examples: Sequence[Example]
    config: TrainConfig
    run: Run
    device: str = "cpu"
    stop: Callable[[], bool] = lambda: False  # asked after every step and valid example
    parts: Parts | None = None  # None: the built-in parts
    callbacks: Sequence[TrainCallback] = ()
    exporters: Sequence[Exporter] = ()  # of previews
    communicator: Communicator = ALONE
    suited: SuitedPreset | None = None  # the preset that the task chose, if it did
    base_weights: Mapping[str, Tensor] = field(default_factory=dict)  # to start from

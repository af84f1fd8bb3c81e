"""How the operations compose with a model: one `Composer` for each kind of model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from seqstudio.api import ConfigError, Job, LoadedModel, ModelError, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio_music.hard_request import HardRequest
from seqstudio_music.primers import Primer


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceSpec:
    """What a new piece should be like."""

    bars: int
    meter: tuple[int, int]  # beats in a bar, and their unit: (6, 8)
    key: str = ""  # such as "F#m"; "" leaves it to the composer
    tempo_bpm: float = 0.0  # quarter notes per minute; 0 leaves it to the composer
    voice_leading: bool = True  # no parallel fifths or octaves between voices
    in_key: bool = True  # whether what leads away from the key is avoided
    raw: bool = False  # the first draw of each take, not the best of several
    hard: HardRequest = field(default_factory=HardRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedBars:
    """What the bars that are added to a primer should be like."""

    bars: int
    voice_leading: bool = True  # no parallel fifths or octaves between voices
    hard: HardRequest = field(default_factory=HardRequest)


@dataclass(frozen=True, slots=True)
class Composition:
    """A piece, what the composer chose for it, by name, and of each hard constraint if it holds."""

    score: Score
    details: Mapping[str, str] = field(default_factory=dict)
    certificate: Mapping[str, bool] = field(default_factory=dict)


class Composer(Protocol):
    """Composes new pieces with the models of one task. It has no state.

    The operations choose a composer by the model's task and know nothing else about the model.
    """

    task: str  # as in the manifest

    def generate(
        self,
        job: Job,
        model: LoadedModel,
        spec: PieceSpec,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Compose one new piece for each take.

        Raises
        ------
        ConfigError
            If the model cannot follow `spec`.
        """


class Continuer(Composer, Protocol):
    """Continues pieces too."""

    def suited_model(self, score: Score) -> str:
        """Return the name of the included model that suits a primer best; "" if none does."""

    def continue_primer(
        self,
        job: Job,
        model: LoadedModel,
        primer: Primer,
        added: AddedBars,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Complete the primer's last bar and add bars, once for each take.

        The events of the primer keep their bytes.

        Raises
        ------
        DataError
            If the primer does not have the parts that the model continues.
        ConfigError
            If the model cannot follow `added`.
        """


AnyComposer = TypeVar("AnyComposer", bound=Composer)


def refuse_hard(asked: Sequence[str], model: LoadedModel, kind: str) -> None:
    """Refuse what a model cannot follow: the names of what is asked for, if any is.

    Raises
    ------
    ConfigError
        If anything is asked for; `kind` says what the model is.
    """
    if asked:
        raise ConfigError(f"{asked[0]} is asked for, expected none with {model.name}, {kind}")


def composer_for(model: LoadedModel, composers: Sequence[AnyComposer]) -> AnyComposer:
    """Return the composer for a model's task.

    Raises
    ------
    ModelError
        If there is none.
    """
    for composer in composers:
        if composer.task == model.task:
            return composer
    known = " or ".join(composer.task for composer in composers)
    raise ModelError(f"model {model.name!r}: task {model.task}, expected {known}")

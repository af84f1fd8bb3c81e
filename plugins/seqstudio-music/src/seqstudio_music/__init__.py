"""The music plugin: chorales, lead sheets, drums, and piano rolls with exact likelihood."""

from collections.abc import Iterable

from seqstudio.api import Importer, Operation, PartSpec, Task, hookimpl
from seqstudio.api.nn import BuildContext
from seqstudio_music.blind import Blind
from seqstudio_music.composer import Composer, Continuer
from seqstudio_music.drums.composer import DrumComposer
from seqstudio_music.drums.operations import Drums, Groove
from seqstudio_music.drums.task import DrumsTask
from seqstudio_music.explain import Explain
from seqstudio_music.frames_past import FramesPast, FramesPastConfig
from seqstudio_music.hidden import Hidden
from seqstudio_music.hum import Hum
from seqstudio_music.improvise import Improvise
from seqstudio_music.jam import Jam
from seqstudio_music.latent.composer import LatentComposer
from seqstudio_music.latent.operations import Interpolate
from seqstudio_music.latent.task import LatentTask
from seqstudio_music.measure.operation import Measure
from seqstudio_music.measure.originality_operation import Originality
from seqstudio_music.measure.pieces import measure_piece
from seqstudio_music.operations import Continue, Generate
from seqstudio_music.rendering import Render
from seqstudio_music.rework.operations import Harmonize, Infill, Vary
from seqstudio_music.rolls.composer import RollComposer
from seqstudio_music.rolls.data import PianoRollImporter
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.voices.composer import VoiceComposer
from seqstudio_music.voices.data import ChoraleImporter
from seqstudio_music.voices.past import VoicesPast, VoicesPastConfig
from seqstudio_music.voices.task import VoicesTask

CONTINUERS: tuple[Continuer, ...] = (
    VoiceComposer(measure_piece),
    DrumComposer(),
    RollComposer(),
)
COMPOSERS: tuple[Composer, ...] = (*CONTINUERS, LatentComposer())


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks for piano rolls, voices, drums and two-bar melodies."""
    return [RollsTask(), VoicesTask(), DrumsTask(), LatentTask()]


@hookimpl
def seqstudio_parts() -> Iterable[PartSpec]:
    """Return the inputs of models that are functions of their past."""

    def build_past(config: VoicesPastConfig, context: BuildContext) -> VoicesPast:
        return VoicesPast(config)

    def build_frames_past(config: FramesPastConfig, context: BuildContext) -> FramesPast:
        return FramesPast(config)

    return [
        PartSpec(VoicesPastConfig.part, VoicesPastConfig, build_past),
        PartSpec(FramesPastConfig.part, FramesPastConfig, build_frames_past),
    ]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations that compose, change, explain, measure, compare and render pieces."""
    composing = (Generate(COMPOSERS), Continue(CONTINUERS), Improvise(COMPOSERS), Hum())
    changing = (Harmonize(), Infill(), Vary(), Interpolate(), Drums(), Groove())
    judging = (Explain(), Hidden(), Measure(), Originality(), Blind())
    return (*composing, Jam(CONTINUERS), *changing, *judging, Render())


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Return the importers of piano rolls and of chorales."""
    return [PianoRollImporter(), ChoraleImporter()]

"""The music plugin: piano rolls with exact likelihood, chorales, and lead sheets."""

from collections.abc import Iterable

from seqstudio.api import Importer, Operation, Task, hookimpl
from seqstudio_music.composer import Composer
from seqstudio_music.operations import Continue, Generate
from seqstudio_music.rolls.composer import RollComposer
from seqstudio_music.rolls.data import PianoRollImporter
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.voices.composer import VoiceComposer
from seqstudio_music.voices.data import ChoraleImporter
from seqstudio_music.voices.task import VoicesTask

COMPOSERS: tuple[Composer, ...] = (VoiceComposer(), RollComposer())


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks for piano rolls and for voices."""
    return [RollsTask(), VoicesTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations that compose a new piece and continue a given one."""
    return [Generate(COMPOSERS), Continue(COMPOSERS)]


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Return the importers of piano rolls and of chorales."""
    return [PianoRollImporter(), ChoraleImporter()]

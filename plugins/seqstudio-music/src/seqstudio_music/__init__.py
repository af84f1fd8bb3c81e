"""The music instrument: piano rolls with exact likelihood, chorales, and lead sheets."""

from collections.abc import Iterable

from seqstudio.api import Importer, Operation, Task, hookimpl
from seqstudio_music.continuing import Continue
from seqstudio_music.generate import Generate
from seqstudio_music.roll_data import PianoRollImporter
from seqstudio_music.rolls import RollsTask
from seqstudio_music.voice_data import ChoraleImporter
from seqstudio_music.voices import VoicesTask


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Offer piano rolls and voices."""
    return [RollsTask(), VoicesTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Offer composing from nothing and from a primer."""
    return [Generate(), Continue()]


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Offer the readers of piano rolls and of chorales."""
    return [PianoRollImporter(), ChoraleImporter()]

"""Speech recognition with character CTC: training on recordings, and transcripts with times."""

from collections.abc import Iterable

from seqstudio.api import Importer, Operation, Task, hookimpl
from seqstudio_speech.importers import LibriSpeechImporter, ManifestImporter, SidecarImporter
from seqstudio_speech.operation import Transcribe
from seqstudio_speech.task import CtcTask


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the character CTC task."""
    return [CtcTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the transcription operation."""
    return [Transcribe()]


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Return an importer for each layout of speech data."""
    return [ManifestImporter(), LibriSpeechImporter(), SidecarImporter()]

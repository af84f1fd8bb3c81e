"""The speech instrument: character CTC, from a folder of recordings to transcripts with times."""

from collections.abc import Iterable

from seqstudio.api import Importer, Operation, Task, hookimpl
from seqstudio_speech.importers import LibriSpeechImporter, ManifestImporter, SidecarImporter
from seqstudio_speech.operation import Transcribe
from seqstudio_speech.task import CtcTask


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Offer character CTC."""
    return [CtcTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Offer transcription."""
    return [Transcribe()]


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Offer the layouts of speech data."""
    return [ManifestImporter(), LibriSpeechImporter(), SidecarImporter()]

"""Speech recognition with character CTC: training on recordings, and transcripts with times."""

from collections.abc import Iterable

from seqstudio.api import Importer, Operation, Task, hookimpl
from seqstudio_speech.aligning.operation import Align
from seqstudio_speech.aligning.prepare import Prepare
from seqstudio_speech.command_operation import Command
from seqstudio_speech.finding.operation import Find
from seqstudio_speech.hidden_operation import Hidden
from seqstudio_speech.importers import importers
from seqstudio_speech.listen_operation import Listen
from seqstudio_speech.next_operation import Next
from seqstudio_speech.ngram_operation import EstimateNGrams
from seqstudio_speech.operation import Transcribe
from seqstudio_speech.orthography_operation import ReportOrthography
from seqstudio_speech.score.operation import Score
from seqstudio_speech.task import CtcTask


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the character CTC task."""
    return [CtcTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations on recordings and their texts."""
    return [
        Transcribe(),
        Find(),
        Align(),
        Prepare(),
        Command(),
        Listen(),
        Hidden(),
        Score(),
        Next(),
        EstimateNGrams(),
        ReportOrthography(),
    ]


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Return an importer for each layout of speech data."""
    return importers()

"""The layouts of speech data: an importer for each."""

from collections.abc import Iterator
from pathlib import Path

from seqstudio.api import AudioExample, DataError, Importer, Ledger
from seqstudio_speech.importers.listings import KaldiImporter, LibriSpeechImporter, NemoImporter
from seqstudio_speech.importers.sidecars import SidecarImporter
from seqstudio_speech.importers.tables import LJSpeechImporter, TableImporter
from seqstudio_speech.importers.timed import (
    ElanImporter,
    SubtitleImporter,
    TextGridImporter,
    TranscriptImporter,
)

LAYOUTS = (
    "a table that names recordings and their texts (manifest.tsv, a CSV, Common Voice, LJ Speech), "
    "recordings with a .txt or .lab beside each; subtitles, corrected transcripts (.json), ELAN or "
    "TextGrid files beside them; or a folder of LibriSpeech, Kaldi or NeMo"
)


def importers() -> list[Importer]:
    """Return the importers, in the order in which a source is offered to them."""
    return [
        TableImporter(),
        LJSpeechImporter(),
        NemoImporter(),
        KaldiImporter(),
        LibriSpeechImporter(),
        ElanImporter(),
        TextGridImporter(),
        SidecarImporter(),
        SubtitleImporter(),
        TranscriptImporter(),
    ]


def read_speech(source: Path, ledger: Ledger) -> Iterator[AudioExample]:
    """Read a source by the first importer that recognises it.

    Raises
    ------
    DataError
        If none does.
    """
    for importer in importers():
        if importer.recognises(source):
            # an Importer yields Examples; those of speech are AudioExamples
            yield from importer.read(source, ledger)  # type: ignore[misc]
            return
    raise DataError(f"{source}: no speech data, expected {LAYOUTS}")

"""Recordings with a text of the same name: beside each, or in a folder of texts."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqstudio.api import AudioExample, DataError, Ledger
from seqstudio.api.media import AUDIO_FOLDERS, read_text_file
from seqstudio_speech.importers.items import (
    KIND,
    SPLIT_NAMES,
    Item,
    examples_of,
    recordings,
    without_notes,
)

TEXT_SUFFIXES = (".txt", ".lab")
TEXT_FOLDERS = ("txt", "text", "texts", "transcripts", "transcriptions", "lab", "labels")


class SidecarImporter:
    """Recordings with a `.txt` or `.lab` of the same name: a folder tree, or one recording.

    The text stands beside its recording, or in a folder of texts (txt, text, transcripts, lab)
    beside the folder of recordings (wav, clips, audio). Top folders named train, dev, valid or test
    are the splits.
    """

    name = "audio-with-text"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether a recording has its text."""
        return any(_text_of(audio) for audio in recordings(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a recording; refuse recordings without text, and texts without one."""
        root = source if source.is_dir() else source.parent
        found = recordings(source)
        if source.is_dir():
            _refuse_lone_texts(found, ledger)
        yield from examples_of(_items(found, root, ledger), ledger)


def _items(found: Iterable[Path], root: Path, ledger: Ledger) -> Iterator[Item]:
    for audio in found:
        if not (text := _text_of(audio)):
            name = audio.with_suffix(".txt").name
            ledger.refuse(str(audio), f"no {name} beside it, expected its transcript")
            continue
        try:
            transcript = without_notes(read_text_file(text))
        except DataError as error:
            ledger.refuse(str(audio), str(error))
            continue
        relative = audio.relative_to(root)
        top = relative.parts[0].lower()
        yield Item(
            where=str(audio),
            id=relative.as_posix(),
            audio=audio,
            transcript=transcript,
            split=top if top in SPLIT_NAMES else "",
        )


def _text_of(audio: Path) -> Path | None:
    """Return the text of a recording, if there is one."""
    folders = [audio.parent]
    if audio.parent.name.lower() in AUDIO_FOLDERS:
        folders += [audio.parent.parent / name for name in TEXT_FOLDERS]
    places = (folder / f"{audio.stem}{end}" for folder in folders for end in TEXT_SUFFIXES)
    return next((place for place in places if place.is_file()), None)


def _refuse_lone_texts(found: list[Path], ledger: Ledger) -> None:
    """Refuse texts in folders of recordings that are no recording's."""
    expected = {text for audio in found if (text := _text_of(audio))}
    folders = {audio.parent for audio in found} | {text.parent for text in expected}
    for folder in sorted(folders):
        for text in sorted(folder.iterdir()):
            if text.suffix.lower() in TEXT_SUFFIXES and text not in expected:
                ledger.refuse(str(text), "no recording of this name beside it")

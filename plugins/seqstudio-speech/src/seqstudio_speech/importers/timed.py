"""Long recordings with timed texts beside them: ELAN, TextGrid, subtitles, own transcripts."""

import fnmatch
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from seqstudio.api import AudioExample, DataError, Ledger
from seqstudio.api.media import AudioSource, find_audio
from seqstudio_speech.importers.items import (
    KIND,
    SPLIT_NAMES,
    Item,
    examples_of,
    is_audio,
    read_transcript,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A text, and when it is said."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Tier:
    """The spans of one tier; those of a tier belong to one speaker."""

    spans: Sequence[Span]
    speaker: str = ""

    @property
    def minutes(self) -> float:
        """How long is spoken."""
        return sum(span.end_s - span.start_s for span in self.spans) / 60


class TimedTextImporter(ABC):
    """Files of timed texts, each beside its recording: one, or those of a folder tree.

    Of a file with several tiers those are read whose name is `tier`, in which `*` stands for any
    letters. Without it a file of several tiers is refused, with their names and minutes.
    """

    name: str
    kind = KIND
    suffixes: tuple[str, ...]

    def __init__(self, tier: str = "") -> None:
        self.tier = tier

    def with_tier(self, tier: str) -> "TimedTextImporter":
        """Return an importer that reads this tier of each file."""
        return type(self)(tier)

    def recognises(self, source: Path) -> bool:
        """Return whether there is such a file with its recording."""
        return any(self.recording(path).is_file() for path in self._files(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a text; refuse a file that cannot be read or has no recording."""
        root = source if source.is_dir() else source.parent
        for path in self._files(source):
            try:
                chosen = self._chosen(path)
                audio = self.recording(path)
                if not audio.is_file():
                    raise DataError(f"no recording {audio.name}, expected it beside the file")
            except DataError as error:
                ledger.refuse(str(path), str(error))
                continue
            yield from examples_of(_items(path, root, audio, chosen), ledger)

    @abstractmethod
    def tiers(self, path: Path) -> Mapping[str, Tier]:
        """Return the tiers of a file that have text.

        Raises
        ------
        DataError
            If the file cannot be read.
        """

    def recording(self, path: Path) -> Path:
        """Return the recording of a file, of the same name, whether it is there or not."""
        return find_audio(path.stem, path.parent)

    def _files(self, source: Path) -> list[Path]:
        if not source.is_dir():
            return [source] if source.suffix.lower() in self.suffixes else []
        return sorted(path for path in source.rglob("*") if path.suffix.lower() in self.suffixes)

    def _chosen(self, path: Path) -> Mapping[str, Tier]:
        tiers = self.tiers(path)
        known = ", ".join(f"{name} ({tier.minutes:.1f} min)" for name, tier in tiers.items())
        if self.tier:
            chosen = {n: tier for n, tier in tiers.items() if fnmatch.fnmatchcase(n, self.tier)}
            if not chosen:
                raise DataError(f"no tier {self.tier!r}, expected one of {known or 'none'}")
            return chosen
        if len(tiers) > 1:
            raise DataError(f"tiers {known}; choose with --importer {self.name}:TIER")
        return tiers


class ElanImporter(TimedTextImporter):
    """ELAN's annotations, `.eaf`, with the recording that they name or one of the same name."""

    name = "elan"
    suffixes = (".eaf",)

    def tiers(self, path: Path) -> Mapping[str, Tier]:
        """Return the tiers that have text; their participant is the speaker."""
        eaf, tiers = _eaf(path), {}
        for name in eaf.get_tier_names():
            found = eaf.get_annotation_data_for_tier(name)
            spans = [Span(one[0] / 1000, one[1] / 1000, one[2] or "") for one in found]
            speaker = str(eaf.get_parameters_for_tier(name).get("PARTICIPANT", ""))
            tiers[name] = Tier(_with_text(spans), speaker)
        return {name: tier for name, tier in tiers.items() if tier.spans}

    def recognises(self, source: Path) -> bool:
        """Return whether there is such a file; which recording it is of stands inside."""
        return bool(self._files(source))

    def recording(self, path: Path) -> Path:
        """Return the first recording that the file names and that is there, by its path or name."""
        for media in _eaf(path).media_descriptors:
            for url in (media.get("RELATIVE_MEDIA_URL", ""), media.get("MEDIA_URL", "")):
                place = path.parent / unquote(urlparse(url).path)
                for audio in (place, path.parent / place.name):
                    if is_audio(audio) and audio.is_file():
                        return audio
        return super().recording(path)


class TextGridImporter(TimedTextImporter):
    """Praat's `.TextGrid`, with the recording of the same name; a tier is a speaker."""

    name = "textgrid"
    suffixes = (".textgrid",)

    def tiers(self, path: Path) -> Mapping[str, Tier]:
        """Return the interval tiers that have text."""
        from praatio import textgrid

        try:
            grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
        except Exception as error:  # praatio raises whatever its parser meets
            raise DataError(f"{type(error).__name__}: {error}, expected a TextGrid") from error
        tiers = {}
        for name in grid.tierNames:
            entries = [one for one in grid.getTier(name).entries if len(one) == 3]
            found = [Span(float(start), float(end), str(text)) for start, end, text in entries]
            spans = _with_text(found)
            if spans:
                tiers[name] = Tier(spans, name)
        return tiers if len(tiers) > 1 else {name: Tier(one.spans) for name, one in tiers.items()}


class SubtitleImporter(TimedTextImporter):
    """SubRip and WebVTT subtitles, with the recording of the same name."""

    name = "subtitles"
    suffixes = (".srt", ".vtt")

    def tiers(self, path: Path) -> Mapping[str, Tier]:
        """Return the captions as one tier."""
        import webvtt

        try:
            reader = webvtt.from_srt if path.suffix.lower() == ".srt" else webvtt.read
            captions = reader(str(path))
        except Exception as error:  # webvtt has several kinds of its own, and those of files
            raise DataError(f"{type(error).__name__}: {error}, expected subtitles") from error
        spans = [
            Span(_seconds(one.start), _seconds(one.end), " ".join(one.text.split()))
            for one in captions.captions
        ]
        return {"subtitles": Tier(_with_text(spans))} if spans else {}


class TranscriptImporter(TimedTextImporter):
    """Transcripts of SeqStudio, `.json`, with the recording of the same name.

    One that no person has corrected is refused: a model would learn what a machine heard.
    """

    name = "transcripts"
    suffixes = (".json",)

    def tiers(self, path: Path) -> Mapping[str, Tier]:
        """Return the segments as one tier."""
        transcript = read_transcript(path)
        origins = {transcript.origin, *(segment.origin for segment in transcript.segments)}
        if origins == {"machine"}:
            raise DataError("machine-made, expected a transcript that a person has corrected")
        found = [Span(one.start_s, one.end_s, one.text) for one in transcript.segments]
        speakers = {one.speaker or "" for one in transcript.segments}
        speaker = speakers.pop() if len(speakers) == 1 else ""
        return {"transcript": Tier(_with_text(found), speaker)} if found else {}


def _items(path: Path, root: Path, audio: Path, tiers: Mapping[str, Tier]) -> Iterator[Item]:
    """Yield the spans; those of a recording whose speaker is not known are a group."""
    relative = path.relative_to(root)
    recording = relative.with_suffix("").as_posix()
    top = relative.parts[0].lower()
    for name, tier in tiers.items():
        for number, span in enumerate(tier.spans, start=1):
            place = f"{name}:{number}" if len(tiers) > 1 else str(number)
            yield Item(
                where=f"{path}:{place}",
                id=f"{relative.as_posix()}:{place}",
                audio=AudioSource(audio, start_s=span.start_s, end_s=span.end_s),
                transcript=span.text,
                split=top if top in SPLIT_NAMES else "",
                speaker=tier.speaker or recording,
                seconds=span.end_s - span.start_s,
            )


def _with_text(spans: Sequence[Span]) -> list[Span]:
    return [span for span in spans if span.text.strip() and span.end_s > span.start_s]


def _eaf(path: Path) -> Any:
    """Return a file of ELAN's; its annotations are read as they are, whatever its version."""
    import pympi

    try:
        return pympi.Eaf(str(path))
    except Exception as error:  # pympi raises whatever its parser meets
        raise DataError(f"{type(error).__name__}: {error}, expected an ELAN file") from error


def _seconds(stamp: str) -> float:
    """Return the seconds of 01:02:03.450 or 02:03.450.

    >>> _seconds("01:02:03.450")
    3723.45
    """
    total = 0.0
    for part in stamp.split(":"):
        total = 60 * total + float(part)
    return total

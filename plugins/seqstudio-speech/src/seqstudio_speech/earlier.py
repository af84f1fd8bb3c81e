"""What earlier jobs found in a recording: its transcript as it is, or the posteriors to search."""

import dataclasses
import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seqstudio.api import (
    Cache,
    DataError,
    Pieces,
    Result,
    Transcript,
    from_plain,
    to_plain,
    why_unreadable,
)
from seqstudio.api.media import AudioSource
from seqstudio_speech.kept import Heard
from seqstudio_speech.posteriors import VERSION, Posteriors, posteriors_from
from seqstudio_speech.recognise import Recogniser

FILES = ("lm", "phrases")  # options that name a file or a folder
OF_FORMATS = ("mark", "line_length", "least_duration", "reading_speed")  # change no transcript


@dataclass(frozen=True, slots=True)
class KeptResults:
    """The whole results of one recording, recogniser and set of options."""

    cache: Cache
    key: str

    def get(self) -> Result | None:
        """Return the result; None if none is kept."""
        try:
            table = json.loads(self.cache.get(self.key) or b"null")
            transcript = from_plain(Transcript, table["transcript"], "cache", error=DataError)
            details = {**table["details"], "reused": "transcript"}
            return Result(
                outputs={"transcript": transcript}, summary=table["summary"], details=details
            )
        except (DataError, KeyError, TypeError, ValueError):  # none, torn, of another version
            return None

    def put(self, result: Result) -> None:
        """Keep a result."""
        table = {
            "transcript": to_plain(result.outputs["transcript"]),
            "summary": result.summary,
            "details": dict(result.details),
        }
        self.cache.put(self.key, json.dumps(table).encode())


def kept_results(
    sha256: str, name: str, recogniser: str, options: Mapping[str, Any], cache: Cache
) -> KeptResults:
    """Return where the results of a recording are kept.

    Parameters
    ----------
    sha256, name : of the recording
    recogniser : its name and hash, and the device that computes
    options : of the operation
    cache : of the job

    Raises
    ------
    DataError
        If a file among the options cannot be read.
    """
    skipped = (*FILES, *OF_FORMATS)
    values = {key: str(value) for key, value in sorted(options.items()) if key not in skipped}
    files = {key: sha256_of(Path(options[key])) for key in FILES if options.get(key)}
    found = [VERSION, _version(), torch.__version__, sha256, name, recogniser, values, files]
    return KeptResults(cache, json.dumps(["transcript", *found]))


class KeptPosteriors:
    """A recogniser that listens to each recording once, and afterwards searches its posteriors.

    Parameters
    ----------
    recogniser : listens and searches
    sha256 : of the recording
    device : that computes
    cache : of the job
    """

    def __init__(self, recogniser: Recogniser, sha256: str, device: str, cache: Cache) -> None:
        self.recogniser = recogniser
        self.reused = False  # whether any posteriors were there
        self._known = [VERSION, torch.__version__, sha256, recogniser.model.sha256, device]
        self._cache = cache

    def heard(
        self,
        path: AudioSource,
        on_progress: Callable[[float], None],
        pieces: Pieces | None,
    ) -> Iterator[Heard]:
        """Yield what `Recogniser.heard` does, and say again what was damaged."""
        if posteriors := self._get(path):
            self.reused = True
            yield from self.recogniser.heard_again(path.name, posteriors, on_progress)
        else:
            keep, noted = self._keep(path)
            yield from self.recogniser.heard(noted, on_progress, pieces, keep)

    def posteriors(self, path: AudioSource) -> Posteriors:
        """Return what is heard in a recording, without a search.

        Raises
        ------
        DataError
            If it cannot be read.
        """
        if posteriors := self._get(path):
            self.reused = True
            return posteriors
        keep, noted = self._keep(path)
        posteriors = self.recogniser.posteriors(noted)
        keep(posteriors)
        return posteriors

    def _get(self, path: AudioSource) -> Posteriors | None:
        data = self._cache.get(self._key(path))
        if data is None:
            return None
        try:
            posteriors = posteriors_from(data)
        except DataError:  # torn by a crash of the machine
            return None
        if path.on_damage:
            for damage in posteriors.damage:
                path.on_damage(damage)
        return posteriors

    def _keep(self, path: AudioSource) -> tuple[Callable[[Posteriors], None], AudioSource]:
        """Return what keeps the posteriors of a recording, and the source to read it from."""
        damage: dict[str, None] = {}
        tell = path.on_damage

        def on_damage(what: str) -> None:
            damage[what] = None
            if tell:
                tell(what)

        def keep(posteriors: Posteriors) -> None:
            whole = dataclasses.replace(posteriors, damage=tuple(damage))
            self._cache.put(self._key(path), whole.to_bytes())

        return keep, dataclasses.replace(path, on_damage=on_damage) if tell else path

    def _key(self, path: AudioSource) -> str:
        part = [path.track, path.channel, path.on_damage is not None, path.start_s, str(path.end_s)]
        return json.dumps(["posteriors", *self._known, *part])


def sha256_of(path: Path, expected: str = "a file to read") -> str:
    """Hash a file, or all files in a folder.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    hashed = hashlib.sha256()
    try:
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        for one in files:
            with one.open("rb") as file:
                hashed.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise DataError(f"{path}: {why_unreadable(error)}, expected {expected}") from error
    return hashed.hexdigest()


def _version() -> str:
    """Return the version of this plugin, "" where it runs without being installed."""
    try:
        return importlib.metadata.version("seqstudio-speech")
    except importlib.metadata.PackageNotFoundError:
        return ""

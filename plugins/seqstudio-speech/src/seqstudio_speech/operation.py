"""The operation `transcribe`: one recording in, one transcript out."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqstudio.api import (
    MARK,
    ConfigError,
    DamagedError,
    DataError,
    Job,
    LoadedModel,
    Presentation,
    Request,
    Result,
    Transcript,
)
from seqstudio.api.media import AudioInfo, AudioSource, audio_info, read_text_file
from seqstudio_speech.channels import Hears, heard_by_channel
from seqstudio_speech.decoding import PHRASE_REWARD, SearchOptions
from seqstudio_speech.earlier import KeptPosteriors, kept_results, sha256_of
from seqstudio_speech.kept import Heard
from seqstudio_speech.language_model import read_model
from seqstudio_speech.outside import OutsideRecogniser
from seqstudio_speech.pauses import Measure, levels_db
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.text import Alphabet
from seqstudio_speech.voice_levels import VoiceLevels
from seqstudio_speech.words import mean_confidence

SEARCH = ("beam", "lm", "no_lm", "int8", "phrase", "phrases", "phrase_reward")

WITHOUT = "a recogniser from outside gives words without the probabilities that this needs"


class Transcribe:
    """Transcribes a recording of any length: words with times and confidence."""

    name = "transcribe"

    def __init__(self) -> None:
        self._latest: tuple[LoadedModel, Mapping[str, Any], Recogniser] | None = None
        self._voice: VoiceLevels | None = None

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the transcript of the one recording of `request`.

        Raises
        ------
        DataError
            If the recording, the language model or the phrases cannot be read.
        """
        (path,) = request.inputs["audio"]
        damage: dict[str, None] = {}  # each sentence once, in order
        source = _source(path, request.options, damage)
        try:
            info = audio_info(source)
            job.check()
            recogniser = self._recogniser(request.options, job)
            for result in _results(recogniser, source, info, damage, request.options, job):
                yield _presented(result, source, request.options)
        except DamagedError as error:
            raise DataError(f"{error}; --partial takes what is there") from error

    def _recogniser(self, options: Mapping[str, Any], job: Job) -> Recogniser | OutsideRecogniser:
        """Return what the user chose: a recogniser from outside, or a model of ours.

        That of the item before is kept, if it is the same; its searches are faster.

        Raises
        ------
        ConfigError
            If an option is set that the choice cannot follow.
        """
        language = options.get("language", "")
        asked = {name: options.get(name) for name in (*SEARCH, "vad")}
        measure = self._measure(asked["vad"])
        if outside := job.recogniser():
            for name in SEARCH[:-1]:
                if asked[name]:
                    found = f"{outside.name}: {name}={asked[name]}"
                    raise ConfigError(f"{found}, expected none: {WITHOUT}")
            return OutsideRecogniser(outside, language, measure)
        model = job.model()
        if not self._latest or self._latest[0] is not model or self._latest[1] != asked:
            search = search_options(options, model, job)
            self._latest = model, asked, Recogniser(model, search, measure)
        recogniser = self._latest[2]
        known = recogniser.settings.language
        if language and known and language.partition("-")[0] != known.partition("-")[0]:
            where = f"model {recogniser.model.name!r}"
            raise ConfigError(f"{where}: language={language!r}, expected {known!r}")
        return recogniser

    def _measure(self, vad: str | None) -> Measure:
        """Return what finds the levels, at whose pauses recordings are cut."""
        if vad != VoiceLevels.name:
            return levels_db
        self._voice = self._voice or VoiceLevels()
        return self._voice


def _results(
    recogniser: Recogniser | OutsideRecogniser,
    source: AudioSource,
    info: AudioInfo,
    damage: Mapping[str, None],
    options: Mapping[str, Any],
    job: Job,
) -> Iterator[Result]:
    """Yield what is kept of an earlier job, or what is heard now, which is then kept."""
    sha256 = sha256_of(source.path, "an audio file")
    loaded = recogniser.model if isinstance(recogniser, Recogniser) else recogniser.loaded
    ways = (options.get("int8") and "int8", options.get("vad") == VoiceLevels.name and "silero")
    device = " ".join([job.device, *(way for way in ways if way)])
    known = f"{loaded.name} {loaded.sha256} {device}"
    kept = kept_results(sha256, source.name, known, options, job.cache())
    if result := kept.get():
        yield result
        return
    listener: Hears = recogniser
    if isinstance(recogniser, Recogniser):
        listener = KeptPosteriors(recogniser, sha256, device, job.cache())
    for one in _heard(listener, source, info, options, job):
        if not one.is_whole:
            yield _part(one.transcript)
            continue
        result = _whole(one.transcript, recogniser, info, damage)
        kept.put(result)
        if isinstance(listener, KeptPosteriors) and listener.reused:
            result = dataclasses.replace(result, details={**result.details, "reused": "posteriors"})
        yield result


def _heard(
    recogniser: Hears,
    source: AudioSource,
    info: AudioInfo,
    options: Mapping[str, Any],
    job: Job,
) -> Iterator[Heard]:
    """Yield what is heard of all channels mixed, or of each alone."""

    def on_progress(seconds: float) -> None:
        job.progress(min(1.0, seconds / info.duration_s))

    if options.get("channels") == "split" and info.channels > 1:
        return heard_by_channel(recogniser, source, info.channels, on_progress, job.pieces())
    return recogniser.heard(source, on_progress, job.pieces())


def _presented(result: Result, source: AudioSource, options: Mapping[str, Any]) -> Result:
    """Return a result with the layout and the mark that the options ask for."""
    usual = Presentation()
    presentation = Presentation(
        line_length=options.get("line_length") or usual.line_length,
        least_s=options.get("least_duration", usual.least_s),
        reading_speed=options.get("reading_speed") or usual.reading_speed,
        sound=source,
    )
    outputs = dict(result.outputs)
    transcript = outputs["transcript"]
    if options.get("mark") and isinstance(transcript, Transcript):
        notes = (MARK, *transcript.notes)
        outputs["transcript"] = dataclasses.replace(transcript, notes=notes)
    return dataclasses.replace(result, outputs=outputs, presentation=presentation)


def _whole(
    transcript: Transcript,
    recogniser: Recogniser | OutsideRecogniser,
    info: AudioInfo,
    damage: Mapping[str, None],
) -> Result:
    notes = (*transcript.notes, *info.notes, *damage)
    words = [word for segment in transcript.segments for word in segment.words]
    count = len(words)
    counted = f"{count} word{'' if count == 1 else 's'} in {info.duration_s:.1f} s"
    return Result(
        outputs={"transcript": dataclasses.replace(transcript, notes=notes)},
        summary="; ".join((counted, *notes)),
        details={
            **(recogniser.decoder.provenance() if isinstance(recogniser, Recogniser) else {}),
            "words": count,
            "duration_s": round(info.duration_s, 3),
            "confidence": mean_confidence(words),
            "unlike_training": transcript.unlike_training,
            "notes": list(notes),
        },
    )


def _part(transcript: Transcript) -> Result:
    """Return what was heard of a recording so far."""
    return Result(
        outputs={"transcript": transcript}, partial=True, summary="; ".join(transcript.notes)
    )


def search_options(options: Mapping[str, Any], model: LoadedModel, job: Job) -> SearchOptions:
    """Return what the options of the operation ask of the search; read the files they name.

    Raises
    ------
    DataError
        If a file cannot be read.
    """
    lm = options.get("lm")
    words = read_model(Path(lm), Alphabet(model.settings), job.model_at) if lm else None
    return SearchOptions(
        beam=options.get("beam"),
        words=words,
        no_words=bool(options.get("no_lm")),
        int8=bool(options.get("int8")),
        phrases=phrases_of(options),
        reward=options.get("phrase_reward") or PHRASE_REWARD,
    )


def phrases_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the phrases of the options, and those of the file that they name.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    phrases = list(options.get("phrase") or ())
    if file := options.get("phrases"):
        phrases += read_text_file(Path(file)).splitlines()
    return tuple(phrases)


def _source(path: Path, options: Mapping[str, Any], damage: dict[str, None]) -> AudioSource:
    """Return a recording that is read as the options say; its damage is noted, if that is asked."""

    def on_damage(what: str) -> None:
        damage[what] = None

    partial = options.get("partial", False)
    return AudioSource(path, options.get("track", 1), on_damage if partial else None)

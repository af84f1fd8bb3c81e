"""Recognisers from outside: what they hear in each piece becomes a transcript like any other."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from seqstudio.api import (
    AudioExample,
    DataError,
    LoadedRecogniser,
    Measurement,
    Pieces,
    Recognition,
    Transcript,
    Word,
)
from seqstudio.api.media import AudioSource, audio_info
from seqstudio_speech.kept import Heard, in_parts, last, recalled
from seqstudio_speech.mixdown import Mixdown, mixdown_of
from seqstudio_speech.open_vocabulary import NAME, open_normalised
from seqstudio_speech.pauses import Measure, levels_db
from seqstudio_speech.recordings import Chunk, chunks, is_silent, spoken
from seqstudio_speech.scoring import error_sums, word_errors
from seqstudio_speech.scripts import joined
from seqstudio_speech.words import segments_of


class OutsideRecogniser:
    """Transcribes recordings with a recogniser that another plugin brings.

    Parameters
    ----------
    loaded : the recogniser
    language : BCP 47; "" is that of the first piece in which something was said
    measure : finds the levels, at whose pauses recordings are cut
    """

    def __init__(
        self, loaded: LoadedRecogniser, language: str = "", measure: Measure = levels_db
    ) -> None:
        self.loaded = loaded
        self.language = language
        self._measure = measure

    def transcribe(self, path: Path | AudioSource) -> Transcript:
        """Transcribe a recording of any length.

        Raises
        ------
        DataError
            If the recording cannot be read.
        """
        return last(self.heard(path))

    def heard(
        self,
        path: Path | AudioSource,
        on_progress: Callable[[float], None] = lambda seconds: None,
        pieces: Pieces | None = None,
    ) -> Iterator[Heard]:
        """Transcribe a recording; yield what was heard now and then, and the whole at the end.

        Parameters
        ----------
        path : the recording
        on_progress : called after each piece with the number of seconds done
        pieces : what an earlier run finished, and where this one keeps what it finishes

        Raises
        ------
        DataError
            If the recording cannot be read.
        Cancelled
            If `on_progress` raises it, after what was heard so far has been yielded.
        """
        duration_s = audio_info(path).duration_s
        mixdown = mixdown_of(path)
        language = self.language
        heard: list[tuple[float, Recognition]] = []

        def recognise(piece: Chunk) -> Recognition:
            return self._recognise(piece, language)

        def ends_s() -> Iterator[float]:
            nonlocal language
            parts = merged(chunks(path, self.loaded.rate_hz, mixdown, self._measure), self.loaded)
            for piece, found in recalled(parts, recognise, Recognition, pieces):
                language = language or (found.language or "" if found.words else "")
                heard.append((piece.start_s, found))
                yield piece.start_s + len(piece.samples) / self.loaded.rate_hz

        def transcript(note: str) -> Transcript:
            return self._transcript(path.name, duration_s, heard, mixdown, note)

        yield from in_parts(ends_s(), transcript, duration_s, on_progress)

    def _transcript(
        self,
        name: str,
        duration_s: float,
        heard: list[tuple[float, Recognition]],
        mixdown: Mixdown | None,
        note: str,
    ) -> Transcript:
        words: list[Word] = []
        attached: list[bool] = []
        for start_s, found in heard:
            words += in_order(found.words, start_s, duration_s)
            attached += found.attached or [False] * len(found.words)
        languages = [found.language for _, found in heard if found.words and found.language]
        remarks = (mixdown.remark if mixdown else "", "" if words else "nothing was said", note)
        return Transcript(
            audio=name,
            duration_s=round(duration_s, 3),
            text=joined(zip((word.word for word in words), attached, strict=True)),
            language=self.language or next(iter(languages), None),
            notes=tuple(remark for remark in remarks if remark),
            segments=segments_of(words, attached),
            alternatives=heard[0][1].alternatives if len(heard) == 1 else (),
            provenance={"model": self.loaded.name, "model_sha256": self.loaded.sha256},
        )

    def _recognise(self, piece: Chunk, language: str) -> Recognition:
        rate_hz = self.loaded.rate_hz
        heard = spoken(piece, rate_hz)
        if is_silent(heard.samples, rate_hz):
            return Recognition()
        found = self.loaded.recognise(heard.samples, language)
        by_s = heard.start_s - piece.start_s
        return dataclasses.replace(
            found,
            words=tuple(
                dataclasses.replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)
                for word in found.words
            ),
        )


def measure_outside(
    recogniser: LoadedRecogniser, examples: Iterable[AudioExample]
) -> Iterator[Measurement]:
    """Measure a recogniser on examples, both texts normalised as for an open vocabulary."""
    outside = OutsideRecogniser(recogniser)
    for example in examples:
        refused, hypothesis = "", ""
        english = True
        try:
            transcript = outside.transcribe(example.audio)
            english = (transcript.language or "en").partition("-")[0] == "en"
            hypothesis = open_normalised(transcript.text, english=english)
        except DataError as error:
            refused = str(error)
        reference = open_normalised(example.transcript, english=english)
        errors = word_errors(reference.split(), hypothesis.split())
        yield Measurement(
            id=example.id,
            sums=error_sums(reference, hypothesis),
            detail={
                "reference": reference,
                "hypothesis": hypothesis,
                "errors": [asdict(error) for error in errors],
                "normaliser": NAME,
            },
            refused=refused,
        )


def merged(pieces: Iterator[Chunk], loaded: LoadedRecogniser) -> Iterator[Chunk]:
    """Join adjacent pieces while they are no longer than a recogniser takes.

    An engine that was trained on whole minutes guesses better the more it hears.
    """
    waiting: list[Chunk] = []
    for piece in pieces:
        samples = sum(len(one.samples) for one in waiting) + len(piece.samples)
        if waiting and samples > loaded.longest_s * loaded.rate_hz:
            yield _joined(waiting)
            waiting = []
        waiting.append(piece)
    if waiting:
        yield _joined(waiting)


def _joined(pieces: list[Chunk]) -> Chunk:
    return Chunk(np.concatenate([piece.samples for piece in pieces]), pieces[0].start_s)


def in_order(words: tuple[Word, ...], start_s: float, duration_s: float) -> Iterator[Word]:
    """Yield words of a piece with times in the recording: none before the last, none past its end.

    Engines that estimate times let words overlap, or end after the audio.
    """
    last_s = start_s
    for word in words:
        start = min(max(start_s + word.start_s, last_s), duration_s)
        end = min(max(start_s + word.end_s, start), duration_s)
        last_s = start
        yield dataclasses.replace(word, start_s=round(start, 3), end_s=round(end, 3))

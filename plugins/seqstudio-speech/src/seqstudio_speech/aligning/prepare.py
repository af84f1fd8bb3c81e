"""The operation `prepare`: a long recording and its untimed text in, data to train on out."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from seqstudio.api import Job, Request, Result, Segment, Table, Transcript
from seqstudio.api.media import AudioSource, audio_info
from seqstudio_speech.aligning.sure import PlacedLine, place_by_model, place_by_words
from seqstudio_speech.aligning.texts import read_given_text
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.kept import last
from seqstudio_speech.outside import OutsideRecogniser
from seqstudio_speech.recognise import Recogniser

SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+")  # noqa: RUF001 - of scripts with wide punctuation
COLUMNS = ("sentence", "fate", "start_s", "end_s", "confidence", "text")
LEAST_MODEL, LEAST_ENGINE = 0.5, 0.8


class Prepare:
    """Finds which sentences of a text are said for sure, and when; the rest is listed."""

    name = "prepare"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the sentences with their times, and the fate of each.

        Raises
        ------
        DataError
            If the recording or the text cannot be read.
        """
        ((path,), (text,)) = request.inputs["audio"], request.inputs["text"]
        audio, least = AudioSource(path, request.options.get("track", 1)), request.options["least"]
        lines = list(chain.from_iterable(map(SENTENCE.split, read_given_text(text).lines)))
        duration_s = audio_info(audio).duration_s

        def on_progress(seconds: float) -> None:
            job.progress(0.8 * min(1.0, seconds / duration_s))

        if outside := job.recogniser():
            transcript = last(OutsideRecogniser(outside).heard(audio, on_progress))
            placed = place_by_words(transcript, lines, LEAST_ENGINE if least is None else least)
            model = outside.name
        else:
            recogniser = Recogniser(job.model(), SearchOptions(no_words=True))
            posteriors = recogniser.posteriors(audio, on_progress)
            least = LEAST_MODEL if least is None else least
            placed = place_by_model(recogniser, posteriors, lines, least)
            model = recogniser.model.name
        sure = [line for line in placed if line.is_sure]
        prepared = Transcript(
            audio=path.name,
            duration_s=round(duration_s, 3),
            text="\n".join(line.text for line in sure),
            origin="aligned",
            segments=tuple(map(_segment, sure)),
            provenance={"model": model},
        )
        minutes = sum(one.end_s - one.start_s for one in prepared.segments) / 60
        yield Result(
            outputs={"prepared": prepared, "ledger": _ledger(placed)},
            summary=(
                f"{len(sure)} of {len(placed)} sentences are sure, {minutes:.1f} of "
                f"{duration_s / 60:.1f} minutes; the ledger says why the others are not"
            ),
            details={"sure": len(sure), "sentences": len(placed), "minutes": round(minutes, 3)},
        )


def _segment(line: PlacedLine) -> Segment:
    return Segment(
        start_s=line.words[0].start_s,
        end_s=line.words[-1].end_s,
        text=line.text,
        confidence=line.confidence,
        origin="aligned",
        words=line.words,
    )


def _ledger(placed: Sequence[PlacedLine]) -> Table:
    """Return a row for each sentence: its number, fate, times and text."""
    rows = []
    for line in placed:
        times = (line.words[0].start_s, line.words[-1].end_s) if line.words else ("", "")
        rows.append((line.number, line.reason or "sure", *times, line.confidence, line.text))
    return Table(COLUMNS, tuple(rows))

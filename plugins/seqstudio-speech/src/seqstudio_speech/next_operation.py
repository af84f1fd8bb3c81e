"""The operation `next`: untranscribed recordings in, those that would teach a model most out."""

from collections.abc import Iterator
from dataclasses import dataclass

from seqstudio.api import DataError, Job, Request, Result, Table
from seqstudio.api.media import audio_info
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.importers.items import recordings
from seqstudio_speech.recognise import Recogniser

COLUMNS = ("rank", "recording", "seconds", "total_minutes", "wrong_an_hour", "heard", "note")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording and what the model made of it.

    `doubt` is the number of its words that are expected to be wrong: the sum of 1 less the
    confidence of each.
    """

    name: str
    seconds: float
    doubt: float
    text: str
    note: str

    @property
    def wrong_an_hour(self) -> float:
        """What an hour of such speech, transcribed by hand, would correct."""
        return 3600 * self.doubt / self.seconds


class Next:
    """Ranks recordings by how many words the model expects to have wrong in the same time."""

    name = "next"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the ranking.

        Raises
        ------
        DataError
            If there are no recordings, or one cannot be read.
        """
        (folder,) = request.inputs["folder"]
        paths = recordings(folder)
        if not paths:
            raise DataError(f"{folder}: no recordings, expected some")
        recogniser = Recogniser(job.model(), SearchOptions())
        found = []
        for number, path in enumerate(paths):
            job.progress(number / len(paths), path.name)
            transcript = recogniser.transcribe(path)
            words = [word for segment in transcript.segments for word in segment.words]
            doubt = sum(1 - word.confidence for word in words if word.confidence is not None)
            name = path.relative_to(folder).as_posix() if folder.is_dir() else path.name
            seconds = max(audio_info(path).duration_s, 0.01)
            note = "; ".join(transcript.notes)
            found.append(Candidate(name, seconds, doubt, transcript.text, note))
        ranked = sorted(found, key=lambda one: (-one.wrong_an_hour, one.name))
        chosen = _within(ranked, request.options["minutes"])
        minutes = sum(one.seconds for one in chosen) / 60
        wrong = sum(one.doubt for one in chosen)
        share = wrong / max(1e-9, sum(one.doubt for one in found))
        yield Result(
            outputs={"ranking": _table(ranked)},
            summary=(
                f"the first {len(chosen)} of {len(found)} recordings have {minutes:.1f} minutes "
                f"and {100 * share:.0f} % of the words that are expected to be wrong"
            ),
            details={"first": [one.name for one in chosen], "minutes": round(minutes, 2)},
        )


def _within(ranked: list[Candidate], minutes: float) -> list[Candidate]:
    """Return the first recordings that are not longer than a number of minutes together."""
    chosen, left_s = [], 60 * minutes
    for one in ranked:
        left_s -= one.seconds
        if left_s < 0:
            break
        chosen.append(one)
    return chosen


def _table(ranked: list[Candidate]) -> Table:
    rows, total_s = [], 0.0
    for rank, one in enumerate(ranked, start=1):
        total_s += one.seconds
        minutes, wrong = round(total_s / 60, 2), round(one.wrong_an_hour)
        rows.append((rank, one.name, round(one.seconds, 2), minutes, wrong, one.text, one.note))
    return Table(COLUMNS, tuple(rows))

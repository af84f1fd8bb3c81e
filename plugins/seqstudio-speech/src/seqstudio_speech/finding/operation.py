"""The operation `find`: the places of words and phrases in recordings, by their posteriors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Formatted, Job, Request, Result
from seqstudio.api.media import AudioSource
from seqstudio.api.nn import find_keyword
from seqstudio_speech.earlier import KeptPosteriors, sha256_of
from seqstudio_speech.finding.report import Hit, HitPage, table
from seqstudio_speech.posteriors import Posteriors
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.text import normalise


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word or phrase, and its labels."""

    text: str
    labels: tuple[int, ...]


class Find:
    """Finds where words and phrases are said, without searching for everything else."""

    name = "find"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the places of all words in all recordings; those that cannot be read are named.

        Raises
        ------
        DataError
            If a word has letters that the model does not write, or no recording can be read.
        """
        recogniser = Recogniser(job.model())
        words = [request.options["word"], *(request.options.get("also") or ())]
        keywords = keywords_of(words, recogniser)
        paths = request.inputs["audio"]
        hits: list[Hit] = []
        refused: dict[str, str] = {}
        heard_s = 0.0
        for number, path in enumerate(paths):
            try:
                posteriors = _posteriors(path, recogniser, job)
            except DataError as error:
                refused[str(path)] = str(error)
                continue
            heard_s += posteriors.duration_s
            hits += hits_in(posteriors, keywords, recogniser, path, request.options["least_score"])
            job.progress((number + 1) / len(paths), path.name)
        if len(refused) == len(paths):
            raise DataError("; ".join(refused.values()))
        hits.sort(key=lambda hit: -hit.score)
        yield Result(
            outputs={"hits": Formatted(HitPage(hits), otherwise=table(hits))},
            summary="; ".join(_summary(hits, len(paths), heard_s, refused)),
            details={"hits": len(hits), "recordings": len(paths), "refused": refused},
        )


def keywords_of(words: Sequence[str], recogniser: Recogniser) -> tuple[Keyword, ...]:
    """Return words as a model writes them.

    Raises
    ------
    DataError
        If a word is empty, or has letters that the model does not write.
    """
    alphabet = recogniser.alphabet
    found = []
    for word in words:
        if not (text := normalise(word, alphabet.case)):
            raise DataError(f"word {word!r}, expected letters")
        found.append(Keyword(text, alphabet.encode(text)))
    return tuple(found)


def hits_in(
    posteriors: Posteriors,
    keywords: Sequence[Keyword],
    recogniser: Recogniser,
    path: Path,
    least_score: float,
) -> Iterator[Hit]:
    """Yield the places of keywords in one recording."""
    chunks = [chunk for chunk in posteriors.chunks if chunk.labels]
    if not chunks:
        return
    rows = [chunk.log_probs().numpy() for chunk in chunks]
    space = recogniser.alphabet.encode_space()
    for keyword in keywords:
        for found in find_keyword(rows, keyword.labels, space=space, least_score=least_score):
            at_s = chunks[found.row].start_s
            start_s, end_s = recogniser.seconds(found.start_frame, found.end_frame)
            yield Hit(
                word=keyword.text,
                recording=path,
                start_s=round(max(0.0, at_s + start_s), 3),
                end_s=round(min(posteriors.duration_s, at_s + end_s), 3),
                score=found.score,
            )


def _posteriors(path: Path, recogniser: Recogniser, job: Job) -> Posteriors:
    sha256 = sha256_of(path, "an audio file")
    listener = KeptPosteriors(recogniser, sha256, job.device, job.cache())
    return listener.posteriors(AudioSource(path))


def _summary(
    hits: Sequence[Hit], recordings: int, heard_s: float, refused: dict[str, str]
) -> Iterator[str]:
    yield f"{len(hits)} places in {recordings} recordings, {heard_s / 3600:.2f} hours"
    if refused:
        yield f"{len(refused)} cannot be read: {'; '.join(refused.values())}"

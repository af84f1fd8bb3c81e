"""The operation `score`: references and hypotheses in, a report of the errors out."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from seqstudio.api import Formatted, Job, Request, Result
from seqstudio_speech.open_vocabulary import NAME, WORDS_NAME, open_normalised
from seqstudio_speech.score.comparison import Scored, difference, rate, score
from seqstudio_speech.score.pages import Comparison, rate_text, to_html, to_json, to_text
from seqstudio_speech.score.texts import Utterances, matched, read_utterances
from seqstudio_speech.scripts import is_unspaced
from seqstudio_speech.text import normalise, normaliser_name

NORMALISERS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "exact": (normaliser_name("keep"), normalise),
    "case": (normaliser_name("lower"), partial(normalise, case="lower")),
    "words": (WORDS_NAME, partial(open_normalised, english=False)),
    "english": (NAME, open_normalised),
}


class Score:
    """Compares texts, whoever or whatever wrote them, with references."""

    name = "score"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the report.

        Raises
        ------
        DataError
            If a source cannot be read, or no names are the same in both.
        """
        ((reference,), (hypothesis,)) = request.inputs["reference"], request.inputs["hypothesis"]
        normaliser, convert = NORMALISERS[request.options["normaliser"]]
        references = read_utterances(reference)
        scored, notes = _scored(references, hypothesis, convert)
        unspaced = is_unspaced("".join(one.text for one in references.values()))
        metrics = ("cer",) if unspaced else ("wer", "cer")
        job.check()
        differences = {}
        if against := request.options.get("against"):
            second, others = _scored(references, Path(against), convert)
            notes = (*notes, *others)
            differences = {metric: difference(scored, second, metric) for metric in metrics}
        found = Comparison(
            scored=scored,
            rates={metric: rate(scored, metric) for metric in metrics},
            differences=differences,
            normaliser=normaliser,
            notes=notes,
        )
        formats = {"txt": to_text(found), "json": to_json(found), "html": to_html(found)}
        summary = ", ".join(f"{name} {rate_text(one)}" for name, one in found.rates.items())
        tested = [
            f"{name} {one.value * 100:+.1f} points, p = {one.p_value:.4f}"
            for name, one in differences.items()
        ]
        yield Result(
            outputs={"report": Formatted(formats)},
            summary="; ".join((summary, *tested, *notes)),
            details={name: one.value for name, one in found.rates.items()},
        )


def _scored(
    references: Utterances, source: Path, convert: Callable[[str], str]
) -> tuple[list[Scored], tuple[str, ...]]:
    """Score the texts of a source; a reference without one counts as left out altogether."""
    hypotheses = read_utterances(source)
    names = matched(references, hypotheses)
    scored = []
    for name, one in references.items():
        text = hypotheses[names[name]].text if name in names else ""
        scored.append(score(name, one.speaker, convert(one.text), convert(text)))
    missing, extra = len(references) - len(names), len(hypotheses) - len(names)
    notes = []
    if missing:
        notes.append(
            f"{source.name}: {missing} of {len(references)} texts are missing, all words left out"
        )
    if extra:
        notes.append(f"{source.name}: {extra} texts have no reference and are not counted")
    return scored, tuple(notes)

"""The operation `ngram`: texts in, an n-gram language model of words out, as an ARPA file."""

from collections.abc import Iterator

import numpy as np

from seqstudio.api import Job, Request, Result
from seqstudio.api.media import read_text_file
from seqstudio.api.nn import arpa_lines
from seqstudio_speech.language_model import WordModel, estimate
from seqstudio_speech.text import normalise

HELD_OUT = 10  # every tenth line measures a model of the others


class EstimateNGrams:
    """Counts words in texts, and smooths the counts."""

    name = "ngram"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield a model of all lines of the texts, each a sentence.

        Raises
        ------
        DataError
            If a text is not UTF-8, or there are no words.
        """
        options = request.options
        case = options["case"]
        lines = [
            line
            for path in request.inputs["text"]
            for line in (normalise(text, case) for text in read_text_file(path).splitlines())
            if line
        ]
        job.check()
        model = estimate(lines, order=options["order"], smoothing=options["smoothing"])
        target = job.folder / "model.arpa"
        text = "\n".join(arpa_lines(model.ngrams, model.words))
        target.write_text(text + "\n", encoding="utf-8")
        counts = ", ".join(f"{count:,}" for count in model.ngrams.counts())
        measured = held_out_perplexity(lines, options["order"], options["smoothing"])
        kilobytes = model.ngrams.nbytes / 1000
        summary = f"{len(model.words):,} words, n-grams by length {counts}, {kilobytes:,.0f} kB"
        if measured:
            summary += f"; perplexity of every tenth line by the others {measured:.1f}"
        yield Result(
            outputs={"model": target},
            summary=summary,
            details={
                "words": len(model.words),
                "ngrams": list(model.ngrams.counts()),
                "bytes": model.ngrams.nbytes,
                "held_out_perplexity": measured,
            },
        )


def held_out_perplexity(lines: list[str], order: int, smoothing: str) -> float | None:
    """Return the perplexity of every tenth line by a model of the others; None of too few lines.

    A word that the others do not have counts with the probability of some unknown word.
    """
    held = lines[::HELD_OUT]
    rest = [line for at, line in enumerate(lines) if at % HELD_OUT]
    if not rest:
        return None
    model: WordModel = estimate(rest, order=order, smoothing=smoothing)  # type: ignore[arg-type]
    scores = np.concatenate(model.ngrams.score(model.tokens(held)))
    return round(float(np.exp(-scores.mean())), 2)

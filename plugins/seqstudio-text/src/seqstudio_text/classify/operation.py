"""The operation `classify`: the label of every line, and which words decided it."""

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from seqstudio.api import Formatted, Job, LoadedModel, Request, Result
from seqstudio.api.pictures import blend
from seqstudio_text.classify.task import (
    HEAD,
    MOST_WORDS,
    classify_settings,
    label_probabilities,
    text_inputs,
)
from seqstudio_text.files import read_lines
from seqstudio_text.formats import Span, coloured, marked, page
from seqstudio_text.words import Word, split_words

SHOWN = 3  # words that decided, in a line of text
FOR, AGAINST = "#2c9c69", "#d9592c"  # colours of words
DARKEST = 0.7  # share of such a colour in that of the word that decided most


@dataclass(frozen=True)
class Verdict:
    """A line, its label, and how much each of its words speaks for that label."""

    line: str
    label: str
    probability: float
    words: tuple[Word, ...]
    weights: tuple[float, ...]


class Classify:
    """Labels every line of a text."""

    name = "classify"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the verdicts of one file.

        Raises
        ------
        DataError
            If the file cannot be read.
        """
        (path,) = request.inputs["text"]
        model, lines = job.model(), read_lines(path)
        found: list[Verdict | str] = []
        for number, line in enumerate(lines):
            job.progress(number / len(lines))
            found.append(judge(model, line) if split_words(line) else line)
        labels = [one.label for one in found if isinstance(one, Verdict)]
        counts = ", ".join(f"{labels.count(label)} {label}" for label in sorted(set(labels)))
        yield Result(
            outputs={"labels": formatted(found)},
            summary=f"{counts or 'no line with words'}, by {model.name}",
            details={"model": model.name},
        )


def judge(model: LoadedModel, line: str) -> Verdict:
    """Label a line; the weight of a word is its vector times the gradient of its label's logit.

    Source: Shrikumar et al. 2016, "Not just a black box: learning important features through
    propagating activation differences", section 2.
    """
    settings = classify_settings(model.settings)
    words = tuple(split_words(line)[:MOST_WORDS])
    probabilities = label_probabilities(model, line)
    best = int(probabilities.argmax())
    return Verdict(
        line=line,
        label=settings.labels[best],
        probability=float(probabilities[best]),
        words=words,
        weights=tuple(word_weights(model, line, best)),
    )


def word_weights(model: LoadedModel, line: str, label: int) -> list[float]:
    """Return for each word its frame times the gradient of a label's logit over the others'."""
    frames: list[Any] = []

    def keep(module: object, inputs: object, output: tuple[Any, Any]) -> tuple[Any, Any]:
        frames.append(output[0].detach().requires_grad_())
        return frames[0], output[1]

    inputs, lengths = text_inputs([line], classify_settings(model.settings).buckets)
    hook = model.module.source.register_forward_hook(keep)
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            encoded = model.module.encode(inputs.to(model.device), lengths)
            logits = model.module.head(HEAD)(encoded)[0]
            (2 * logits[label] - logits.sum()).backward()
    finally:
        hook.remove()
        model.module.zero_grad(set_to_none=True)
    return (frames[0] * frames[0].grad).sum(dim=2)[0].tolist()  # type: ignore[no-any-return]


def deciding(verdict: Verdict) -> list[str]:
    """Return the words that speak most for the label, the strongest first."""
    pairs = sorted(zip(verdict.weights, verdict.words, strict=True), key=lambda pair: -pair[0])
    return [word.text for weight, word in pairs if weight > 0][:SHOWN]


def formatted(verdicts: Sequence[Verdict | str]) -> Formatted:
    """Return the verdicts in every format; lines without a word are strings, and stay."""
    pieces = [_plain(one) for one in verdicts]
    return Formatted(
        {
            "txt": "".join(_line(one) + "\n" for one in verdicts),
            "json": json.dumps(pieces, ensure_ascii=False, indent=1) + "\n",
            "html": page("Labels", [_html(one) for one in verdicts]),
            "ansi": "".join(_terminal(one) + "\n" for one in verdicts),
        }
    )


def _line(one: Verdict | str) -> str:
    """Return label, probability, the words that decided, and the text."""
    if isinstance(one, str):
        return f"-\t\t\t{one}"
    return f"{one.label}\t{one.probability:.3f}\t{' '.join(deciding(one))}\t{one.line}"


def _plain(one: Verdict | str) -> dict[str, object]:
    if isinstance(one, str):
        return {"text": one, "label": None}
    words = [
        {"word": word.text, "start": word.start, "end": word.end, "weight": round(weight, 4)}
        for word, weight in zip(one.words, one.weights, strict=True)
    ]
    return {
        "text": one.line,
        "label": one.label,
        "probability": round(one.probability, 4),
        "words": words,
    }


def _html(one: Verdict | str) -> str:
    if isinstance(one, str):
        return html.escape(one)
    label = f"<b>{html.escape(one.label)}</b> {one.probability:.2f}"
    return f"{label} {marked(one.line, _spans(one))}"


def _terminal(one: Verdict | str) -> str:
    if isinstance(one, str):
        return coloured(one, [])
    return f"{one.label} {one.probability:.2f} {coloured(one.line, _spans(one))}"


def _spans(one: Verdict) -> list[Span]:
    """Return the words with their colours: for the label in green, against it in orange."""
    most = max((abs(weight) for weight in one.weights), default=0.0) or 1.0
    return [
        (
            word.start,
            word.end,
            blend(FOR if weight > 0 else AGAINST, DARKEST * abs(weight) / most),
            f"{weight:.2f}",
        )
        for word, weight in zip(one.words, one.weights, strict=True)
    ]

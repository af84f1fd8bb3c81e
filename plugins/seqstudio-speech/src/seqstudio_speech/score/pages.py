"""A comparison as text, as JSON and as one page of HTML."""

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from seqstudio_speech.score.comparison import (
    Difference,
    Rate,
    Scored,
    Step,
    by_speaker,
    confusions,
    counts_of,
)

MOST = 20  # confusions that are listed
TITLES = {"wer": "words wrong", "cer": "characters wrong"}
GAP = "*"  # stands where the other text has a word
STYLE = """body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; }
table { border-collapse: collapse; margin: 1em 0; } td, th { padding: .2em .8em; text-align: left; }
th { border-bottom: 1px solid; } td + td { text-align: right; } p { margin: .3em 0; }
del { color: #a40000; } ins { color: #00559b; } small { color: #666; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; }
del { color: #ff8080; } ins { color: #80c4ff; } small { color: #999; } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that is reported of hypotheses: their errors, and how they differ from a second set's."""

    scored: Sequence[Scored]
    rates: dict[str, Rate]
    differences: dict[str, Difference]
    normaliser: str
    notes: tuple[str, ...]

    def headlines(self) -> Iterator[str]:
        """Yield a sentence for each figure and note."""
        for metric, rate in self.rates.items():
            yield f"{rate_text(rate)} of {rate.length} {TITLES[metric]}"
        for metric, one in self.differences.items():
            low, high = 100 * one.low, 100 * one.high
            yield (
                f"the second has {100 * one.value:+.1f} points of {TITLES[metric]} "
                f"({low:+.1f} to {high:+.1f}), p = {one.p_value:.4f}"
            )
        yield f"compared after: {self.normaliser}"
        yield from self.notes


def rate_text(rate: Rate) -> str:
    """Return a rate in per cent with its interval."""
    return f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def to_text(found: Comparison) -> str:
    """Return figures, speakers, confusions, and every utterance with an error, aligned."""
    lines = [*found.headlines(), ""]
    for speaker, errors, length, rate in _speakers(found):
        lines.append(f"{speaker}: {rate} of {length} ({errors} errors)")
    lines += ["", "most frequent errors"]
    lines += [
        f"{count:6}  {_what(step)}" for step, count in confusions(found.scored).most_common(MOST)
    ]
    for one in (one for one in found.scored if one.errors):
        lines += ["", one.name, *_aligned(one.steps)]
    return "\n".join(lines) + "\n"


def _aligned(steps: Sequence[Step]) -> tuple[str, str]:
    pairs = [(step.reference or GAP, step.hypothesis or GAP) for step in steps]
    widths = [max(map(len, pair)) for pair in pairs]
    rows = [
        "  ".join(pair[row].ljust(width) for pair, width in zip(pairs, widths, strict=True))
        for row in (0, 1)
    ]
    return f"  ref  {rows[0].rstrip()}", f"  hyp  {rows[1].rstrip()}"


def _what(step: Step) -> str:
    if not step.reference:
        return f"{step.hypothesis} inserted"
    return (
        f"{step.reference} → {step.hypothesis}" if step.hypothesis else f"{step.reference} left out"
    )


def _speakers(found: Comparison) -> Iterator[tuple[str, int, int, str]]:
    metric = next(iter(found.rates))
    for speaker, own in by_speaker(found.scored).items():
        errors, length = counts_of(own, metric).sum(axis=0)
        yield speaker, int(errors), int(length), f"{100 * errors / max(1, length):.1f} %"


def to_json(found: Comparison) -> str:
    """Return everything as JSON."""
    metric = next(iter(found.rates))
    plain = {
        "rates": {
            name: {"value": rate.value, **asdict(rate)} for name, rate in found.rates.items()
        },
        "differences": {name: asdict(one) for name, one in found.differences.items()},
        "normaliser": found.normaliser,
        "notes": list(found.notes),
        "speakers": {
            name: {"errors": errors, "length": length}
            for name, errors, length, _ in _speakers(found)
        },
        "confusions": [
            {**asdict(step), "count": count}
            for step, count in confusions(found.scored).most_common()
        ],
        "utterances": [
            {
                "name": one.name,
                "speaker": one.speaker,
                "errors": one.sums[metric][0],
                "length": one.sums[metric][1],
                "steps": [[step.reference, step.hypothesis] for step in one.steps],
            }
            for one in found.scored
        ],
    }
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


def to_html(found: Comparison) -> str:
    """Return one page that needs nothing else; the utterances with most errors come first."""
    parts = [f"<p>{html.escape(line)}</p>" for line in found.headlines()]
    if speakers := list(_speakers(found)):
        rows = [(name, rate, f"{errors} of {length}") for name, errors, length, rate in speakers]
        parts.append(_table(("speaker", "wrong", ""), rows))
    rows = [
        (_what(step), str(count), "") for step, count in confusions(found.scored).most_common(MOST)
    ]
    parts.append(_table(("error", "times", ""), rows))
    for one in sorted(found.scored, key=lambda one: -one.errors):
        words = " ".join(map(_marked, one.steps))
        parts.append(f"<p><small>{html.escape(one.name)}</small> {words}</p>")
    head = f'<!doctype html><meta charset="utf-8"><title>Errors</title><style>{STYLE}</style>'
    return head + "<h1>Errors</h1>\n" + "\n".join(parts) + "\n"


def _table(head: tuple[str, str, str], rows: Sequence[tuple[str, str, str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(
        f"<tr><td>{html.escape(first)}</td><td>{second}</td><td>{third}</td></tr>"
        for first, second, third in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _marked(step: Step) -> str:
    """Return a word; one that was left out struck through, one that was put in its place beside."""
    if step.is_right:
        return html.escape(step.reference)
    left = f"<del>{html.escape(step.reference)}</del>" if step.reference else ""
    right = f"<ins>{html.escape(step.hypothesis)}</ins>" if step.hypothesis else ""
    return left + right

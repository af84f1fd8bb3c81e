"""BLEU over a set, from what each sentence adds to its counts (Papineni et al. 2002).

sacreBLEU (Post 2018) counts and computes; cased and lower-cased, with its default tokens.
"""

from collections.abc import Mapping, Sequence

from seqstudio.api import Measurement, Task

CASED, LOWERED = "bleu", "bleu_lowercased"


def sentence_statistics(found: str, expected: str) -> dict[str, list[int]]:
    """Return lengths, matches and numbers of n-grams of a sentence, cased and lower-cased."""
    from sacrebleu.metrics.bleu import BLEU

    statistics = {}
    for name, lower in ((CASED, False), (LOWERED, True)):
        metric = BLEU(lowercase=lower)
        (counts,) = metric._extract_corpus_statistics([found], [[expected]])
        statistics[name] = [int(count) for count in counts]
    return statistics


class Bleu:
    """Gives BLEU, 0 to 100, beside what is pooled."""

    name = "bleu"
    task = "text.translate"

    def compute(self, task: Task, measurements: list[Measurement]) -> Mapping[str, float]:
        """Return BLEU over all sentences."""
        values = {}
        for name in (CASED, LOWERED):
            rows = [one.detail[name] for one in measurements if name in one.detail]
            values[name] = corpus_bleu(rows, lowercase=name == LOWERED)
        return values


def corpus_bleu(statistics: Sequence[object], *, lowercase: bool) -> float:
    """Return BLEU, 0 to 100, of sentences whose statistics are given."""
    from sacrebleu.metrics.bleu import BLEU

    rows = [row for row in statistics if isinstance(row, list)]
    total = [sum(column) for column in zip(*rows, strict=True)]
    score = BLEU(lowercase=lowercase).compute_bleu(
        correct=total[2:6],
        total=total[6:10],
        sys_len=total[0],
        ref_len=total[1],
        smooth_method="exp",
    )
    return float(score.score)

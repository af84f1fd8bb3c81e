"""The best translations of lines: a beam search, with unknown characters copied by attention."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from seqstudio.api import BeamConfig, BeamHypothesis, EndGuide, LoadedModel, Sampler
from seqstudio.api.nn import Encoded
from seqstudio_text.translate.settings import BUFFER, source_batch, translate_settings
from seqstudio_text.translate.subwords import END, UNKNOWN, Subwords

LONGER = 2.0  # times as many units as the source a translation may have, and some more
MORE = 10
COVERAGE = 0.3  # the best on valid parts in two languages, see `benchmarks/translation_search.py`
SEARCH = BeamConfig(beam=4, coverage=COVERAGE)


@dataclass(frozen=True)
class Translation:
    """A translation, its score, and where each of its units attended to."""

    text: str
    score: float
    units: tuple[str, ...]
    sources: tuple[str, ...]  # units of the source, with its end, as the model read them
    attention: tuple[tuple[float, ...], ...] = ()  # for each unit, over those of the source


def translate_lines(
    model: LoadedModel,
    lines: Sequence[str],
    *,
    sampler: Sampler | None = None,
    search: BeamConfig = SEARCH,
) -> list[list[Translation]]:
    """Return the best translations of each line, the best first.

    `sampler` is the job that runs the model, if there is one: it can be cancelled. The maximum of
    `search` is set by the longest line; its coverage counts in models with attention.
    """
    settings = translate_settings(model.settings)
    subwords = Subwords.stored(model.preparation.buffers[BUFFER])
    sources, lengths = source_batch(subwords, lines, reverse=settings.reverse)
    chosen = model if sampler is None else sampler
    encoded = chosen.encode(sources, lengths)
    maximum = int(LONGER * sources.shape[1]) + MORE
    attends = model.module.config.attention is not None
    config = replace(search, maximum=maximum, coverage=search.coverage if attends else 0.0)
    guide = EndGuide(END, limit=maximum + 1)  # the configuration sets the limit
    prompts: list[tuple[int, ...]] = [()] * len(lines)
    found = chosen.beam_search(prompts, guide, config, encoded=encoded)
    translated = []
    for row, hypotheses in enumerate(found):
        own = encoded.select(torch.tensor([row]))
        translated.append([translation(model, subwords, lines[row], h, own) for h in hypotheses])
    return translated


def translation(
    model: LoadedModel,
    subwords: Subwords,
    line: str,
    hypothesis: BeamHypothesis,
    encoded: Encoded,
) -> Translation:
    """Return a hypothesis as text; an unknown unit is that of the source it attended to most."""
    tokens, source = hypothesis.tokens, subwords.pieces(line)
    if translate_settings(model.settings).reverse:
        source = [*source[:-1][::-1], source[-1]]
    attention: list[list[float]] = []
    if model.module.config.attention is not None and tokens:
        row = torch.tensor([tokens], device=model.device)
        weights = model.module.attention_weights(row, encoded=encoded).encoder
        attention = weights[0, :, : len(source)].tolist()
    copied = [
        source[max(range(len(source)), key=step.__getitem__)]
        for token, step in zip(tokens, attention, strict=False)
        if token == UNKNOWN
    ]
    units = tuple(subwords.processor.id_to_piece(token) for token in tokens if token != END)
    return Translation(
        text=subwords.text(tokens, copied),
        score=hypothesis.score,
        units=units,
        sources=tuple(source),
        attention=tuple(tuple(step) for step in attention[: len(units)]),
    )

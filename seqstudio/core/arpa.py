"""N-gram models as ARPA text, the format of SRILM and KenLM, with logarithms to base 10."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqstudio.core.ngram import NEVER, UNKNOWN, Floats, Ints, NGrams
from seqstudio.errors import DataError

MARKS = ("</s>", "<s>", "<unk>")  # as tokens 0, 1 and 2
LN10 = float(np.log(10))
DIGITS = 7  # of a logarithm: more than float32 has


def arpa_lines(model: NGrams, words: Sequence[str]) -> Iterator[str]:
    """Write a model line by line; `words` are those of the tokens from 3 on."""
    names = (*MARKS, *words)
    yield "\\data\\"
    yield from (f"ngram {n}={count}" for n, count in enumerate(model.counts(), start=1))
    for length in range(1, model.order + 1):
        yield from ("", f"\\{length}-grams:")
        start, stop = model.level(length)
        grams = _grams(model, length)
        has_backoff = length < model.order
        for node, gram in zip(range(start, stop), grams.tolist(), strict=True):
            text = " ".join(names[token] for token in gram)
            backoff = f"\t{_log10(model.backoffs[node])}" if has_backoff else ""
            yield f"{_log10(model.log_probs[node])}\t{text}{backoff}"
    yield from ("", "\\end\\")


def _grams(model: NGrams, length: int) -> Ints:
    """Return the (N, length) tokens of all n-grams of a length."""
    nodes = np.arange(*model.level(length))
    columns = []
    for _ in range(length):
        columns.append(model.tokens[nodes])
        nodes = model.parents[nodes].astype(np.int64)
    return np.stack(columns[::-1], axis=1).astype(np.int64)


def _log10(value: float) -> str:
    return f"{float(value) / LN10:.{DIGITS}g}"


def parse_arpa(lines: Iterable[str], where: str) -> tuple[NGrams, tuple[str, ...]]:
    r"""Read a model; also one that is pruned, so that parts of an n-gram are not listed.

    Parameters
    ----------
    lines : of the file
    where : its name, for errors

    Returns
    -------
    the model, and its words in the order of their tokens, which is alphabetical

    Raises
    ------
    DataError
        If a line is malformed, a word is not among the unigrams, or the counts do not match.
    """
    sections = _sections(lines, where)
    unigrams = {words[0]: values for words, values in sections[1]}
    known = tuple(sorted(unigrams.keys() - set(MARKS)))
    token = {word: number for number, word in enumerate((*MARKS, *known))}
    for mark in MARKS[:2]:
        if mark not in unigrams:
            raise DataError(f"{where}: no unigram {mark}, expected one")
    levels: list[tuple[Ints, Floats]] = []
    for length in range(1, len(sections) + 1):
        try:
            rows = [[token[word] for word in words] for words, _ in sections[length]]
        except KeyError as error:
            reason = f"word {error} in an {length}-gram, expected it among the unigrams"
            raise DataError(f"{where}: {reason}") from error
        values = np.array([values for _, values in sections[length]]).reshape(-1, 2)
        levels.append((np.array(rows, np.int64).reshape(-1, length), values))
    if "<unk>" not in unigrams:
        row, value = np.array([[UNKNOWN]]), np.array([[NEVER / LN10, 0.0]])
        levels[0] = np.vstack([levels[0][0], row]), np.vstack([levels[0][1], value])
    return _built(levels, len(token), where), known


Section = list[tuple[list[str], tuple[float, float]]]


def _sections(lines: Iterable[str], where: str) -> Mapping[int, Section]:
    """Return the words and numbers of all lines, by length of the n-grams from 1 on."""
    counts: dict[int, int] = {}
    sections: dict[int, Section] = {}
    length = 0
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if found := re.fullmatch(r"ngram (\d+)\s*=\s*(\d+)", line):
            counts[int(found[1])] = int(found[2])
        elif found := re.fullmatch(r"\\(\d+)-grams:", line):
            length = int(found[1])
            sections[length] = []
        elif line == "\\end\\":
            break
        elif line and length:
            sections[length].append(_entry(line, length, f"{where}:{number}"))
    if list(sections) != list(range(1, len(sections) + 1)) or not sections:
        raise DataError(f"{where}: sections {list(sections)}, expected an ARPA file's 1, 2, ...")
    for length, section in sections.items():
        if counts.get(length) != len(section):
            found_text = f"{len(section)} {length}-grams"
            raise DataError(f"{where}: {found_text}, expected {counts.get(length)} as in the head")
    return sections


def _entry(line: str, length: int, where: str) -> tuple[list[str], tuple[float, float]]:
    cells = line.split()
    try:
        values = [float(cells[0]), *map(float, cells[length + 1 :])]
    except ValueError as error:
        raise DataError(f"{where}: {error}, expected a number") from error
    if not length < len(cells) <= length + 2 or not all(map(np.isfinite, values)):
        raise DataError(f"{where}: {line!r}, expected a logarithm, {length} words and a back-off")
    return cells[1 : length + 1], (values[0], values[1] if len(values) > 1 else 0.0)


def _built(levels: list[tuple[Ints, Floats]], size: int, where: str) -> NGrams:
    """Return a model with these n-grams, and those that they are made of."""
    _close(levels)
    tokens, parents, suffixes, log_probs, backoffs = [np.array([-1])], [], [], [], []
    keys: list[Ints] = []  # of each length: parent and token of each n-gram, sorted
    starts = [1]
    for rows, values in levels:
        parent, suffix = (_nodes(part, keys, starts, size) for part in (rows[:, :-1], rows[:, 1:]))
        key = parent * size + rows[:, -1]
        order = np.argsort(key, kind="stable")
        if (np.diff(key[order]) == 0).any():
            raise DataError(f"{where}: an n-gram of length {rows.shape[1]} twice, expected once")
        keys.append(key[order])
        starts.append(starts[-1] + len(rows))
        tokens.append(rows[order, -1])
        parents.append(parent[order])
        suffixes.append(suffix[order])
        log_probs.append(values[order, 0] * LN10)
        backoffs.append(values[order, 1] * LN10)
    none: Ints = np.zeros(1, np.int64)
    model_parents, model_suffixes = (np.concatenate([none, *p]) for p in (parents, suffixes))
    filled = np.concatenate([[0.0], *log_probs])
    all_backoffs = np.concatenate([[0.0], *backoffs])
    for node in np.flatnonzero(np.isnan(filled)):  # shorter ones come first
        filled[node] = all_backoffs[model_parents[node]] + filled[model_suffixes[node]]
    return NGrams(
        order=len(levels),
        size=size,
        tokens=np.concatenate(tokens).astype(np.int32),
        parents=model_parents.astype(np.int32),
        suffixes=model_suffixes.astype(np.int32),
        log_probs=filled.astype(np.float32),
        backoffs=all_backoffs.astype(np.float32),
    )


def _close(levels: list[tuple[Ints, Floats]]) -> None:
    """Add the n-grams without their first or last token where they are missing, as NaN."""
    for at in range(len(levels) - 1, 0, -1):
        rows, _ = levels[at]
        shorter, values = levels[at - 1]
        needed = np.unique(np.concatenate([rows[:, :-1], rows[:, 1:]]), axis=0)
        missing = needed[~_inside(needed, shorter)]
        added = np.column_stack([np.full(len(missing), np.nan), np.zeros(len(missing))])
        levels[at - 1] = np.vstack([shorter, missing]), np.vstack([values, added])


def _inside(rows: Ints, among: Ints) -> NDArray[np.bool_]:
    """Return for each row whether it is one of the others."""
    both, inverse = np.unique(np.concatenate([among, rows]), axis=0, return_inverse=True)
    present = np.zeros(len(both), np.bool_)
    present[inverse[: len(among)]] = True
    found: NDArray[np.bool_] = present[inverse[len(among) :]]
    return found


def _nodes(rows: Ints, keys: list[Ints], starts: list[int], size: int) -> Ints:
    """Return the nodes of n-grams, all of one length, that the lists so far hold."""
    nodes: Ints = np.zeros(len(rows), np.int64)
    for length in range(rows.shape[1]):
        wanted = nodes * size + rows[:, length]
        nodes = starts[length] + np.searchsorted(keys[length], wanted)
    return nodes

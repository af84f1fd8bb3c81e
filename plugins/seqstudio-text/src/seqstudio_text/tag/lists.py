"""Lists of names and words (gazetteers), and the features of words that are in them.

`lists.txt.gz` has first names and surnames (United States census of 1990), cities, countries and
states (GeoNames), and words that books have in small letters. Only the features are learned from.
"""

import gzip
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

from seqstudio_text.words import feature_of, shape

FIRST_NAME, SURNAME, PLACE, WORD = "flpw"
MOST_WORDS = 3  # of the name of a place


@lru_cache(maxsize=1)
def lists() -> Mapping[str, frozenset[str]]:
    """Return the names of each list, in small letters."""
    packed = files("seqstudio_text.tag").joinpath("lists.txt.gz").read_bytes()
    names: dict[str, set[str]] = {}
    for line in gzip.decompress(packed).decode().splitlines():
        kind, _, name = line.partition("\t")
        names.setdefault(kind, set()).add(name)
    return {kind: frozenset(found) for kind, found in names.items()}


def memberships(words: Sequence[str]) -> list[str]:
    """Return for each word the lists that have it; those of a place may be several.

    >>> memberships(["Anna", "in", "New", "York"])
    ['f', 'fw', 'lwp', 'lp']
    """
    known = lists()
    lowered = [word.lower().strip("#@") for word in words]
    found = [
        "".join(kind for kind in (FIRST_NAME, SURNAME, WORD) if bare in known[kind])
        for bare in (word.removesuffix("'s") for word in lowered)
    ]
    for first in range(len(words)):
        for last in range(min(first + MOST_WORDS, len(words)), first, -1):
            if " ".join(lowered[first:last]) in known[PLACE]:
                for at in range(first, last):
                    found[at] = found[at].removesuffix(PLACE) + PLACE
                break
    return found


def list_features(words: Sequence[str], buckets: int) -> list[list[int]]:
    """Return features of the lists that have each word and its neighbours, and of their case."""
    members = memberships(words)
    cased = [f"{kinds}:{shape(word)[:2]}" for kinds, word in zip(members, words, strict=True)]
    found: list[list[int]] = [[] for _ in words]
    for marks in (members, cased):
        padded = ["^", *marks, "$"]
        for at, features in enumerate(found):
            before, own, after = padded[at : at + 3]
            names = (own, f"{before}<", f">{after}", f"{before}<{own}", f"{own}>{after}")
            features += [feature_of(f"l{name}", buckets) for name in names]
    return found

"""The distance between two sequences, which error rates are made of."""

from collections.abc import Hashable, Sequence


def edit_distance(found: Sequence[Hashable], expected: Sequence[Hashable]) -> int:
    """Count the insertions, deletions and substitutions that lead from one sequence to the other.

    Of texts it counts characters, of lists of words words (Levenshtein 1966).

    >>> edit_distance("kitten", "sitting"), edit_distance("a b".split(), "a c d".split())
    (3, 2)
    """
    from rapidfuzz.distance import Levenshtein  # imported late: contracts load no large library

    return Levenshtein.distance(found, expected)

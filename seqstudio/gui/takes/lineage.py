"""Which takes belong together: what was made from what, and what was made in one go."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from seqstudio.session.document import Document, Take

OF_ONE_GO = ("plugin", "operation", "model", "options", "base_seed")  # of a record


@dataclass(frozen=True, slots=True)
class Kin:
    """A take at its place in the tree."""

    take: Take
    depth: int = 0  # 0: made from nothing that is still there


def family(document: Document, id: str) -> tuple[Kin, ...]:
    """Give the takes that belong together with one, as a tree written out line by line.

    These are all that come from the same beginning, through however many takes in between. Those
    that were composed from nothing in one go belong together, and so do those whose beginning is
    gone. Without a take, all takes are given.
    """
    by_id = {take.id: take for take in document.takes}
    if id not in by_id:
        roots = [take for take in document.takes if take.parent not in by_id]
    else:
        origin = _origin(by_id, by_id[id])
        roots = [take for take in document.takes if _is_root(by_id, take, origin)]
    return tuple(kin for root in roots for kin in _below(document, root, 0))


def _origin(by_id: dict[str, Take], take: Take) -> str:
    """Say where a take's line begins, so that takes of one beginning say the same."""
    seen: set[str] = set()
    while take.parent in by_id and take.id not in seen:
        seen.add(take.id)
        take = by_id[take.parent]
    if take.parent or not take.record:
        return take.parent or take.id
    return json.dumps([take.record.get(name) for name in OF_ONE_GO], sort_keys=True, default=str)


def _is_root(by_id: dict[str, Take], take: Take, origin: str) -> bool:
    return take.parent not in by_id and _origin(by_id, take) == origin


def _below(document: Document, take: Take, depth: int) -> Iterator[Kin]:
    yield Kin(take, depth)
    for child in document.takes:
        if child.parent == take.id:
            yield from _below(document, child, depth + 1)

"""Where the takes of a piece stand in their tree: a column a generation, a row a branch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqstudio.gui.takes.card import TakeCard
from seqstudio.gui.takes.provenance_text import operation_entry
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.session.document import Take

BRANCH, IMPORTED, NEW = "Branch", "Imported", "New"


@dataclass(frozen=True, slots=True)
class PlacedTake:
    """A take in the tree."""

    card: TakeCard
    how: str  # it was made from its parent: the operation's title
    column: int
    row: int
    parent: str = ""  # id of its parent in the tree

    @property
    def id(self) -> str:
        """The id of the take."""
        return self.card.take.id

    @property
    def marks(self) -> str:
        """The star, and whether it is accepted."""
        take = self.card.take
        return " ".join(filter(None, ("★" if take.starred else "", "✓" if take.accepted else "")))

    @property
    def accessible_text(self) -> str:
        """All of it in words."""
        made = f"{self.how} of {self.card.parent}" if self.card.parent else self.how
        return f"{self.card.accessible_text}, {made}"


def place_takes(cards: Sequence[TakeCard], catalogue: Catalogue) -> tuple[PlacedTake, ...]:
    """Return the takes with their places; a first child stands in the row of its parent.

    Parameters
    ----------
    cards : in depth-first order
    catalogue : knows the titles of operations
    """
    listed = {card.take.id for card in cards}
    placed: dict[str, PlacedTake] = {}
    continued: set[str] = set()  # takes that have a child already
    rows = 0
    for card in cards:
        parent = card.take.parent if card.take.parent in listed else ""
        first = parent in placed and parent not in continued
        row = placed[parent].row if first else rows
        rows = max(rows, row + 1)
        continued.add(parent)
        how = made_how(card.take, catalogue)
        placed[card.take.id] = PlacedTake(card, how, card.depth, row, parent)
    return tuple(placed.values())


def made_how(take: Take, catalogue: Catalogue) -> str:
    """Return how a take was made: the title of its operation, or that it is a copy."""
    if take.provenance:
        entry = operation_entry(take.provenance, catalogue)
        return entry.title if entry else str(take.provenance.get("operation", ""))
    return BRANCH if take.parent else IMPORTED if take.clip else NEW


def neighbour(placed: Sequence[PlacedTake], id: str, columns: int, rows: int) -> str:
    """Return the take that an arrow key goes to; the same one if there is none.

    Parameters
    ----------
    columns, rows : the direction, of which one is 0: -1 or 1
    """
    by_id: Mapping[str, PlacedTake] = {one.id: one for one in placed}
    here = by_id.get(id)
    if here is None:
        return placed[0].id if placed else id
    if columns < 0:
        return here.parent or id
    if columns > 0:
        return next((one.id for one in placed if one.parent == id), id)
    below = [one for one in placed if (one.row - here.row) * rows > 0]
    near = [one for one in below if one.column == here.column] or below
    return min(near, key=lambda one: abs(one.row - here.row), default=here).id

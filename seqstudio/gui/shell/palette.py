"""Finding a command by a few letters of it: what matches, and in which order."""

from collections.abc import Iterable
from dataclasses import dataclass

START_OF_WORD = 8  # a letter that begins a word
NEXT_LETTER = 5  # a letter right after the one before it
GAP = 1  # each letter that is passed over, at most GAP_MOST
GAP_MOST = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as the palette lists it."""

    name: str
    title: str
    group: str = ""
    shortcut: str = ""
    help: str = ""
    ready: bool = True

    @property
    def place(self) -> str:
        """The menu that it is in, as it reads."""
        return self.group.replace("/", " > ")


def ranked(entries: Iterable[Entry], query: str) -> list[Entry]:
    """Give the entries that match, the best first; equals stay in their order.

    What can be done now comes before what cannot. Every letter must be found, in order, in the
    title or in the menu and the title.

    >>> [e.title for e in ranked([Entry("a", "Save as"), Entry("b", "Session notes")], "sn")]
    ['Session notes']
    """
    words = "".join(query.lower().split())
    scored = [(_best(entry, words), entry) for entry in entries]
    found = [(score, entry) for score, entry in scored if score is not None]
    found.sort(key=lambda pair: (not pair[1].ready, -pair[0]))
    return [entry for _, entry in found]


def score(text: str, letters: str) -> int | None:
    """Rate how well letters are found in a text in order; None where they are not.

    Starts of words and letters in a row count for, letters between count against; the best of
    all ways to find them is taken.

    >>> score("Save as", "sa"), score("Save as", "sx")
    (13, None)
    """
    text = text.lower()
    best: dict[int, int] = {-1: 0}  # place of the last letter found -> the best score up to there
    for letter in letters:
        found: dict[int, int] = {}
        for at, sign in enumerate(text):
            if sign != letter:
                continue
            ways = [so_far + _step(text, last, at) for last, so_far in best.items() if last < at]
            if ways:
                found[at] = max(ways)
        best = found
    return max(best.values()) if best else None


def _step(text: str, last: int, at: int) -> int:
    starts = at == 0 or not text[at - 1].isalnum()
    if last >= 0 and at == last + 1:
        return NEXT_LETTER + (START_OF_WORD if starts else 0)
    passed = min(at - last - 1, GAP_MOST) * GAP
    return (START_OF_WORD if starts else 0) - passed


def _best(entry: Entry, letters: str) -> int | None:
    titled = score(entry.title, letters)
    placed = score(f"{entry.place} {entry.title}", letters)
    if titled is None or placed is None:
        return placed if titled is None else titled
    return max(titled + 1, placed)  # a title is what a person remembers

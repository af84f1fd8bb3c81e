"""Takes that copy a training set too long are drawn again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.api import DataError, TakeSeed, stable_seed
from seqstudio.api.media import Score
from seqstudio_music.composer import Composition
from seqstudio_music.measure.originality import Match, MatchIndex, melodies
from seqstudio_music.measure.originality_operation import training_melodies

DRAWS = 4  # of a take, before it is refused

Draw = Callable[[Sequence[TakeSeed]], Sequence[Composition]]


@dataclass(frozen=True, slots=True)
class Original:
    """A take and its matches: of the draws that copy too long, the first ones, and its own."""

    take: TakeSeed
    piece: Composition
    matches: tuple[Match, ...] = ()  # none where nothing was asked for

    @property
    def text(self) -> str:
        """The matches in words, to be appended to a summary."""
        if not self.matches:
            return ""
        *copies, own = self.matches
        found = f"; longest match with the training set: {own.place}"
        if not copies:
            return found
        times = "once" if len(copies) == 1 else f"{len(copies)} times"
        return f"{found}; redrawn {times}, first for {copies[0].place}"

    @property
    def details(self) -> Mapping[str, object]:
        """The matches as details of a result."""
        if not self.matches:
            return {}
        *copies, own = map(asdict, self.matches)
        return {"originality": {"match": own, "redrawn": len(copies), "copies": copies}}


class OriginalityLimit:
    """The longest match with a training set that a take may have.

    Parameters
    ----------
    source : a folder of MIDI files or chorales in JSON, whose training split counts
    notes : of the longest match
    """

    def __init__(self, source: Path, notes: int) -> None:
        self.source, self.notes = source, notes
        self._index = MatchIndex(training_melodies(source, "train"))

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "OriginalityLimit | None":
        """Return the limit among an operation's options; None without a training set."""
        source = options["training"]
        return cls(Path(source), options["longest_match"]) if source else None

    def match(self, score: Score) -> Match:
        """Return the longest match of a piece."""
        return self._index.longest(melodies(score, ""))


def original_takes(
    draw: Draw, takes: Sequence[TakeSeed], limit: OriginalityLimit | None, new: Callable[..., Score]
) -> tuple[list[Original], str]:
    """Draw takes, those that copy too long again; a take depends on its own seed only.

    Parameters
    ----------
    draw : returns a piece for each seed
    limit : None draws each once
    new : returns what is new in the score of a piece

    Returns
    -------
    the takes in their order, without those of which `DRAWS` draws copy; and why these are refused
    """
    if limit is None:
        pieces = zip(takes, draw(takes), strict=True)
        return [Original(take, piece) for take, piece in pieces], ""
    found: dict[int, Original] = {}
    copies: dict[int, tuple[Match, ...]] = {take.number: () for take in takes}
    for number in range(DRAWS):
        left = [take for take in takes if take.number not in found]
        if not left:
            break
        for take, piece in zip(left, draw([redraw(take, number) for take in left]), strict=True):
            match = limit.match(new(piece.score))
            if match.notes <= limit.notes:
                found[take.number] = Original(take, piece, (*copies[take.number], match))
            copies[take.number] += (match,)
    kept = [found[take.number] for take in takes if take.number in found]
    refused = {number: rest for number, rest in copies.items() if number not in found}
    return kept, refusal(refused, limit)


def redraw(take: TakeSeed, number: int) -> TakeSeed:
    """Return the seed of a draw of a take; the first has the take's own."""
    return replace(take, seed=stable_seed(take.seed, "original", number)) if number else take


def refusal(refused: Mapping[int, Sequence[Match]], limit: OriginalityLimit) -> str:
    """Say which takes are refused and why; "" if none is."""
    if not refused:
        return ""
    least = min((match for rest in refused.values() for match in rest), key=lambda one: one.notes)
    names = ", ".join(map(str, refused))
    takes = f"take {names}" if len(refused) == 1 else f"takes {names}"
    draws = f"all {DRAWS} draws copy {limit.source}, at least {least.place}"
    return f"{takes}: {draws}, expected a longest match of at most {limit.notes} notes"


def refuse(reason: str) -> None:
    """Raise DataError if takes were refused, after the others were handed over."""
    if reason:
        raise DataError(reason)

"""What the host keeps of an operation's work: finished pieces of an item, and costly values."""

from collections.abc import Sequence
from typing import Any, Protocol


class Pieces(Protocol):
    """The finished pieces of an item's work, kept on disk until the item is done."""

    @property
    def kept(self) -> Sequence[Any]:
        """The values that earlier, interrupted runs of the same item kept, in order."""

    def keep(self, value: Any) -> None:
        """Store a JSON value; it survives the end of this process."""


class Cache(Protocol):
    """Costly intermediate values, kept for later jobs of the same plugin within a budget of bytes.

    The values that were used longest ago go first. A key holds all that its value depends on,
    hashes of files included.
    """

    def get(self, key: str) -> bytes | None:
        """Return the value of a key; None if there is none, or not any more."""

    def put(self, key: str, value: bytes) -> None:
        """Keep a value, if the budget and the disk allow."""

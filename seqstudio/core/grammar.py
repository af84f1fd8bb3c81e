"""Which token may follow within a group, when a group is over, and how its tokens are numbered."""

from dataclasses import dataclass

import torch
from torch import Tensor

from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True)
class Grammar:
    """Ascending groups that end in END where there are no slots; else one token for each slot."""

    vocabulary: int
    slot_ranges: tuple[tuple[int, int], ...]  # half-open

    @property
    def end(self) -> int:
        """The token that ends an ascending group."""
        return self.vocabulary - 1

    @property
    def no_kind(self) -> int:
        """The number of no token: as many as there are tokens, slots apart."""
        return max(len(self.slot_ranges), 1) * self.vocabulary

    def allowed(self, last: Tensor, slot: Tensor) -> Tensor:
        """Mark what may come next.

        Parameters
        ----------
        last : (N,) int64, the group's last token, -1 at its beginning
        slot : (N,) int64, how many tokens of the group are there

        Returns
        -------
        (N, V) bool
        """
        tokens = torch.arange(self.vocabulary, device=last.device)
        if not self.slot_ranges:
            return tokens > last[:, None]
        low, high = torch.tensor(self.slot_ranges, device=last.device)[slot].unbind(dim=1)
        return (tokens >= low[:, None]) & (tokens < high[:, None])

    def over(self, last: Tensor, slot: Tensor) -> Tensor:
        """Mark the groups that are complete: (N,) bool."""
        return slot == len(self.slot_ranges) if self.slot_ranges else last == self.end

    def kinds(self, tokens: Tensor, slots: Tensor) -> Tensor:
        """Give (...) tokens numbers, slots apart; -1, no token, gets the number past the last."""
        offset = slots * self.vocabulary if self.slot_ranges else 0
        return torch.where(tokens < 0, self.no_kind, tokens + offset)

    def check(self, tokens: Tensor, lengths: Tensor) -> None:
        """Raise DataError unless every group of (B, T, L) `tokens` follows the grammar."""
        inside = valid_mask(lengths, tokens.shape[1])
        fits = self.slots_fit(tokens) if self.slot_ranges else self.ascends(tokens)
        wrong = (torch.where(inside, fits, (tokens < 0).all(dim=2)) == 0).nonzero()
        if len(wrong):
            item, group = wrong[0].tolist()
            found = tokens[item, group].tolist()
            wanted = "none past the length" if group >= lengths[item] else self.rule()
            raise DataError(f"item {item}, group {group}: tokens {found}, expected {wanted}")

    def rule(self) -> str:
        """Say in words what a group is."""
        if self.slot_ranges:
            return f"one token in each of {list(self.slot_ranges)}"
        return f"rising tokens below {self.end}, then {self.end}, then -1"

    def ascends(self, tokens: Tensor) -> Tensor:
        """Mark the groups of (B, T, L) that rise to END: (B, T) bool."""
        filled = torch.where(tokens < 0, self.vocabulary, tokens)
        after, before = filled[..., 1:], filled[..., :-1]
        rising = ((after > before) | (after == self.vocabulary)).all(dim=2)
        known = (tokens < self.vocabulary).all(dim=2)
        return rising & known & (tokens == self.end).any(dim=2)

    def slots_fit(self, tokens: Tensor) -> Tensor:
        """Mark the groups of (B, T, L) with one token of each slot's range: (B, T) bool."""
        if tokens.shape[2] != len(self.slot_ranges):
            wanted = len(self.slot_ranges)
            raise DataError(f"groups of {tokens.shape[2]} tokens, expected {wanted}")
        low, high = torch.tensor(self.slot_ranges, device=tokens.device).unbind(dim=1)
        return ((tokens >= low) & (tokens < high)).all(dim=2)

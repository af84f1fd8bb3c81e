"""Which tokens may follow within a group, when a group is complete, and which row embeds each."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True)
class Grammar:
    """The rule of a group: one token for each slot, or without slots ascending tokens, then END."""

    vocabulary: int
    slot_ranges: tuple[tuple[int, int], ...]  # half-open

    @property
    def end(self) -> int:
        """The token that ends an ascending group."""
        return self.vocabulary - 1

    @property
    def no_token_id(self) -> int:
        """The embedding id of "no token": the number of tokens, counted for each slot."""
        return max(len(self.slot_ranges), 1) * self.vocabulary

    def allowed(self, last: Tensor, slot: Tensor) -> Tensor:
        """Return a mask of the tokens that may come next.

        Parameters
        ----------
        last : (N,) int64, the group's last token, -1 at its beginning
        slot : (N,) int64, how many tokens the group has

        Returns
        -------
        (N, V) bool
        """
        tokens = torch.arange(self.vocabulary, device=last.device)
        if not self.slot_ranges:
            return tokens > last[:, None]
        low, high = torch.tensor(self.slot_ranges, device=last.device)[slot].unbind(dim=1)
        return (tokens >= low[:, None]) & (tokens < high[:, None])

    def table(self, device: torch.device) -> Tensor:
        """Return the (N, V) masks of `allowed`, by slot, or without slots by the last id."""
        if self.slot_ranges:
            slot = torch.arange(len(self.slot_ranges), device=device)
            return self.allowed(slot, slot)
        last = torch.arange(self.vocabulary + 1, device=device)
        return self.allowed(torch.where(last == self.no_token_id, -1, last), last)

    def complete(self, last: Tensor, slot: Tensor) -> Tensor:
        """Return a (N,) bool mask of the groups that are complete."""
        return slot == len(self.slot_ranges) if self.slot_ranges else last == self.end

    def split(self, tokens: Sequence[int]) -> list[list[int]]:
        """Split a sequence into groups, as far as it follows the grammar.

        The last group is the one that is not complete; it may be empty.
        """
        groups: list[list[int]] = [[]]
        for token in tokens:
            group = groups[-1]
            low, high = (group[-1] + 1 if group else 0), self.vocabulary
            if self.slot_ranges:
                low, high = self.slot_ranges[len(group)]
            if not low <= token < high:
                break
            group.append(token)
            if len(group) == len(self.slot_ranges) if self.slot_ranges else token == self.end:
                groups.append([])
        return groups

    def embedding_ids(self, tokens: Tensor, slots: Tensor) -> Tensor:
        """Return the ids of (...) tokens, a range for each slot; -1 becomes `no_token_id`."""
        offset = slots * self.vocabulary if self.slot_ranges else 0
        return torch.where(tokens < 0, self.no_token_id, tokens + offset)

    def check(self, tokens: Tensor, lengths: Tensor) -> None:
        """Raise DataError unless every group of (B, T, L) `tokens` follows the grammar."""
        inside = valid_mask(lengths, tokens.shape[1])
        follows = self.fits_slots(tokens) if self.slot_ranges else self.ascends(tokens)
        wrong = (torch.where(inside, follows, (tokens < 0).all(dim=2)) == 0).nonzero()
        if len(wrong):  # waits for the device, once a batch: a group that is wrong must not train
            item, group = wrong[0].tolist()
            found = tokens[item, group].tolist()
            expected = "none past the length" if group >= lengths[item] else self.rule()
            raise DataError(f"item {item}, group {group}: tokens {found}, expected {expected}")

    def rule(self) -> str:
        """Describe a valid group, for error messages."""
        if self.slot_ranges:
            return f"one token in each of {list(self.slot_ranges)}"
        return f"rising tokens below {self.end}, then {self.end}, then -1"

    def ascends(self, tokens: Tensor) -> Tensor:
        """Return a (B, T) bool mask of the (B, T, L) groups that ascend to END."""
        filled = torch.where(tokens < 0, self.vocabulary, tokens)
        following, preceding = filled[..., 1:], filled[..., :-1]
        rising = ((following > preceding) | (following == self.vocabulary)).all(dim=2)
        known = (tokens < self.vocabulary).all(dim=2)
        return rising & known & (tokens == self.end).any(dim=2)

    def fits_slots(self, tokens: Tensor) -> Tensor:
        """Return a (B, T) bool mask of the (B, T, L) groups with each token in its slot's range."""
        if tokens.shape[2] != len(self.slot_ranges):
            expected = len(self.slot_ranges)
            raise DataError(f"groups of {tokens.shape[2]} tokens, expected {expected}")
        low, high = torch.tensor(self.slot_ranges, device=tokens.device).unbind(dim=1)
        return ((tokens >= low) & (tokens < high)).all(dim=2)

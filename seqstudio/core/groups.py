"""Groups of tokens without their padding, in the order in which an inner RNN reads them."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class PackedGroups:
    """G groups, longest first, and their N tokens: all first tokens, then all second ones, ..."""

    groups: Tensor  # (G,) int64, index of each group in the batch, item by item
    tokens: Tensor  # (N,) int64
    previous: Tensor  # (N,) int64, the previous token of its group, -1 at the beginning
    slots: Tensor  # (N,) int64, index of each token in its group
    positions: Tensor  # (N,) int64, index of each token in the flattened batch
    sizes: tuple[int, ...]  # how many groups have a token in each slot; these come first


def pack_groups(tokens: Tensor) -> PackedGroups:
    """Flatten (B, T, L) groups, padded with -1; drop padding and empty groups."""
    flat = tokens.flatten(0, 1)
    counts = (flat >= 0).sum(dim=1)
    ordered, order = counts.sort(descending=True, stable=True)
    groups = order[ordered > 0]
    kept = flat[groups]
    slots, group_of = (kept >= 0).T.nonzero(as_tuple=True)
    preceding = kept[group_of, (slots - 1).clamp(min=0)]
    return PackedGroups(
        groups=groups,
        tokens=kept[group_of, slots],
        previous=torch.where(slots == 0, -1, preceding),
        slots=slots,
        positions=groups[group_of] * tokens.shape[2] + slots,
        # On the host, since they are the batch sizes of the steps: the loop over slots needs them.
        sizes=tuple(slots.bincount().tolist()),
    )

"""Groups of tokens without their padding, in the order that a packed inner RNN reads them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence


@dataclass(frozen=True, slots=True)
class PackedGroups:
    """G groups, longest first, and their N tokens: all first tokens, all second ones, and on."""

    groups: Tensor  # (G,) int64, number of each group in the batch, item by item
    tokens: Tensor  # (N,) int64
    before: Tensor  # (N,) int64, the token ahead in its group, -1 at the beginning
    slots: Tensor  # (N,) int64, place of each token in its group
    group_of: Tensor  # (N,) int64, index into `groups`
    places: Tensor  # (N,) int64, place of each token in the flattened batch
    batch_sizes: Tensor  # (L,) int64 on the CPU, how many groups have a token in each slot

    def sequence(self, data: Tensor) -> PackedSequence:
        """Give (N, F) inputs the shape of a packed batch."""
        return PackedSequence(data, self.batch_sizes)


def pack_groups(tokens: Tensor) -> PackedGroups:
    """Flatten (B, T, L) groups, padded with -1, dropping padding and empty groups."""
    flat = tokens.flatten(0, 1)
    counts = (flat >= 0).sum(dim=1)
    ordered, order = counts.sort(descending=True, stable=True)
    groups = order[ordered > 0]
    kept = flat[groups]
    slots, group_of = (kept >= 0).T.nonzero(as_tuple=True)
    ahead = kept[group_of, (slots - 1).clamp(min=0)]
    return PackedGroups(
        groups=groups,
        tokens=kept[group_of, slots],
        before=torch.where(slots == 0, -1, ahead),
        slots=slots,
        group_of=group_of,
        places=groups[group_of] * tokens.shape[2] + slots,
        batch_sizes=slots.bincount().cpu(),
    )

"""CTC as a scorer of a beam search over labels: joint decoding with an attention decoder."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqstudio.core.ctc import BLANK, Floats, Ints

END = BLANK  # no label is 0, so that it is free to end a sequence


@dataclass(frozen=True, slots=True)
class CTCPrefixes:
    """R prefixes, and for each the paths over the first 0 to T frames that give just its labels."""

    items: Ints  # (R,) the item of the batch that each is a prefix of
    last: Ints  # (R,) the last label; 0 of the empty prefix
    label: Floats  # (R, T + 1) log probability of the paths that end in the last label
    blank: Floats  # (R, T + 1) log probability of those that end in a blank
    log_prob: Floats  # (R,) of all labellings that begin with the prefix, nats

    def select(self, rows: Tensor) -> "CTCPrefixes":
        """Select prefixes by index, (R',) int64, any of them repeated or dropped."""
        at = rows.cpu().numpy()
        return CTCPrefixes(
            self.items[at], self.last[at], self.label[at], self.blank[at], self.log_prob[at]
        )


class CTCPrefixScorer:
    """Scores each label by the CTC probability that the labels go on with it [1]_.

    A `Scorer` of the beam search. The decoder's tokens are the labels, and token 0, the blank of
    CTC, is the end of a sequence.

    Parameters
    ----------
    log_probs : (B, T, V) float, log probabilities of a CTC head
    lengths : (B,) int64, frames of each item

    References
    ----------
    .. [1] Watanabe et al. 2017, "Hybrid CTC/attention architecture for end-to-end speech
       recognition", algorithm 2; Graves 2012, "Supervised sequence labelling with recurrent neural
       networks", section 7.5.3.
    """

    def __init__(self, log_probs: Tensor, lengths: Tensor) -> None:
        self.device = log_probs.device
        frames = log_probs.detach().double().cpu().numpy().copy()
        for item, length in enumerate(lengths.tolist()):
            frames[item, length:] = -np.inf
            frames[item, length:, BLANK] = 0.0  # nothing more is said, for certain
        self.frames: Floats = frames
        self.shares = np.exp(frames)

    def score(
        self, prefixes: Sequence[Sequence[int]], state: CTCPrefixes | None
    ) -> tuple[Tensor, CTCPrefixes]:
        """Return the (R, V) log-probabilities of the label that follows each prefix; see `Scorer`.

        That of token 0 is the log-probability that the labelling is complete.
        """
        if state is None:
            state = self._empty(len(prefixes))
        else:
            state = self._extend(state, np.array([prefix[-1] for prefix in prefixes]))
        scores = self._continued(state)
        scores[:, END] = np.logaddexp(state.label[:, -1], state.blank[:, -1])
        possible = np.isfinite(state.log_prob)[:, None]
        conditional = np.where(possible, scores, -np.inf) - np.where(
            possible, state.log_prob[:, None], 0.0
        )
        # Rounding must not make a certain label more than certain.
        return torch.from_numpy(np.minimum(conditional, 0.0)).float().to(self.device), state

    def _empty(self, items: int) -> CTCPrefixes:
        blank = np.zeros((items, self.frames.shape[1] + 1))
        blank[:, 1:] = self.frames[:, :, BLANK].cumsum(axis=1)
        return CTCPrefixes(
            items=np.arange(items),
            last=np.full(items, BLANK),
            label=np.full_like(blank, -np.inf),
            blank=blank,
            log_prob=np.zeros(items),
        )

    def _continued(self, state: CTCPrefixes) -> Floats:
        """Return the (R, V) log probabilities of all labellings that go on with each label."""
        before = np.logaddexp(state.label, state.blank)[:, :-1]
        # Relative to the best frame: what vanishes in float64 is 700 nats below it.
        best = before.max(axis=1, keepdims=True)
        finite = np.where(np.isfinite(best), best, 0.0)
        weights = np.exp(before - finite)
        with np.errstate(divide="ignore"):
            scores = np.concatenate(
                [
                    np.log(row[None] @ self.shares[item])
                    for row, item in zip(weights, state.items, strict=True)
                ]
            )
        scores += finite
        rows = np.arange(len(state.last))
        scores[rows, state.last] = self._first_times(state, state.last)[1]
        return scores

    def _first_times(self, state: CTCPrefixes, labels: Ints) -> tuple[Floats, Floats]:
        """Return the (R, T) paths just before a label at each frame, and (R,) sums with it there.

        The same label again needs a blank before it.
        """
        again = (labels == state.last)[:, None]
        before = np.where(again, state.blank, np.logaddexp(state.label, state.blank))[:, :-1]
        at = self.frames[state.items, :, labels]
        return before, np.logaddexp.reduce(before + at, axis=1)

    def _extend(self, state: CTCPrefixes, labels: Ints) -> CTCPrefixes:
        """Return the prefixes with a label added to each."""
        before, log_prob = self._first_times(state, labels)
        label, blank = np.full_like(state.label, -np.inf), np.full_like(state.blank, -np.inf)
        at, silent = self.frames[state.items, :, labels], self.frames[state.items, :, BLANK]
        for t in range(before.shape[1]):
            label[:, t + 1] = np.logaddexp(label[:, t], before[:, t]) + at[:, t]
            blank[:, t + 1] = np.logaddexp(label[:, t], blank[:, t]) + silent[:, t]
        return CTCPrefixes(state.items, labels, label, blank, log_prob)

"""Connectionist temporal classification: loss and best path.

Label 0 is the blank. Reference: Graves et al. 2006, "Connectionist temporal classification".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seqstudio.core.devices import at_least_float32, require_kernel, to_host
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import TrainingError

BLANK = 0
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A possible labelling, and the log probability (nats) of all of its paths that were found."""

    labels: tuple[int, ...]
    log_prob: float
    score: float  # with what language models and phrases give; what hypotheses are ranked by


def frames_needed(labels: Sequence[int]) -> int:
    """Return the fewest frames CTC needs: one for each label, and a blank between equal ones.

    >>> frames_needed([7, 7, 3])
    4
    """
    return len(labels) + sum(a == b for a, b in pairwise(labels))


def ctc_loss_sum(
    log_probs: Tensor, lengths: Tensor, labels: Tensor, label_lengths: Tensor
) -> Tensor:
    """Sum the CTC loss over a batch; a row with too few frames is an error, never an infinity.

    The loss is computed in float32 at least, under autocast too. Lengths are needed on the host: if
    they are on a device, one copy brings them there, which is the only synchronisation.

    Parameters
    ----------
    log_probs : (B, T, V) float, log probabilities
    lengths : (B,) int64, frames of each row
    labels : (B, U) int64, padded, none of them 0 within its length
    label_lengths : (B,) int64

    Returns
    -------
    () float, nats, differentiable

    Raises
    ------
    ConfigError
        If the device has no kernel for it.
    TrainingError
        If a row has too few frames for its labels.
    """
    require_kernel("CTC loss", log_probs.device)
    on_host = lengths.device.type == label_lengths.device.type == "cpu"
    # If even equal labels would fit, they need not be looked at.
    if not on_host or bool((2 * label_lengths - 1 > lengths).any()):
        needed = _frames_needed(labels, label_lengths.to(labels.device))
        lengths, label_lengths, needed = to_host(lengths, label_lengths, needed)
        _check_frames(lengths, label_lengths, needed)
    log_probs = at_least_float32(log_probs).transpose(0, 1)
    return functional.ctc_loss(
        log_probs, labels, lengths, label_lengths, blank=BLANK, reduction="sum"
    )


def _frames_needed(labels: Tensor, label_lengths: Tensor) -> Tensor:
    """Return what `frames_needed` does for each of (B, U) padded labels, (B,) int64."""
    within = valid_mask(label_lengths, labels.shape[1])[:, 1:]
    return label_lengths + ((labels[:, 1:] == labels[:, :-1]) & within).sum(dim=1)


def _check_frames(lengths: Tensor, label_lengths: Tensor, needed: Tensor) -> None:
    """Raise TrainingError for the first row with fewer frames than it needs."""
    for row in (needed > lengths).nonzero().flatten().tolist():
        raise TrainingError(
            f"row {row}: {int(lengths[row])} frames for {int(label_lengths[row])} labels, "
            f"expected at least {int(needed[row])}"
        )


def best_path(log_probs: Tensor | Floats) -> tuple[int, ...]:
    """Pick the most likely label of each frame, merge repeats, drop blanks.

    >>> best_path(np.log([[0.1, 0.9], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]))
    (1, 1)
    """
    path = as_array(log_probs).argmax(axis=1)
    changed = np.ones(len(path), dtype=bool)
    changed[1:] = path[1:] != path[:-1]
    return tuple(path[changed & (path != BLANK)].tolist())


def as_array(log_probs: Tensor | Floats) -> Floats:
    """Convert log probabilities to a (T, V) float64 array."""
    if isinstance(log_probs, Tensor):
        log_probs = log_probs.detach().cpu().numpy()
    return np.asarray(log_probs, dtype=np.float64)

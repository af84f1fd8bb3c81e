"""Joint training of a CTC head and an attention decoder over one encoder (Watanabe et al. 2017)."""

import torch
from torch import Tensor

from seqstudio.core.ctc_prefix import END
from seqstudio.core.encoder import Encoded
from seqstudio.core.losses import LossTerms, cross_entropy_sum, joint_sum
from seqstudio.core.model import SequenceModel


def with_end(labels: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Append the end to the labels of each row, as an attention decoder predicts it.

    The end is 0, the blank of CTC, which is no label: both have the same vocabulary.

    >>> with_end(torch.tensor([[3, 5], [4, 9]]), torch.tensor([2, 1]))
    (tensor([[3, 5, 0],
            [4, 0, 0]]), tensor([3, 2]))
    """
    longer = torch.nn.functional.pad(labels, (0, 1), value=END)
    at = torch.arange(longer.shape[1], device=labels.device)
    return longer.masked_fill(at >= lengths[:, None], END), lengths + 1


def ctc_attention_loss(
    model: SequenceModel,
    encoded: Encoded,
    labels: Tensor,
    label_lengths: Tensor,
    *,
    share: float = 0.3,
    smoothing: float = 0.0,
    head: str = "ctc",
) -> LossTerms:
    """Sum share * CTC + (1 - share) * attention loss over a batch [1]_.

    CTC keeps the alignment monotonic, which an attention decoder alone must find by itself.

    Parameters
    ----------
    model : with a CTC head and a flat decoder that attends, of the same vocabulary
    labels : (B, U) int64, padded, none of them 0 within its length
    label_lengths : (B,) int64
    share : weight of the CTC loss, 0 to 1
    smoothing : of the attention loss; see `cross_entropy_sum`
    head : name of the CTC head

    Returns
    -------
    () float, nats, differentiable; and the number of labels and ends, by which to divide

    References
    ----------
    .. [1] Watanabe et al. 2017, "Hybrid CTC/attention architecture for end-to-end speech
       recognition".
    """
    ctc = model.head_loss(head, encoded, labels, label_lengths)
    targets, lengths = with_end(labels, label_lengths)
    logits = model.decode(targets, lengths, encoded=encoded)
    attention = cross_entropy_sum(logits, targets, lengths, smoothing=smoothing)
    return joint_sum(ctc, attention, share)

"""Start a model from parts of others: a transducer from a CTC model and a language model."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from seqstudio.core.model import SequenceModel
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CopiedWeights:
    """The names of a model's tensors in some roles."""

    copied: tuple[str, ...]
    fresh: tuple[str, ...]  # those that the other model lacks, or has in another shape


def copy_weights(
    source: SequenceModel, target: SequenceModel, roles: Sequence[str]
) -> CopiedWeights:
    """Copy the tensors of some roles that have the same name and shape in both models.

    A transducer starts well from the encoder of a CTC model, `("source", "encoder")`, and from the
    decoder of a language model of the same labels, `("decoder",)` (Graves et al. 2013, "Speech
    recognition with deep recurrent neural networks", section 3.2). The output layer of that decoder
    has another shape and starts fresh.

    Parameters
    ----------
    source : the model to copy from
    target : the model to change
    roles : such as `encoder` or `heads.ctc`; see `ModelConfig.roles`

    Raises
    ------
    ConfigError
        If no tensor of a role fits; `target` is then unchanged.
    """
    old, new = source.state_dict(), target.state_dict()
    copied, fresh = list[str](), list[str]()
    for role in roles:
        names = [name for name in new if name.startswith(f"{role}.")]
        fits = [name for name in names if name in old and old[name].shape == new[name].shape]
        if not fits and names:
            raise ConfigError(f"{role}: 0 of {len(names)} tensors fit, expected some")
        copied += fits
        fresh += [name for name in names if name not in fits]
    with torch.no_grad():
        for name in copied:
            new[name].copy_(old[name])
    return CopiedWeights(tuple(copied), tuple(fresh))

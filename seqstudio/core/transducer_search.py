"""Search for the most likely labellings of a transducer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqstudio.core.ctc import BLANK, Floats, Hypothesis, Ints
from seqstudio.core.devices import at_least_float32
from seqstudio.core.encoder import Encoded
from seqstudio.core.model import SequenceModel
from seqstudio.errors import ConfigError


def transducer_beam(
    model: SequenceModel,
    encoded: Encoded,
    *,
    head: str = "joint",
    beam: int = 8,
    most_labels: int | None = None,
) -> list[list[Hypothesis]]:
    """Search for the most likely labellings of each item, each summed over its paths [1]_.

    All hypotheses in the beam have taken equally many steps, each of which is a label or the end
    of a frame. With a beam that is wide enough the search is exact.

    Parameters
    ----------
    model : with a transducer's joint head
    encoded : a batch; its items are searched one by one
    head : name of the joint head
    beam : hypotheses kept after each step; 1 is greedy search
    most_labels : of a hypothesis; None: as many as the item has frames

    Returns
    -------
    For each item at most `beam` hypotheses that have ended, the most likely first; none if no
    hypothesis in the beam ended with at most `most_labels` labels

    Raises
    ------
    ConfigError
        If the model has no such head, or it does not read the decoder.

    References
    ----------
    .. [1] Saon et al. 2020, "Alignment-length synchronous decoding for RNN transducer".
    """
    joint = model.head(head)
    if not getattr(model.config.heads[head], "reads_decoder", False):
        raise ConfigError(f"head {head!r} reads no decoder, expected a transducer's joint head")
    found = []
    with torch.inference_mode():
        predicted, state = model.decoder.start(1)
        for row, length in enumerate(encoded.lengths.tolist()):
            search = _Search(model.decoder, joint, encoded.output[row, :length], beam)
            start = _Beam([()], np.zeros(1), np.zeros(1, dtype=np.int64), predicted, state)
            search.run(start, length if most_labels is None else most_labels)
            found.append(search.best_ended())
    return found


@dataclass(frozen=True, slots=True)
class _Beam:
    """H hypotheses that have taken equally many steps."""

    labels: list[tuple[int, ...]]
    log_probs: Floats  # (H,) nats, of all paths of each that were found
    frames: Ints  # (H,) the frame that each has reached
    predicted: Tensor  # (H, J), what the decoder predicts after its labels
    state: Any  # the decoder's, of H rows


class _Search:
    """The search over one item of T frames."""

    def __init__(self, decoder: Any, joint: Any, output: Tensor, beam: int) -> None:
        self.decoder, self.joint, self.size = decoder, joint, beam
        self.frames = joint.encoder(output)  # (T, J)
        self.ended: dict[tuple[int, ...], float] = {}

    def run(self, beam: _Beam, most_labels: int) -> None:
        """Search until no hypothesis is left, or none can become one of the best."""
        while beam.labels and not self._decided(beam):
            beam = self._advance(beam, most_labels)

    def best_ended(self) -> list[Hypothesis]:
        """Return the hypotheses that have ended, the most likely first."""
        best = sorted(self.ended.items(), key=lambda one: -one[1])[: self.size]
        return [Hypothesis(labels, log_prob, log_prob) for labels, log_prob in best]

    def _decided(self, beam: _Beam) -> bool:
        """Whether all that is left in the beam is less likely than every one of the best."""
        if len(self.ended) < self.size:
            return False
        worst = sorted(self.ended.values())[-self.size]
        return bool(np.logaddexp.reduce(beam.log_probs) < worst)

    def _advance(self, beam: _Beam, most_labels: int) -> _Beam:
        """Take one step with every hypothesis, and keep the best."""
        scores = beam.log_probs[:, None] + self._log_probs(beam)
        stays, extended = scores[:, BLANK], scores[:, BLANK + 1 :]
        extended[[len(labels) >= most_labels for labels in beam.labels]] = -np.inf
        self._merge(beam, stays, extended)
        for at in np.flatnonzero(beam.frames + 1 == len(self.frames)):
            self.ended[beam.labels[at]] = float(stays[at])
            stays[at] = -np.inf
        return self._keep_best(beam, stays, extended)

    def _log_probs(self, beam: _Beam) -> Floats:
        """Return (H, V) log probabilities of the next step of every hypothesis."""
        frames = self.frames[torch.from_numpy(beam.frames).to(self.frames.device)]
        logits = self.joint.output(torch.tanh(frames + beam.predicted))
        log_probs = at_least_float32(logits).log_softmax(dim=-1)
        return log_probs.double().cpu().numpy()  # the beam is kept on the host

    def _merge(self, beam: _Beam, stays: Floats, extended: Floats) -> None:
        """Move the probability of an extension to its labelling, where the beam holds that."""
        numbers = {labels: at for at, labels in enumerate(beam.labels)}
        for at, labels in enumerate(beam.labels):
            parent = numbers.get(labels[:-1]) if labels else None
            if parent is not None:
                column = labels[-1] - 1
                stays[at] = np.logaddexp(stays[at], extended[parent, column])
                extended[parent, column] = -np.inf

    def _keep_best(self, beam: _Beam, stays: Floats, extended: Floats) -> _Beam:
        """Return the best hypotheses: those that ended a frame, then those with a new label."""
        scores = np.concatenate([stays, extended.ravel()])
        best = np.argsort(-scores, kind="stable")[: self.size]
        best = np.sort(best[scores[best] > -np.inf])
        old, new = best[best < len(stays)], best[best >= len(stays)] - len(stays)
        parents, columns = np.divmod(new, extended.shape[1])
        added = (columns + 1).tolist()
        labels = [beam.labels[at] for at in old]
        labels += [
            (*beam.labels[at], label) for at, label in zip(parents.tolist(), added, strict=True)
        ]
        rows = self._indices(np.concatenate([old, parents]))
        predicted, state = beam.predicted[rows], beam.state.select(rows)
        if added:
            stepped = self._indices(np.arange(len(old), len(best)))
            tokens = torch.tensor(added, device=rows.device)
            outputs, after = self.decoder.step(tokens, state.select(stepped))
            predicted = predicted.index_copy(0, stepped, outputs)
            state = state.replaced(stepped, after)
        frames = np.concatenate([beam.frames[old] + 1, beam.frames[parents]])
        return _Beam(labels, scores[best], frames, predicted, state)

    def _indices(self, numbers: Ints) -> Tensor:
        return torch.from_numpy(numbers).to(self.frames.device)

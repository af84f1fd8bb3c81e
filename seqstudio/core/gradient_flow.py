"""Gradient flow: how strong the gradient is by layer, and how far back in time it reaches.

Vanishing and exploding gradients are shown, not guessed: Hochreiter 1991; Bengio et al. 1994,
"Learning long-term dependencies with gradient descent is difficult".
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, log10
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

FAINT = 0.01  # of the strongest: a gradient below this teaches next to nothing
SHORT_STEPS = 20  # a layer whose gradient is faint this soon is said to vanish
GROWTH = 100.0  # a gradient that grows this much on its way back is said to explode
BAR = 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientFlow:
    """Gradient norms of one loss.

    `by_lag` holds, for each recurrent layer, the gradient of what its last valid step adds to
    the loss, taken at the layer's input `lags[i]` steps before: the mean over the batch of its
    norm. A layer with few steps has fewer figures than there are lags.
    """

    by_layer: Mapping[str, float]  # by module that owns parameters
    lags: tuple[int, ...]  # 0, 1, 2, 4, 8, ...
    by_lag: Mapping[str, tuple[float, ...]]

    def reach(self, layer: str) -> int | None:
        """Give the first lag from which on the gradient is faint, None where it never is."""
        norms = self.by_lag[layer]
        strong = [at for at, norm in enumerate(norms) if norm >= FAINT * max(norms)]
        faint_from = strong[-1] + 1 if strong else 0
        return self.lags[faint_from] if faint_from < len(norms) else None


def gradient_flow(model: nn.Module, loss: Callable[[], Tensor]) -> GradientFlow:
    """Measure the gradient flow of one loss. Weights and their `.grad` stay as they are.

    Parameters
    ----------
    model : every `nn.RNN`, `nn.GRU` and `nn.LSTM` in it that is called over sequences is watched
    loss : runs the model and gives a () float; called once

    Returns
    -------
    Norms by layer and by time lag
    """
    with _watching(model) as calls:
        total = loss()
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        outputs = [output for call in calls.values() for output in call.outputs]
        gradients = torch.autograd.grad(
            total, [p for _, p in named] + outputs, retain_graph=True, allow_unused=True
        )
    squares: dict[str, float] = {}
    for (name, _), gradient in zip(named, gradients, strict=False):
        owner = name.rpartition(".")[0]
        square = 0.0 if gradient is None else float(gradient.double().square().sum())
        squares[owner] = squares.get(owner, 0.0) + square
    arriving = iter(gradients[len(named) :])
    by_lag = {}
    for name, call in calls.items():
        norms = call.norms([next(arriving) for _ in call.outputs])
        if norms:
            by_lag[name] = norms
    longest = max(map(len, by_lag.values()), default=0)
    return GradientFlow(
        by_layer={name: square**0.5 for name, square in squares.items()},
        lags=(0, *(2**power for power in range(longest - 1)))[:longest],
        by_lag=by_lag,
    )


@dataclass(frozen=True, slots=True)
class _Call:
    """One pass of a recurrent layer over sequences: what went in, and what came out."""

    frames: Tensor | PackedSequence
    output: Tensor | PackedSequence
    states: tuple[Tensor, ...]  # after the last step

    @property
    def outputs(self) -> list[Tensor]:
        return [_data(self.output), *self.states]

    def norms(self, arriving: list[Tensor | None]) -> tuple[float, ...]:
        """Send what arrives at the last valid step back in time; give its norm at each lag."""
        sent, *at_end = (
            torch.zeros_like(output) if gradient is None else gradient
            for output, gradient in zip(self.outputs, arriving, strict=True)
        )
        last = _last_steps(self.output, sent, at_end)
        back = torch.autograd.grad(
            self.outputs,
            _data(self.frames),
            [_only(self.output, sent, last), *at_end],
            retain_graph=True,
        )[0]
        by_step = _padded(self.frames, back).double().norm(dim=2)
        rows = torch.arange(len(by_step), device=by_step.device)
        norms, lag = [], 0
        while bool((far := last >= lag).any()):
            norms.append(float(by_step[rows[far], last[far] - lag].mean()))
            lag = max(1, 2 * lag)
        return tuple(norms)


def _data(frames: Tensor | PackedSequence) -> Tensor:
    return frames.data if isinstance(frames, PackedSequence) else frames


def _padded(like: Tensor | PackedSequence, data: Tensor) -> Tensor:
    """Give (B, T, F) of `data`, which lies as `like` does."""
    if not isinstance(like, PackedSequence):
        return data
    return pad_packed_sequence(like._replace(data=data), batch_first=True)[0]


def _last_steps(output: Tensor | PackedSequence, sent: Tensor, at_end: list[Tensor]) -> Tensor:
    """Find each row's last step that the loss depends on, (B,) int64; -1 where there is none."""
    if isinstance(output, PackedSequence):
        return pad_packed_sequence(output, batch_first=True)[1].to(sent.device) - 1
    steps = torch.arange(output.shape[1], device=sent.device)
    last = torch.where(sent.abs().sum(dim=2) > 0, steps, -1).amax(dim=1)
    ended = torch.stack([state[-1].abs().sum(dim=1) for state in at_end]).sum(dim=0) > 0
    return torch.where(ended, steps[-1], last)


def _only(output: Tensor | PackedSequence, sent: Tensor, last: Tensor) -> Tensor:
    """Keep of what is sent to an output only what arrives at the last steps."""
    flat = sent.flatten(0, -2)
    places = torch.arange(len(flat), device=sent.device).view(sent.shape[:-1])
    by_step = _padded(output, places[..., None])[..., 0]
    rows = (last >= 0).nonzero()[:, 0]
    chosen = by_step[rows, last[rows]]
    kept = torch.zeros_like(flat).index_copy(0, chosen, flat[chosen])
    return kept.view(sent.shape)


@contextmanager
def _watching(model: nn.Module) -> Iterator[dict[str, _Call]]:
    """Keep the longest call of each recurrent layer while the context is open."""
    calls: dict[str, _Call] = {}

    def before(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        frames = given[0]
        if _data(frames).requires_grad:
            return given
        data = _data(frames).detach().requires_grad_()
        packed = isinstance(frames, PackedSequence)
        return (frames._replace(data=data) if packed else data, *given[1:])

    def after(name: str, given: tuple[Any, ...], made: tuple[Any, Any]) -> None:
        output, last = made
        call = _Call(given[0], output, last if isinstance(last, tuple) else (last,))
        if name not in calls or _data(calls[name].output).numel() <= _data(output).numel():
            calls[name] = call

    handles = []
    for name, module in model.named_modules():
        if isinstance(module, nn.RNNBase):
            handles.append(module.register_forward_pre_hook(before))
            handles.append(
                module.register_forward_hook(
                    lambda _, given, made, name=name: after(name, given, made)
                )
            )
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def verdict(flow: GradientFlow) -> str:
    """Say in one sentence whether the gradient vanishes, explodes, or is fine, with the figures."""
    norms = [*flow.by_layer.values(), *(norm for row in flow.by_lag.values() for norm in row)]
    if not all(map(isfinite, norms)):
        return "broken: the gradient is not finite, so this step must not be taken"
    for name, row in flow.by_lag.items():
        peak = row.index(max(row))
        if row[0] > 0 and row[peak] > GROWTH * row[0]:
            return (
                f"exploding: in {name} the gradient is {row[peak] / row[0]:.2g} times as strong "
                f"{flow.lags[peak]} steps back as at the last step: clip it lower, learn slower"
            )
    reached = {name: flow.reach(name) for name in flow.by_lag}
    ends = {name: lag for name, lag in reached.items() if lag is not None}
    if not ends:
        span = flow.lags[-1] if flow.lags else 0
        return f"fine: every recurrent layer still learns from what lies {span} steps back"
    name = min(ends, key=lambda each: ends[each])
    row = flow.by_lag[name]
    left = f"under {FAINT:.0%} of the gradient is left {ends[name]} steps back in {name}"
    far = f"{row[-1] / max(row):.1g} of it after {flow.lags[len(row) - 1]}"
    if ends[name] <= SHORT_STEPS:
        return f"vanishing: {left}, {far}: what lies further back teaches it next to nothing"
    return f"fine: {left}, {far}"


def flow_text(flow: GradientFlow) -> str:
    """Draw the norms as lines of text: one character less is a norm about 1.6 times less."""
    lines = [verdict(flow), "", "gradient norm by layer"]
    lines += _bars(dict(flow.by_layer))
    for name, row in flow.by_lag.items():
        lines += ["", f"by steps back from the last, {name}"]
        lines += _bars({str(lag): norm for lag, norm in zip(flow.lags, row, strict=False)})
    return "\n".join(lines)


def _bars(norms: Mapping[str, float]) -> list[str]:
    """Draw positive numbers on a logarithmic scale of eight decades below the largest."""
    width = max(map(len, norms), default=0)
    top = max((norm for norm in norms.values() if isfinite(norm)), default=0.0)
    lines = []
    for name, norm in norms.items():
        decades = log10(norm / top) if 0 < norm < float("inf") else -float("inf")
        length = max(0, round(BAR * (1 + decades / 8))) if decades > -8 else 0
        lines.append(f"  {name:<{width}}  {norm:8.1e}  {'#' * length}".rstrip())
    return lines

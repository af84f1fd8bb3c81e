"""Gradient flow: how strong the gradient is in each layer, and how far back in time it reaches.

It shows whether gradients vanish or explode: Hochreiter 1991; Bengio et al. 1994, "Learning
long-term dependencies with gradient descent is difficult".
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, log10
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from seqstudio.core.recurrent import RecurrentLayer

FAINT = 0.01  # share of the largest norm below which a gradient teaches almost nothing
SHORT_STEPS = 20  # a gradient that is faint within this many steps is called vanishing
GROWTH = 100.0  # a gradient that grows by this factor on its way back is called exploding
BAR = 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientFlow:
    """Gradient norms of one loss.

    `by_lag` holds norms for each recurrent layer. The gradient is that of the last valid step's
    contribution to the loss, with respect to the layer's input `lags[i]` steps earlier; norms are
    averaged over the batch. A layer with few steps has fewer norms than there are lags.
    """

    by_layer: Mapping[str, float]  # by name of the module that owns the parameters
    lags: tuple[int, ...]  # 0, 1, 2, 4, 8, ...
    by_lag: Mapping[str, tuple[float, ...]]

    def reach(self, layer: str) -> int | None:
        """Return the lag from which on the gradient is faint; None if it never is."""
        norms = self.by_lag[layer]
        strong = [index for index, norm in enumerate(norms) if norm >= FAINT * max(norms)]
        faint_from = strong[-1] + 1 if strong else 0
        return self.lags[faint_from] if faint_from < len(norms) else None


def gradient_flow(model: nn.Module, loss: Callable[[], Tensor]) -> GradientFlow:
    """Measure the gradient flow of one loss. Weights and their `.grad` are not changed.

    Parameters
    ----------
    model : measured is every recurrent layer in it that runs over sequences: those of torch, and
        those of any `RecurrentLayer`, whatever its cell
    loss : runs the model and returns a () float; called once

    Returns
    -------
    Norms by layer and by time lag
    """
    with _collected_calls(model) as calls:
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
    output_gradients = iter(gradients[len(named) :])
    by_lag = {}
    for name, call in calls.items():
        norms = call.norms([next(output_gradients) for _ in call.outputs])
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
    """The input and the outputs of one pass of a recurrent layer over sequences."""

    frames: Tensor | PackedSequence
    output: Tensor | PackedSequence
    states: tuple[Tensor, ...]  # after the last step

    @property
    def outputs(self) -> list[Tensor]:
        return [_data(self.output), *self.states]

    def norms(self, gradients: list[Tensor | None]) -> tuple[float, ...]:
        """Propagate the gradient at the last valid step back; return its norm at each lag."""
        output_gradient, *state_gradients = (
            torch.zeros_like(output) if gradient is None else gradient
            for output, gradient in zip(self.outputs, gradients, strict=True)
        )
        last = _last_steps(self.output, output_gradient, state_gradients)
        input_gradient = torch.autograd.grad(
            self.outputs,
            _data(self.frames),
            [_at_steps(self.output, output_gradient, last), *state_gradients],
            retain_graph=True,
        )[0]
        by_step = _padded(self.frames, input_gradient).double().norm(dim=2)
        rows = torch.arange(len(by_step), device=by_step.device)
        norms, lag = [], 0
        while bool((reached := last >= lag).any()):
            norms.append(float(by_step[rows[reached], last[reached] - lag].mean()))
            lag = max(1, 2 * lag)
        return tuple(norms)


def _data(frames: Tensor | PackedSequence) -> Tensor:
    return frames.data if isinstance(frames, PackedSequence) else frames


def _padded(like: Tensor | PackedSequence, data: Tensor) -> Tensor:
    """Return `data`, packed or padded as `like` is, as a (B, T, F) tensor."""
    if not isinstance(like, PackedSequence):
        return data
    return pad_packed_sequence(like._replace(data=data), batch_first=True)[0]


def _last_steps(
    output: Tensor | PackedSequence, gradient: Tensor, state_gradients: list[Tensor]
) -> Tensor:
    """Return each row's last step that the loss depends on, (B,) int64; -1 if there is none."""
    if isinstance(output, PackedSequence):
        return pad_packed_sequence(output, batch_first=True)[1].to(gradient.device) - 1
    steps = torch.arange(output.shape[1], device=gradient.device)
    last = torch.where(gradient.abs().sum(dim=2) > 0, steps, -1).amax(dim=1)
    state_norms = torch.stack([state[-1].abs().sum(dim=1) for state in state_gradients])
    return torch.where(state_norms.sum(dim=0) > 0, steps[-1], last)


def _at_steps(output: Tensor | PackedSequence, gradient: Tensor, steps: Tensor) -> Tensor:
    """Return an output's gradient with zeros everywhere but at each row's step of `steps`."""
    flat = gradient.flatten(0, -2)
    positions = torch.arange(len(flat), device=gradient.device).view(gradient.shape[:-1])
    by_step = _padded(output, positions[..., None])[..., 0]
    rows = (steps >= 0).nonzero()[:, 0]
    chosen = by_step[rows, steps[rows]]
    kept = torch.zeros_like(flat).index_copy(0, chosen, flat[chosen])
    return kept.view(gradient.shape)


def _sequence_layers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield by name the modules that run over whole sequences, as torch's recurrent layers do."""
    of_cells = {module.rnn for module in model.modules() if isinstance(module, RecurrentLayer)}
    for name, module in model.named_modules():
        if isinstance(module, nn.RNNBase) or module in of_cells:
            yield name, module


@contextmanager
def _collected_calls(model: nn.Module) -> Iterator[dict[str, _Call]]:
    """Collect the longest call of each recurrent layer while the context is open."""
    calls: dict[str, _Call] = {}

    def before(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        frames = arguments[0]
        if _data(frames).requires_grad:
            return arguments
        data = _data(frames).detach().requires_grad_()
        packed = isinstance(frames, PackedSequence)
        return (frames._replace(data=data) if packed else data, *arguments[1:])

    def after(name: str, arguments: tuple[Any, ...], result: tuple[Any, Any]) -> None:
        output, final = result
        call = _Call(arguments[0], output, final if isinstance(final, tuple) else (final,))
        if name not in calls or _data(calls[name].output).numel() <= _data(output).numel():
            calls[name] = call

    handles = []
    for name, module in _sequence_layers(model):
        handles.append(module.register_forward_pre_hook(before))
        handles.append(
            module.register_forward_hook(
                lambda _, arguments, result, name=name: after(name, arguments, result)
            )
        )
    try:
        # Without cuDNN each direction is a call of its own, which the hooks see.
        with torch.backends.cudnn.flags(enabled=False):
            yield calls
    finally:
        for handle in handles:
            handle.remove()


def gradient_flow_verdict(flow: GradientFlow) -> str:
    """Describe in one sentence, with numbers, whether the gradient vanishes or explodes."""
    norms = [*flow.by_layer.values(), *(norm for row in flow.by_lag.values() for norm in row)]
    if not all(map(isfinite, norms)):
        return "broken: the gradient is not finite, so this step must not be taken"
    for name, row in flow.by_lag.items():
        peak = row.index(max(row))
        if row[0] > 0 and row[peak] > GROWTH * row[0]:
            return (
                f"exploding: in {name} the gradient is {row[peak] / row[0]:.2g} times as strong "
                f"{flow.lags[peak]} steps back as at the last step; "
                "lower clip_norm and the learning rate"
            )
    reached = {name: flow.reach(name) for name in flow.by_lag}
    ends = {name: lag for name, lag in reached.items() if lag is not None}
    if not ends:
        span = flow.lags[-1] if flow.lags else 0
        return f"fine: every recurrent layer still learns from {span} steps back"
    name = min(ends, key=lambda each: ends[each])
    row = flow.by_lag[name]
    faint = f"in {name} less than {FAINT:.0%} of the gradient is left {ends[name]} steps back"
    rest = f"{row[-1] / max(row):.1g} of it after {flow.lags[len(row) - 1]}"
    if ends[name] <= SHORT_STEPS:
        return f"vanishing: {faint}, {rest}; the layer learns almost nothing from further back"
    return f"fine: {faint}, {rest}"


def gradient_flow_text(flow: GradientFlow) -> str:
    """Draw the norms as lines of text; a bar one character shorter is a norm 1.6 times smaller."""
    lines = [gradient_flow_verdict(flow), "", "gradient norm by layer"]
    lines += _bars(dict(flow.by_layer))
    for name, row in flow.by_lag.items():
        lines += ["", f"by steps back from the last, {name}"]
        lines += _bars({str(lag): norm for lag, norm in zip(flow.lags, row, strict=False)})
    return "\n".join(lines)


def _bars(norms: Mapping[str, float]) -> list[str]:
    """Draw positive numbers as bars, on a logarithmic scale of eight decades below the largest."""
    width = max(map(len, norms), default=0)
    top = max((norm for norm in norms.values() if isfinite(norm)), default=0.0)
    lines = []
    for name, norm in norms.items():
        decades = log10(norm / top) if 0 < norm < float("inf") else -float("inf")
        length = max(0, round(BAR * (1 + decades / 8))) if decades > -8 else 0
        lines.append(f"  {name:<{width}}  {norm:8.1e}  {'#' * length}".rstrip())
    return lines

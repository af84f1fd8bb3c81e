"""The decoder of real-valued series: the density of each step's values, given those before it."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from seqstudio.core.cells import Cell
from seqstudio.core.config import check_positive, check_recurrent
from seqstudio.core.densities import Density, DensityConfig, masked_log_probs
from seqstudio.core.fused_step import FusedStack, StackState, StepRoute, select_layers
from seqstudio.core.recurrent import valid_mask
from seqstudio.core.stack import RecurrentStack
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesConfig:
    """A decoder of `density.values` real numbers a step (Salinas et al. 2020, "DeepAR").

    `covariates` has the number of values of each covariate, which is known in advance, such as 7
    for the day of the week; 0 is a real number, such as a forecast temperature. Values and real
    covariates should have a scale near 1.
    """

    part: ClassVar[str] = "series"
    density: DensityConfig = field(default_factory=DensityConfig)
    dimension: int = 64
    cell: Cell = "lstm"
    hidden: int = 128
    layers: int = 2
    dropout: float = 0.0  # between layers only: one layer has none
    covariates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_positive(self, "dimension")
        check_recurrent(self)
        for number, size in enumerate(self.covariates):
            if size < 0:
                raise ConfigError(f"covariates[{number}]={size}, expected 0 or more values")


class SeriesDecoder(nn.Module):
    """Predicts each step's values from those before it; the first step has an input of its own."""

    def __init__(self, config: SeriesConfig) -> None:
        super().__init__()
        self.config = config
        width = config.dimension
        self.values = nn.Linear(config.density.values, width)
        self.first = nn.Parameter(torch.zeros(width))
        self.covariates = nn.ModuleList(
            nn.Embedding(size, width) if size else nn.Linear(1, width, bias=False)
            for size in config.covariates
        )
        self.body = RecurrentStack(config.cell, width, config.hidden, config.layers, config.dropout)
        self.output = nn.Linear(config.hidden, config.density.outputs)

    def densities(
        self,
        targets: Tensor,
        lengths: Tensor,
        *,
        initial_state: Tensor | None = None,
        covariates: Tensor | None = None,
    ) -> Density:
        """Predict whole series.

        Parameters
        ----------
        targets : (B, U, D) float; padding may hold anything
        lengths : (B,) int64, 1 to U
        initial_state : (layers, B, S) float; None is zero
        covariates : (B, U, C) float, whole numbers where they are not real

        Returns
        -------
        The densities of (B, U) steps: that at u is of targets[:, u]
        """
        inside = valid_mask(lengths, targets.shape[1])[:, :, None]
        previous = self.values(torch.where(inside, targets, 0.0)[:, :-1])
        inputs = torch.cat([self.first.expand(len(targets), 1, -1), previous], dim=1)
        if covariates is not None:
            for number, embed in enumerate(self.covariates):
                inputs = inputs + embed(self.column(covariates, number))
        outputs, _ = self.body(inputs, initial_state)
        return self.config.density.density(self.output(outputs))

    def log_probs(self, targets: Tensor, lengths: Tensor, **inputs: Any) -> Tensor:
        """Return the (B, U) log densities of whole steps, 0 past each length; see `densities`."""
        return masked_log_probs(self.densities(targets, lengths, **inputs), targets, lengths)

    def column(self, covariates: Tensor, number: int) -> Tensor:
        """Return one of (..., C) covariates as its module takes it."""
        if self.config.covariates[number]:
            return covariates[..., number].long()
        return covariates[..., number : number + 1].to(self.first)

    def start(self, rows: int, **inputs: Any) -> tuple[Density, "SeriesState"]:
        """Return the densities of (rows,) first steps, and the state to step from; see `prime`.

        `inputs` are those of `densities`, but covariates are (T, C) or (rows, T, C), of all steps.
        """
        none = self.first.new_zeros(rows, 0, self.config.density.values)
        return self.prime(none, **inputs)

    @torch.no_grad()
    def prime(
        self,
        history: Tensor,
        *,
        initial_state: Tensor | None = None,
        covariates: Tensor | None = None,
    ) -> tuple[Density, "SeriesState"]:
        """Run over (B, U, D) values that are known; the same bits as a step for each of them."""
        rows = len(history)
        if initial_state is None:
            initial_state = self.body.zero_state(rows)
        if covariates is not None and covariates.ndim == 2:
            covariates = covariates[None].expand(rows, -1, -1)
        return SeriesStepper(self).start(history, initial_state, covariates)

    def step(self, values: Tensor, state: "SeriesState") -> tuple[Density, "SeriesState"]:
        """Return the densities that follow (B, D) values, and the new state.

        `state` itself is not changed.
        """
        return state.stepper.step(values, state)


class SeriesState(NamedTuple):
    """The state of each row between two steps of a series decoder."""

    stepper: "SeriesStepper"
    layers: StackState
    position: int  # the step whose density was returned last
    covariates: Tensor | None  # (B, T, C) float

    def select(self, rows: Tensor) -> "SeriesState":
        """Select rows by index, (R,) int64: to draw several futures, or to drop rows."""
        covariates = None if self.covariates is None else self.covariates[rows]
        return self._replace(layers=select_layers(self.layers, rows), covariates=covariates)


class SeriesStepper:
    """A series decoder's weights, laid out for fused steps."""

    def __init__(self, decoder: SeriesDecoder, route: StepRoute | None = None) -> None:
        self.decoder, self.density = decoder, decoder.config.density
        head = decoder.output.weight, decoder.output.bias
        self.stack = FusedStack(decoder.body, head, route)
        self.first = self.stack.fold(decoder.first[None], biased=True)
        self.bias = self.stack.fold(decoder.values.bias[None], biased=True)
        self.values = self.stack.fold(decoder.values.weight.T, biased=False)  # (D, G)
        self.tables = []
        for size, embed in zip(decoder.config.covariates, decoder.covariates, strict=True):
            weight = embed.get_parameter("weight")
            self.tables.append(self.stack.fold(weight if size else weight.T, biased=False))

    def start(
        self, history: Tensor, initial_state: Tensor, covariates: Tensor | None
    ) -> tuple[Density, SeriesState]:
        """Return the densities that follow a (B, U, D) history, from (layers, B, S) states."""
        layers = self.stack.initial_state(initial_state)
        gates = self.first.expand(1, len(history), -1)
        gates = torch.cat([gates, self.value_gates(history.float().transpose(0, 1))])
        return self.advance(gates, SeriesState(self, layers, -1, covariates))

    def step(self, values: Tensor, state: SeriesState) -> tuple[Density, SeriesState]:
        """Return the densities that follow (B, D) values, and the new state."""
        return self.advance(self.value_gates(values.float()[None]), state)

    def advance(self, gates: Tensor, state: SeriesState) -> tuple[Density, SeriesState]:
        """Run over the (U, B, G) gates of the next steps; return the densities of the last."""
        first, steps = state.position + 1, len(gates)
        if state.covariates is not None:
            known = state.covariates[:, first : first + steps].transpose(0, 1)
            gates = gates.clone()
            gates[: len(known)] += self.covariate_gates(known)
        _, layers, headed = self.stack.run(state.layers, gates=gates)
        new = state._replace(layers=layers, position=first + steps - 1)
        return self.density.density(headed), new

    def value_gates(self, values: Tensor) -> Tensor:
        """Return the (..., G) gates of (..., D) values, each row by the same additions."""
        gates = self.bias.expand(*values.shape[:-1], -1)
        for number, table in enumerate(self.values):
            gates = gates + values[..., number : number + 1] * table
        return gates

    def covariate_gates(self, known: Tensor) -> Tensor:
        """Return the (..., G) gates of (..., C) covariates."""
        gates = torch.zeros_like(self.bias)
        for number, table in enumerate(self.tables):
            column = self.decoder.column(known, number)
            gates = gates + (column * table if column.is_floating_point() else table[column])
        return gates

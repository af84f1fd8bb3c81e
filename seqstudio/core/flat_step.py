"""Steps of the flat decoder: `FlatStepper` lays its weights out for fused steps.

`DecoderState` is where a step leaves each row.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.attention import AttentionMemory, tanh_by_row
from seqstudio.core.encoder import Encoded
from seqstudio.core.fused_step import (
    CovariateIds,
    FusedStack,
    StackState,
    StepRoute,
    replace_layers,
    select_layers,
)
from seqstudio.core.past_inputs import PastIds, PastStates
from seqstudio.core.stack import RecurrentStack


class DecoderState(NamedTuple):
    """The state of each row between two steps of a flat decoder."""

    stepper: "FlatStepper"
    layers: StackState
    position: int  # the step whose logits were returned last
    covariates: Tensor | None  # (B, T, C) int64
    memory: AttentionMemory | None
    weights: Tensor | None  # (B, T') float, the attention weights of the last step
    past: PastStates | None = None
    past_memory: AttentionMemory | None = None  # the outputs so far
    past_weights: Tensor | None = None  # (B, U) float, those of the last step over U steps
    above: StackState | None = None  # of the layers above an early attention

    def select(self, rows: Tensor) -> "DecoderState":
        """Select rows by index, (R,) int64: to repeat a prefix, or to drop finished rows."""
        return DecoderState(
            self.stepper,
            select_layers(self.layers, rows),
            self.position,
            None if self.covariates is None else self.covariates[rows],
            None if self.memory is None else self.memory.select(rows),
            None if self.weights is None else self.weights[rows],
            None if self.past is None else self.past.select(rows),
            None if self.past_memory is None else self.past_memory.select(rows),
            None if self.past_weights is None else self.past_weights[rows],
            None if self.above is None else select_layers(self.above, rows),
        )

    def replaced(self, rows: Tensor, new: "DecoderState") -> "DecoderState":
        """Return a copy with `new` in place of these (R,) rows, of a prediction network.

        Such a decoder has neither covariates nor attention, so that its rows may be at different
        positions.
        """
        layers, past = replace_layers(self.layers, rows, new.layers), self.past
        if past is not None and new.past is not None:
            past = past.replaced(rows, new.past)
        return self._replace(layers=layers, past=past, position=max(self.position, new.position))


class FlatStepper:
    """A flat decoder's weights, laid out for fused steps."""

    def __init__(self, decoder: Any, route: StepRoute | None = None, *, int8: bool = False) -> None:
        self.vocabulary = decoder.config.vocabulary
        self.attention, self.past_attention = decoder.attention, decoder.past_attention
        maps = [] if self.attention is None else [self.attention.query]
        if self.past_attention is not None:
            maps += [self.past_attention.query, self.past_attention.key]
        self.widths = [len(one.weight) for one in maps]
        head = output = output_weights(decoder)
        if decoder.readout is not None:
            output = weights_of(decoder.readout)
        if maps:  # the head projects queries and keys; the output layer is separate
            biases = [one(torch.zeros_like(one.weight[0])) for one in maps]
            head = torch.cat([one.weight for one in maps]), torch.cat(biases)
        known, past = decoder.covariates, decoder.past
        embeddings = [decoder.embedding.weight]
        embeddings += [] if known is None else list(known.parameters())
        embeddings += [] if past is None else [past.embedding.weight]
        self.stack = FusedStack(decoder.body, head, route, int8=int8, embeddings=embeddings)
        self.read = linear(self.stack.route, *output) if maps else self.stack.head
        self.output = None
        if decoder.readout is not None:
            self.output = linear(self.stack.route, *output_weights(decoder))
        above = decoder.above
        self.above = None if above is None else LayersAbove(above, *output, self.stack.route)
        self.covariates = CovariateIds(self.stack, 1, known)
        self.past = None if past is None else PastIds(self.stack, len(embeddings) - 1, past)
        direct = decoder.past_output
        self.past_output = None if direct is None else direct.table()
        self.relative = decoder.relative

    def start(
        self,
        prompts: Tensor,
        initial_state: Tensor,
        encoded: Encoded | None,
        covariates: Tensor | None,
    ) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits that follow (B, U) prompts, from (layers, B, S) states."""
        self.covariates.check(covariates)
        memory = None
        if self.attention is not None and encoded is not None:
            memory = self.attention.prepare_rows(encoded)
        rows = len(prompts)
        below = len(self.stack.layers)
        layers = self.stack.initial_state(initial_state[:below])
        state = DecoderState(self, layers, -1, covariates, memory, None)
        if self.above is not None:
            state = state._replace(above=self.above.stack.initial_state(initial_state[below:]))
        if self.past is not None:
            state = state._replace(past=self.past.start(rows, prompts.device))
        if self.past_attention is not None:
            state = state._replace(past_memory=self.past_attention.empty_memory(rows))
        return self.advance(functional.pad(prompts.t(), (0, 0, 1, 0), value=self.vocabulary), state)

    def advance(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits that follow (U, B) tokens, 1 or more, and the new state."""
        first, steps, past = state.position + 1, len(tokens), state.past
        ids = [tokens[..., None]]
        if state.covariates is not None:
            ids.append(self.covariates.of_steps(state.covariates, first, steps))
        if self.past is not None and past is not None:
            past_ids, past = self.past.run(past, tokens, state.covariates, first)
            ids.append(past_ids)
        joined = ids[0] if len(ids) == 1 else torch.cat(ids, dim=2)
        outputs, layers, headed = self.stack.run(state.layers, joined)
        state = state._replace(layers=layers, position=first + steps - 1, past=past)
        logits = headed
        for number, output in enumerate(outputs if self.widths else (), start=1):
            projected = headed if number == steps else self.stack.head(output)
            logits, state = self.attend(projected, output[:, : self.stack.hidden], state)
        return logits if self.past is None else self.add_past(logits, past_ids[-1]), state

    def add_past(self, logits: Tensor, ids: Tensor) -> Tensor:
        """Return the (B, V) logits with what (B, F) ids of past inputs add to them directly."""
        assert self.past is not None
        ids = ids - self.past.offset
        if self.relative is not None:
            logits, relative = logits.split([self.vocabulary, len(logits[0]) - self.vocabulary], 1)
            logits = logits + self.relative.lay(relative, self.past.inputs.place(ids))
        if self.past_output is not None:
            logits = logits + functional.embedding_bag(ids, self.past_output, mode="sum")
        return logits

    def attend(
        self, projected: Tensor, output: Tensor, state: DecoderState
    ) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits of (B, H) outputs, from their projections."""
        joined, parts = [output], iter(projected.split(self.widths, dim=1))
        if self.attention is not None and state.memory is not None:
            context, weights, memory = self.attention.attend_once(next(parts), state.memory)
            state = state._replace(memory=memory, weights=weights)
            joined.append(context)
        if self.past_attention is not None and state.past_memory is not None:
            query, key = parts
            memory = state.past_memory.appended(key, output)
            context, weights, memory = self.past_attention.attend_once(query, memory)
            state = state._replace(past_memory=memory, past_weights=weights)
            joined.append(context)
        read = torch.cat(joined, dim=1)
        if self.above is None or state.above is None:
            read = self.read(read)
        else:
            read, above = self.above.step(read, state.above)
            state = state._replace(above=above)
        return read if self.output is None else self.output(tanh_by_row(read)), state


class LayersAbove:
    """The layers above an early attention, and what reads their outputs beside the contexts.

    Parameters
    ----------
    body : the layers
    weight, bias : of the linear map of outputs and contexts, (N, H + D) and (N,)
    """

    def __init__(
        self, body: RecurrentStack, weight: Tensor, bias: Tensor, route: StepRoute
    ) -> None:
        self.hidden = body.hidden
        self.stack = FusedStack(body, (weight[:, : self.hidden], bias), route)
        gates = self.stack.gates(*self.stack.layers[0].weights("ih"))
        self.gates = linear(route, *gates)
        self.from_contexts = linear(route, weight[:, self.hidden :], torch.zeros_like(bias))

    def step(self, joined: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """Return the (B, N) of outputs and contexts, and the new state.

        Parameters
        ----------
        joined : (B, H + D) outputs of the layers below, and the contexts
        """
        _, new, from_outputs = self.stack.run(state, gates=self.gates(joined)[None])
        contexts = joined[:, self.hidden :].contiguous()
        return from_outputs + self.from_contexts(contexts), new


def linear(route: StepRoute, weight: Tensor, bias: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the linear map of rows that have no padding."""
    return route.linear(weight.detach().float(), bias.detach().float())


def output_weights(decoder: Any) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a decoder's logits, then of its relative outputs."""
    layers = [decoder.output]
    layers += [] if decoder.relative is None else [decoder.relative.linear]
    weights, biases = zip(*(weights_of(one) for one in layers), strict=True)
    return torch.cat(weights), torch.cat(biases)


def weights_of(layer: Any) -> tuple[Tensor, Tensor]:
    """Return the weight and bias of a linear layer."""
    return layer.weight, layer.bias

"""The one recurrent encoder-decoder, assembled from its config."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqstudio.core.attention import AttentionWeights
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.devices import to_host
from seqstudio.core.encoder import Encoded
from seqstudio.core.geometry import FrameGeometry
from seqstudio.core.losses import LossTerms
from seqstudio.core.parts import BuildContext, Parts, default_parts
from seqstudio.core.recurrent import PaddedLengths
from seqstudio.core.streaming import BlockEncoding
from seqstudio.errors import ConfigError


class TaskBuffers(nn.Module):
    """Tensors that a task keeps with the weights, such as means and variances, by name."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor.detach().clone())

    def __getitem__(self, name: str) -> Tensor:
        return self.get_buffer(name)

    def __contains__(self, name: str) -> bool:
        return name in self._buffers

    def names(self) -> tuple[str, ...]:
        """Return the names in the order of registration."""
        return tuple(self._buffers)


class SequenceModel(BlockEncoding):
    """Source, encoder, bridge, attention, decoder and heads; any of them may be absent."""

    def __init__(self, config: ModelConfig, parts: Parts) -> None:
        super().__init__()
        self.config = config

        def build_part(part: PartConfig | None, **context: Any) -> Any:
            return None if part is None else parts[part.part].build(part, BuildContext(**context))

        self.source = build_part(config.source)
        self.encoder = build_part(config.encoder, source=self.source)
        joined = {"encoder": self.encoder, "decoder": config.decoder}
        self.bridge = build_part(config.bridge, **joined)
        self.heads = nn.ModuleDict(
            {name: build_part(head, **joined) for name, head in config.heads.items()}
        )
        self.decoder = build_part(
            config.decoder, outputs=config.decoder_outputs, **self._inside_decoder(build_part)
        )
        self.task_buffers = TaskBuffers({})

    def _inside_decoder(self, build_part: Callable[..., Any]) -> dict[str, Any]:
        """Build the parts that are inside the decoder."""
        config, encoder = self.config.decoder, self.encoder
        context: dict[str, Any] = {"encoder": encoder}
        if self.config.attention is not None:
            memory = {"decoder": config, "memory_width": encoder.width}
            context["attention"] = build_part(self.config.attention, encoder=encoder, **memory)
        if (own := getattr(config, "past_attention", None)) is not None:
            memory = {"decoder": config, "memory_width": getattr(config, "hidden", 0)}
            context["past_attention"] = build_part(own, **memory)
        past = getattr(config, "past", ())
        context["past"] = tuple(build_part(one, decoder=config) for one in past)
        return context

    @property
    def geometry(self) -> FrameGeometry:
        """Which input frames correspond to an encoder frame."""
        return FrameGeometry() if self.source is None else self.source.geometry

    def encode(self, inputs: Tensor, lengths: Tensor) -> Encoded:
        """Encode a padded batch.

        Parameters
        ----------
        inputs : (B, T, F) float, or (B, T) int64 tokens
        lengths : (B,) int64, 1 to T

        Raises
        ------
        ConfigError
            If the model has no encoder, or a length is out of range.
        """
        self.require("encoder")
        (on_host,) = to_host(lengths)  # the one copy: the check, packing and masks all read it
        if not bool(((on_host >= 1) & (on_host <= inputs.shape[1])).all()):
            raise ConfigError(f"lengths={on_host.tolist()}, expected 1 to {inputs.shape[1]}")
        frames, lengths = self.source(inputs, lengths.to(inputs.device))
        output_lengths = [self.geometry.output_length(length) for length in on_host.tolist()]
        padded = PaddedLengths(lengths, frames.shape[1], torch.tensor(output_lengths))
        with_state = getattr(self.bridge, "reads_state", False)
        encoded: Encoded = self.encoder.encode(frames, padded, with_state=with_state)
        return encoded

    def head(self, name: str) -> Any:
        """Return a head by its name.

        Raises
        ------
        ConfigError
            If the model has no such head.
        """
        if name not in self.heads:
            raise ConfigError(f"this model has no head {name!r}, expected one of {self.head_names}")
        return self.heads[name]

    def head_loss(
        self, name: str, encoded: Encoded, targets: Tensor, target_lengths: Tensor
    ) -> LossTerms:
        """Return the loss of a head for a batch; one that reads the decoder gets its predictions.

        Parameters
        ----------
        targets : (B, U) int64, or what the head takes
        target_lengths : (B,) int64

        Returns
        -------
        () float sum in nats, differentiable, and the number of terms in it

        Raises
        ------
        ConfigError
            If the model has no such head, or the targets have another shape than it takes.
        """
        inputs = {}
        if getattr(self.config.heads.get(name), "reads_decoder", False):
            inputs["predicted"] = self.decoder.predict(targets)
        terms: LossTerms = self.head(name).loss(encoded, targets, target_lengths, **inputs)
        return terms

    @property
    def head_names(self) -> str:
        """The names of the heads, for messages."""
        return ", ".join(self.heads) or "none"

    def decode(
        self,
        tokens: Tensor,
        lengths: Tensor,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Predict whole sequences with a decoder of one token a step.

        Parameters
        ----------
        tokens : (B, U) int64; past `lengths` they may hold any number
        lengths : (B,) int64, 1 to U
        covariates : (B, U, C) int64

        Returns
        -------
        (B, U, V) float logits: those at u predict tokens[:, u] from tokens[:, :u]

        Raises
        ------
        ConfigError
            If the decoder has no logits of whole sequences, as a nested one.
        """
        self.require("decoder")
        if not hasattr(self.decoder, "logits"):
            raise ConfigError("this decoder has no logits of whole sequences, expected a flat one")
        inputs = self.decoder_inputs(encoded, covariates)
        logits: Tensor = self.decoder.logits(tokens, lengths, **inputs)
        return logits

    @torch.no_grad()
    def attention_weights(
        self,
        tokens: Tensor,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> AttentionWeights:
        """Return where each step of whole sequences attends to, for pictures; see `decode`.

        Raises
        ------
        ConfigError
            If the decoder does not attend to anything.
        """
        own = getattr(self.config.decoder, "past_attention", None)
        if self.config.attention is None and own is None:
            raise ConfigError("this model has no attention, expected one")
        inputs = self.decoder_inputs(encoded, covariates)
        weights: AttentionWeights = self.decoder.attention_weights(tokens, **inputs)
        return weights

    def log_probs(
        self,
        targets: Tensor,
        lengths: Tensor,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Return the log-probability of every target of whole sequences, with any decoder.

        Parameters
        ----------
        targets : (B, U) int64 tokens of a flat decoder; (B, T, L) int64 groups of a nested one,
            each group's tokens in order, then -1; (B, U, D) float values of a series decoder
        lengths : (B,) int64, steps of each item
        covariates : (B, U, C) int64; float for a series decoder

        Returns
        -------
        float of the shape of `targets`, nats; 0 past each length and where there is no token. Of
        values (B, U): the log density of each step
        """
        self.require("decoder")
        inputs = self.decoder_inputs(encoded, covariates)
        log_probs: Tensor = self.decoder.log_probs(targets, lengths, **inputs)
        return log_probs

    def start(
        self,
        rows: int,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
        int8: bool = False,
    ) -> tuple[Tensor, Any]:
        """Start sampling, one step at a time.

        Parameters
        ----------
        rows : number of sequences to step in parallel
        encoded : as many encoded items, for a model with an encoder
        covariates : (T, C) or (B, T, C) int64, for every step
        int8 : whether steps multiply by eight-bit weights; see `SamplingConfig`

        Returns
        -------
        (rows, V) float logits of the first token, -inf where the grammar forbids one, or of a
        series decoder the `Density` of (rows,) first steps; and the state to step from
        """
        self.require("decoder")
        inputs = self.decoder_inputs(encoded, covariates, by_row=True, int8=int8)
        started: tuple[Tensor, Any] = self.decoder.start(rows, **inputs)
        return started

    def prime(
        self,
        prompts: Tensor,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
        int8: bool = False,
    ) -> tuple[Tensor, Any]:
        """Start sampling after prompts, which are run over at once; see `start`.

        Parameters
        ----------
        prompts : (B, U) int64, at most as many tokens as `valid_prefix` counts

        Returns
        -------
        what `start` and a step for each token return, on a CPU to the last bit
        """
        if not prompts.shape[1]:
            return self.start(len(prompts), encoded=encoded, covariates=covariates, int8=int8)
        self.require("decoder")
        inputs = self.decoder_inputs(encoded, covariates, int8=int8)
        primed: tuple[Tensor, Any] = self.decoder.prime(prompts, **inputs)
        return primed

    def valid_prefix(self, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt `prime` can take, from the first.

        They end before one that is not in the vocabulary or breaks the grammar. A plugin's decoder
        may lack `prime`: it takes none, and steps over its prompts.
        """
        if not hasattr(self.decoder, "prime"):
            return 0
        count: int = self.decoder.valid_prefix(tokens)
        return count

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the (B, V) logits that follow the (B,) drawn tokens, and the new state.

        `state` is not changed and can be used again; `state.select(rows)` repeats or drops rows.
        Rows may be inside different groups.
        """
        stepped: tuple[Tensor, Any] = self.decoder.step(tokens, state)
        return stepped

    def initial_state(self, encoded: Encoded | None) -> Tensor | None:
        """Return the decoder's initial state if the model has a bridge, else None."""
        if self.bridge is None or encoded is None:
            return None
        initial: Tensor = self.bridge(encoded)
        return initial

    def initial_rows(self, encoded: Encoded | None) -> Tensor | None:
        """Do what `initial_state` does, each item alone: no row's bits depend on the others."""
        if self.bridge is None or encoded is None:
            return None
        rows = torch.arange(len(encoded.lengths), device=encoded.lengths.device).split(1)
        return torch.cat([self.bridge(encoded.select(row)) for row in rows], dim=1)

    def bridge_loss(self, encoded: Encoded) -> tuple[Tensor, int]:
        """Return the bridge's own loss: a () float sum in nats, and the number of items.

        That of a latent bridge is the KL divergence of its posteriors from the prior.
        """
        self.require("bridge")
        loss: tuple[Tensor, int] = self.bridge.loss(encoded)
        return loss

    def from_latents(self, latents: Tensor) -> Encoded:
        """Return what (B, Z) latents stand for, to decode or to sample from in place of a source.

        Raises
        ------
        ConfigError
            If the model has no latents, has attention too, or these have another width.
        """
        width = getattr(self.bridge, "latent_width", None)
        if width is None or self.config.attention is not None:
            raise ConfigError("from_latents, expected a model whose decoder reads only a latent")
        if latents.ndim != 2 or latents.shape[1] != width:
            raise ConfigError(f"latents of shape {tuple(latents.shape)}, expected (B, {width})")
        frames = latents.new_zeros(len(latents), 0, self.encoder.width)
        lengths = torch.zeros(len(latents), dtype=torch.int64, device=latents.device)
        return Encoded(frames, lengths, None, latents)

    def require(self, part: str) -> None:
        """Raise ConfigError if the model lacks a part."""
        if getattr(self, part) is None:
            raise ConfigError(f"this model has no {part}, expected one")

    def decoder_inputs(
        self,
        encoded: Encoded | None,
        covariates: Tensor | None,
        *,
        by_row: bool = False,
        int8: bool = False,
    ) -> dict[str, Any]:
        """Check what the decoder is given, and return it as its keyword arguments."""
        if self.config.decoder_outputs is not None:
            raise ConfigError("this decoder predicts for a head, expected one that predicts tokens")
        self.check_inputs(encoded, covariates)
        initial = self.initial_rows(encoded) if by_row else self.initial_state(encoded)
        inputs: dict[str, Any] = {"initial_state": initial, "covariates": covariates}
        if int8:
            if not getattr(self.decoder, "steps_in_int8", False):
                found = type(self.decoder).__name__
                raise ConfigError(f"int8=True, {found}, expected a flat or nested decoder")
            inputs["int8"] = True
        return inputs if self.config.attention is None else {**inputs, "encoded": encoded}

    def check_inputs(self, encoded: Encoded | None, covariates: Tensor | None) -> None:
        """Raise ConfigError unless the decoder gets exactly the inputs it was built for."""
        uses_encoder = self.bridge is not None or self.config.attention is not None
        if uses_encoder and encoded is None:
            raise ConfigError("encoded=None, expected the result of encode()")
        if not uses_encoder and encoded is not None:
            raise ConfigError("encoded passed, expected None: this decoder has no encoder")
        expected = len(getattr(self.config.decoder, "covariates", ()))
        found = 0 if covariates is None else covariates.shape[-1]
        if found != expected:
            raise ConfigError(f"{found} covariates, expected {expected}")


def build(config: ModelConfig, parts: Parts | None = None) -> SequenceModel:
    """Build a model from its config.

    Raises
    ------
    ConfigError
        If the parts table lacks one of its parts.
    """
    table = default_parts() if parts is None else parts
    for role, part in config.roles():
        if part.part not in table:
            known = ", ".join(table)
            raise ConfigError(f"{role}: unknown part {part.part!r}, expected one of {known}")
    return SequenceModel(config, table)

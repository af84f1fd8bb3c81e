"""The one recurrent encoder-decoder, assembled from its config."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.encoder import Encoded
from seqstudio.core.geometry import FrameGeometry
from seqstudio.core.parts import Around, Parts, default_parts
from seqstudio.errors import ConfigError


class Extras(nn.Module):
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
        """List the names in the order they were given."""
        return tuple(self._buffers)


class SequenceModel(nn.Module):
    """Source, encoder, bridge, attention, decoder and heads; any of them may be absent."""

    def __init__(self, config: ModelConfig, parts: Parts) -> None:
        super().__init__()
        self.config = config

        def made(slot: PartConfig | None, **around: Any) -> Any:
            return None if slot is None else parts[slot.part].build(slot, Around(**around))

        self.source = made(config.source)
        self.encoder = made(config.encoder, source=self.source)
        near = {"encoder": self.encoder, "decoder": config.decoder}
        self.bridge = made(config.bridge, **near)
        self.ctc = made(config.ctc, encoder=self.encoder)
        attention = made(config.attention, **near)
        self.decoder = made(config.decoder, encoder=self.encoder, attention=attention)
        self.extras = Extras({})

    @property
    def geometry(self) -> FrameGeometry:
        """Which input frames an encoder frame stands for."""
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
            If the model has no encoder, or an item has no frame.
        """
        self.need("encoder")
        if not 1 <= int(lengths.min()) <= int(lengths.max()) <= inputs.shape[1]:
            raise ConfigError(f"lengths={lengths.tolist()}, expected 1 to {inputs.shape[1]}")
        frames, lengths = self.source(inputs, lengths)
        encoded: Encoded = self.encoder(frames, lengths, final=self.bridge is not None)
        return encoded

    def ctc_log_probs(self, encoded: Encoded) -> Tensor:
        """Give (B, T', V) log-probabilities of labels, blank first."""
        self.need("ctc")
        scores: Tensor = self.ctc(encoded.output)
        return scores.log_softmax(dim=-1)

    def decode(
        self,
        tokens: Tensor,
        lengths: Tensor,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Predict whole sequences with the flat decoder.

        Parameters
        ----------
        tokens : (B, U) int64; past `lengths` they may hold any number
        lengths : (B,) int64, 1 to U
        covariates : (B, U, C) int64

        Returns
        -------
        (B, U, V) float logits: those at u predict tokens[:, u] from tokens[:, :u]
        """
        self.need("decoder", grouped=False)
        self.check_given(encoded, covariates)
        first = self.first_state(encoded)
        attended = encoded if self.config.attention is not None else None
        logits: Tensor = self.decoder(tokens, first=first, encoded=attended, covariates=covariates)
        return logits

    def decode_groups(
        self,
        tokens: Tensor,
        lengths: Tensor,
        *,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Give the log-probability of every token of whole pieces, with the nested decoder.

        Parameters
        ----------
        tokens : (B, T, L) int64, each group's tokens in order, then -1
        lengths : (B,) int64, groups of each item
        covariates : (B, T, C) int64

        Returns
        -------
        (B, T, L) float, 0 where there is no token
        """
        self.need("decoder", grouped=True)
        self.check_given(encoded, covariates)
        first = self.first_state(encoded)
        log_probs: Tensor = self.decoder(tokens, lengths, first=first, covariates=covariates)
        return log_probs

    def start(
        self, rows: int, *, encoded: Encoded | None = None, covariates: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Begin to step.

        Parameters
        ----------
        rows : how many sequences to step side by side
        encoded : as many encoded items, for a model with an encoder
        covariates : (T, C) or (B, T, C) int64, known of every step in advance

        Returns
        -------
        (rows, V) float logits of the first token, -inf where the grammar forbids one, and the
        state to step on from
        """
        self.need("decoder")
        self.check_given(encoded, covariates)
        given: dict[str, Any] = {"first": self.first_state(encoded), "covariates": covariates}
        if self.config.attention is not None:
            given["encoded"] = encoded
        begun: tuple[Tensor, Any] = self.decoder.start(rows, **given)
        return begun

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Take the (B,) tokens that were drawn; give the (B, V) logits of the next ones.

        `state` is not changed: it may be stepped from again, and `state.select(rows)` repeats
        or drops rows. Rows may be inside different groups.
        """
        stepped: tuple[Tensor, Any] = self.decoder.step(tokens, state)
        return stepped

    def first_state(self, encoded: Encoded | None) -> Tensor | None:
        """Give the decoder's first state, where a bridge makes one."""
        if self.bridge is None or encoded is None or encoded.state is None:
            return None
        first: Tensor = self.bridge(encoded.state)
        return first

    def need(self, part: str, *, grouped: bool | None = None) -> None:
        """Raise ConfigError where the model lacks a part, or its decoder is of the other kind."""
        if (module := getattr(self, part)) is None:
            raise ConfigError(f"this model has no {part}, expected one")
        if grouped is not None and module.grouped != grouped:
            kinds = ("flat", "nested")
            raise ConfigError(f"this decoder is {kinds[not grouped]}, expected {kinds[grouped]}")

    def check_given(self, encoded: Encoded | None, covariates: Tensor | None) -> None:
        """Raise ConfigError unless a decoder gets exactly what it was built for."""
        joined = self.bridge is not None or self.config.attention is not None
        if joined and encoded is None:
            raise ConfigError("encoded=None, expected what encode() gave")
        if not joined and encoded is not None:
            raise ConfigError("encoded given, expected none: this decoder stands alone")
        known = len(getattr(self.config.decoder, "covariates", ()))
        given = 0 if covariates is None else covariates.shape[-1]
        if given != known:
            raise ConfigError(f"{given} covariates, expected {known}")


def build(config: ModelConfig, parts: Parts | None = None) -> SequenceModel:
    """Build a model from its config.

    Raises
    ------
    ConfigError
        If the parts table lacks one of its parts.
    """
    table = default_parts() if parts is None else parts
    for slot in ("source", "encoder", "bridge", "attention", "decoder", "ctc"):
        part = getattr(config, slot)
        if part is not None and part.part not in table:
            known = ", ".join(table)
            raise ConfigError(f"{slot}: unknown part {part.part!r}, expected one of {known}")
    return SequenceModel(config, table)

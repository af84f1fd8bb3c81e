"""The task `music.latent`: melodies of two bars as a variational autoencoder.

Roberts et al. 2018, "A hierarchical latent vector model for learning long-term structure in music":
its flat model of two bars, with free bits in place of a smaller weight of the divergence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqstudio.api import (
    Batch,
    Draws,
    Example,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Preparation,
    Preset,
    PreviewResult,
    Task,
    TrainConfig,
    stable_seed,
)
from seqstudio.api.nn import EncoderConfig, LatentConfig, ModelConfig, NestedConfig, TokensConfig
from seqstudio_music.grid import STEPS_PER_BEAT
from seqstudio_music.latent.points import (
    decoded,
    encode,
    log_probs,
    points_of,
    posterior,
    preview_prior,
)
from seqstudio_music.latent.settings import LatentOptions, LatentSettings
from seqstudio_music.latent.windows import BEATS, STEPS, VOCABULARY, onsets_of, read_windows

KL_WARMUP = 1000  # steps in which the weight of the divergence rises to 1
MEASURED = 256  # clips that are measured in one batch


@dataclass(frozen=True, kw_only=True)
class ClipBatch(Batch):
    """Clips, all of 32 sixteenths."""

    tokens: Tensor  # (B, 32) int64

    @classmethod
    def of(cls, ids: Sequence[str], clips: Sequence[Sequence[int]]) -> "ClipBatch":
        """Return a batch of clips."""
        return cls(ids=tuple(ids), tokens=torch.tensor(clips))


class LatentTask(Task):
    """Trains and measures models of two-bar melodies."""

    name = "music.latent"
    settings_type: type = LatentSettings
    monitor = "note_error"
    presets: Mapping[str, Preset] = {
        "folk": Preset(
            train=TrainConfig(
                epochs=16,
                batch_size=32,
                learning_rate=3e-3,
                clip_norm=1.0,
                ema=0.995,
                evaluate_every=16,
            ),
            options=LatentOptions(),
        ),
    }

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Read the melodies of a MIDI file or of a folder of them."""
        return read_windows(source, ledger)

    def prepare(self, examples: Sequence[Example], options: LatentOptions) -> Preparation:
        """Configure the model."""
        return Preparation(settings=LatentSettings(), model=model_config(options))

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> ClipBatch:
        """Stack clips; they are not changed in training, as all are in one key."""
        return ClipBatch.of([one.id for one in examples], [one.tokens for one in examples])

    def loss(self, model: Any, batch: ClipBatch) -> LossSum:
        """Return the negative bound of the likelihood, with free bits, as a sum over sixteenths."""
        encoded = encode(model, batch.tokens)
        nats = -log_probs(model, batch.tokens, encoded).sum()
        divergence, _ = model.bridge_loss(encoded)
        parts = {"reconstruction": nats.detach(), "divergence": divergence.detach()}
        return LossSum(nats + divergence, batch.tokens.numel(), parts)

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        """Measure what of a clip returns from its point, decoded greedily.

        note_error : 1 - F of its notes; one is right that begins in its sixteenth with its pitch
        clip_error : share of the clips that do not return whole
        nats_per_16th : the bound of the likelihood, at one draw of the posterior
        kl_per_clip : divergence of posterior from prior, nats
        """
        rest = iter(examples)
        while some := list(islice(rest, MEASURED)):
            yield from measure_clips(model, some)

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        """Compose two bars from the prior."""
        return preview_prior(model, seed)


def model_config(options: LatentOptions) -> ModelConfig:
    """Return an encoder in both directions, and a decoder that starts from the latents.

    The encoder embeds a token as that of its sixteenth, so that the mean over its output says what
    stands where. The decoder's outer layer steps once a beat, so that it need not carry the latents
    over 32 steps.
    """
    return ModelConfig(
        source=TokensConfig(vocabulary=STEPS * VOCABULARY, dimension=options.dimension),
        encoder=EncoderConfig(hidden=options.encoder_hidden, layers=1),
        bridge=LatentConfig(
            dimension=options.latents, free_bits=options.free_nats, kl_warmup=KL_WARMUP
        ),
        decoder=NestedConfig(
            vocabulary=VOCABULARY,
            slots=STEPS_PER_BEAT,
            slot_ranges=((0, VOCABULARY),) * STEPS_PER_BEAT,
            hidden=options.hidden,
            layers=1,
            inner_hidden=options.inner_hidden,
            covariates=(BEATS,),
        ),
    )


def measure_clips(model: LoadedModel, examples: Sequence[Example]) -> Iterator[Measurement]:
    """Measure clips in one batch."""
    batch = ClipBatch.of([one.id for one in examples], [one.tokens for one in examples])
    batch = batch.to(model.device)
    with torch.inference_mode():
        mean, deviation, divergence = posterior(model.module, batch.tokens)
        generators = [torch.Generator().manual_seed(stable_seed(name)) for name in batch.ids]
        noise = torch.stack([torch.randn(mean.shape[1], generator=one) for one in generators])
        drawn = model.module.from_latents(mean + deviation * noise.to(mean))
        nats = divergence - log_probs(model.module, batch.tokens, drawn).sum(dim=1)
    found = decoded(model, model.module, points_of(model.module, batch.tokens))
    for one, clip, bound, kl in zip(
        examples, found, nats.tolist(), divergence.tolist(), strict=True
    ):
        notes, others = onsets_of(one.tokens), onsets_of(clip)
        wrong, every = len(notes ^ others), len(notes) + len(others)
        sums = {"note_error": (float(wrong), float(every))}
        sums["clip_error"] = float(clip != one.tokens), 1.0
        sums["nats_per_16th"] = bound, float(STEPS)
        sums["kl_per_clip"] = kl, 1.0
        yield Measurement(id=one.id, sums=sums)

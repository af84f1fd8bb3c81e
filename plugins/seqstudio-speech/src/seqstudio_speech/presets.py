"""Presets: how a speech model is trained, and its configuration."""

from seqstudio.api import Preset, TrainConfig
from seqstudio.api.nn import CTCConfig, EncoderConfig, FramesConfig, ModelConfig
from seqstudio_speech.settings import SpeechOptions

SMALL = Preset(
    train=TrainConfig(
        epochs=60,
        batch_size=8,
        bucket=8,
        learning_rate=1.5e-3,
        schedule="cosine",
        warmup=0.1,
        clip_norm=5.0,
        average=5,
        preview_every=5,
        valid_groups=8,
    ),
    options=SpeechOptions(),
)
BASE = Preset(
    train=TrainConfig(
        epochs=40,
        batch_size=16,
        learning_rate=1e-3,
        schedule="cosine",
        warmup=0.1,
        clip_norm=5.0,
        average=5,
        preview_every=2,
        valid_groups=8,
    ),
    options=SpeechOptions(hidden=512, layers=4, dropout=0.3),
)
STREAMING = Preset(train=SMALL.train, options=SpeechOptions(chunk_frames=10, right_frames=10))


def model_config(options: SpeechOptions, *, labels: int) -> ModelConfig:
    """Return the model configuration: frames, a bidirectional LSTM, CTC over `labels` labels.

    With `chunk_frames` the LSTM is latency-controlled, and the model streams.
    """
    return ModelConfig(
        source=FramesConfig(
            features=options.mels, subsampling=options.subsampling, factor=options.factor
        ),
        encoder=EncoderConfig(
            cell="lstm",
            hidden=options.hidden,
            layers=options.layers,
            bidirectional=True,
            chunk_frames=options.chunk_frames,
            right_frames=options.right_frames,
            dropout=options.dropout,
        ),
        heads={"ctc": CTCConfig(vocabulary=labels)},
    )

"""The media room for plugins: sound in and out, torch-free."""

from seqstudio.media.audio import (
    Audio,
    AudioInfo,
    audio_info,
    mono,
    read_audio,
    read_blocks,
    resample,
    resample_blocks,
)

__all__ = [
    "Audio",
    "AudioInfo",
    "audio_info",
    "mono",
    "read_audio",
    "read_blocks",
    "resample",
    "resample_blocks",
]

"""The media room for plugins: sound and MIDI, in and out, torch-free."""

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
from seqstudio.media.midi import Score
from seqstudio.media.timing import Meter, Tempo
from seqstudio.media.tracks import Track

__all__ = [
    "Audio",
    "AudioInfo",
    "Meter",
    "Score",
    "Tempo",
    "Track",
    "audio_info",
    "mono",
    "read_audio",
    "read_blocks",
    "resample",
    "resample_blocks",
]

"""Reading and writing audio and MIDI, for plugins. Torch-free."""

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
from seqstudio.media.midi_seam import restore_controllers
from seqstudio.media.midi_track import Track
from seqstudio.media.tempo_map import Meter, Tempo

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
    "restore_controllers",
]

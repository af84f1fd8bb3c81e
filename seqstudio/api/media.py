"""Reading and writing audio, MIDI and text, for plugins. Torch-free."""

from seqstudio.contracts.audio import AudioSource
from seqstudio.media.audio import (
    Audio,
    AudioInfo,
    audio_info,
    encoded,
    mono,
    read_audio,
    read_blocks,
    read_samples,
    resample,
    resample_blocks,
)
from seqstudio.media.audio_suffixes import AUDIO_SUFFIXES
from seqstudio.media.chord_symbols import chord_of
from seqstudio.media.exporters import TextExporter
from seqstudio.media.key_signature import KeySignature
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import Event
from seqstudio.media.midi_seam import restore_controllers
from seqstudio.media.midi_track import Track
from seqstudio.media.recordings import AUDIO_FOLDERS, find_audio
from seqstudio.media.rendering import Stem, describe_sound, render_sound, render_stems
from seqstudio.media.tempo_map import Meter, Tempo
from seqstudio.media.text_files import read_first_line, read_text_file

__all__ = [
    "AUDIO_FOLDERS",
    "AUDIO_SUFFIXES",
    "Audio",
    "AudioInfo",
    "AudioSource",
    "Event",
    "KeySignature",
    "Meter",
    "Score",
    "Stem",
    "Tempo",
    "TextExporter",
    "Track",
    "audio_info",
    "chord_of",
    "describe_sound",
    "encoded",
    "find_audio",
    "mono",
    "read_audio",
    "read_blocks",
    "read_first_line",
    "read_samples",
    "read_text_file",
    "render_sound",
    "render_stems",
    "resample",
    "resample_blocks",
    "restore_controllers",
]

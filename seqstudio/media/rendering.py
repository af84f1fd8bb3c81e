"""Rendering a score to audio: with a General MIDI sound bank, or by our own synthesiser without."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqstudio.errors import DataError
from seqstudio.media import bank_synth, synth
from seqstudio.media.audio import Audio, Samples
from seqstudio.media.loudness import CEILING, normalised
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import DRUM_CHANNEL
from seqstudio.media.sound_bank import SoundBank, default_bank


@dataclass(frozen=True, slots=True)
class Stem:
    """The audio of one part: the notes of a track on one channel."""

    name: str
    audio: Audio


def render_sound(score: Score, soundfont: Path | None = None) -> Audio:
    """Render a score in stereo at -16 LUFS, from tick 0 until the last note has faded.

    The same score and bank always give the same samples.

    Parameters
    ----------
    soundfont : a bank (sf2, sf3); None: the General MIDI bank of pretty_midi, or our own
        synthesiser if bank or renderer are not there

    Raises
    ------
    DataError
        If the score lasts more than an hour, or the bank cannot be used.
    """
    return normalised(_render(score, _bank(soundfont)))


def describe_sound(soundfont: Path | None = None) -> str:
    """Say what `render_sound` plays with: the bank and its licence, or our own synthesiser.

    Raises
    ------
    DataError
        If a bank was named and cannot be used.
    """
    bank = _bank(soundfont)
    return "SeqStudio's own synthesiser" if bank is None else bank.description


def render_stems(score: Score, soundfont: Path | None = None) -> list[Stem]:
    """Render each part alone; together they are the whole, at one level that clips none.

    Raises
    ------
    DataError
        As `render_sound`.
    """
    bank = _bank(soundfont)
    stems = [
        Stem(name, _render(_alone(score, track, channel), bank))
        for track, channel, name in _parts(score)
    ]
    if not stems:
        return []
    longest = max(len(stem.audio.samples) for stem in stems)
    padded = [_padded(stem.audio.samples, longest) for stem in stems]
    peak = max(float(np.abs(part).max()) for part in [*padded, np.sum(padded, axis=0)])
    gain = np.float32(CEILING / peak if peak else 1.0)
    return [
        Stem(stem.name, Audio(samples * gain, stem.audio.rate_hz))
        for stem, samples in zip(stems, padded, strict=True)
    ]


def _bank(soundfont: Path | None) -> SoundBank | None:
    """Return the bank to render with; None: our own synthesiser.

    Raises
    ------
    DataError
        If a bank was named and cannot be used.
    """
    if not bank_synth.is_available():
        if soundfont is not None:
            raise DataError(f"{soundfont}: midirenderer is not installed, expected it for banks")
        return None
    path = soundfont or default_bank()
    return None if path is None else SoundBank.read(path)


def _render(score: Score, bank: SoundBank | None) -> Audio:
    if score.seconds(score.end_tick) > synth.MAX_DURATION_S:
        hours = score.seconds(score.end_tick) / 3600
        raise DataError(f"the score lasts {hours:.1f} h, expected at most 1 h to render")
    return synth.render(score) if bank is None else bank_synth.render_with_bank(score, bank)


def _parts(score: Score) -> list[tuple[int, int, str]]:
    """Return (track, channel, name) of all parts with notes; names begin with their number."""
    found = [
        (index, channel, track.name or _channel_name(channel))
        for index, track in enumerate(score.tracks)
        for channel in sorted({note.channel for note in track.notes})
    ]
    return [(index, ch, f"{n:02} {name}") for n, (index, ch, name) in enumerate(found, start=1)]


def _channel_name(channel: int) -> str:
    return "drums" if channel == DRUM_CHANNEL else f"channel {channel + 1}"


def _alone(score: Score, track: int, channel: int) -> Score:
    """Return a score with the notes of one part only; all other events stay."""
    for index, other in enumerate(score.tracks):
        kept = [n for n in other.notes if index == track and n.channel == channel]
        if len(kept) < len(other.notes):
            score = score.with_track_notes(index, kept)
    return score


def _padded(samples: Samples, count: int) -> Samples:
    return np.pad(samples, ((0, count - len(samples)), (0, 0)))

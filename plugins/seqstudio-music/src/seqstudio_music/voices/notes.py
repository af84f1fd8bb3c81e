"""Conversion of the tokens of voices to notes and scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import Note
from seqstudio.api.media import Score
from seqstudio_music.chords import chord_pitches
from seqstudio_music.grid import Grid
from seqstudio_music.keys import signature_of_key
from seqstudio_music.voices.tokens import NONE, Column, Layout, Voice


def voice_notes(
    layout: Layout, tokens: NDArray[np.int64], voice: int, grid: Grid, first: int
) -> list[Note]:
    """Convert the steps of one voice from step `first` on to notes.

    A value held over from before `first` begins again there. Every note ends, and none overlap.
    """
    values, held = layout.decode(tokens)
    new = np.arange(len(tokens)) >= first
    return column_notes((values[:, voice], held[:, voice]), new, layout.voices[voice], grid)


def column_notes(column: Column, new: NDArray[np.bool_], voice: Voice, grid: Grid) -> list[Note]:
    """Convert the (T,) steps of one voice that are new to notes; none leaves them.

    A value held over from a step that is not new begins again.
    """
    values, held = column
    continues = held & np.insert(new, 0, False)[:-1]
    begins = new & (values != NONE) & ~continues
    ends = np.append(np.flatnonzero(~new | begins | (values == NONE)), len(values))
    notes = []
    for step in np.flatnonzero(begins).tolist():
        end = int(ends[np.searchsorted(ends, step, side="right")])
        onset, length = int(grid.ticks[step]), max(int(grid.ticks[end] - grid.ticks[step]), 1)
        for pitch in value_pitches(int(values[step]), voice):
            notes.append(Note(onset, pitch, length, voice.velocity))
    return notes


def value_pitches(value: int, voice: Voice) -> tuple[int, ...]:
    """Return the MIDI pitches of a pitch or chord."""
    return (value,) if voice.kind == "pitch" else chord_pitches(value)


def new_score(
    layout: Layout,
    tokens: NDArray[np.int64],
    grid: Grid,
    *,
    key: int,
    tempo_bpm: float,
) -> Score:
    """Return the score of a new piece, one track for each voice, the highest voice first."""
    bar = grid.bars[-1]
    score = Score.new(
        ticks_per_beat=grid.ticks_per_beat,
        tempo_bpm=tempo_bpm,
        meter=(bar.beats, bar.unit),
    ).with_key_signature(signature_of_key(key))
    notes = [voice_notes(layout, tokens, voice, grid, 0) for voice in range(len(layout.voices))]
    order = sorted(range(len(notes)), key=lambda number: -mean_pitch(notes[number]))
    for channel, number in enumerate(order):
        voice = layout.voices[number]
        score = score.with_new_track(
            notes[number], name=voice.name, program=voice.program, channel=channel
        )
    return score


def mean_pitch(notes: Sequence[Note]) -> float:
    """Return the mean MIDI pitch; 0 if there are no notes."""
    return sum(note.pitch for note in notes) / max(len(notes), 1)

"""Two bars of a melody as 32 tokens: of each sixteenth a rest, a hold, or the onset of a pitch."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError, Example, Ledger
from seqstudio.api.media import Score
from seqstudio_music.grid import STEPS_PER_BEAT, grid_of_score
from seqstudio_music.keyboard import fold_pitches
from seqstudio_music.midi_folders import midi_files
from seqstudio_music.parts import parts_of
from seqstudio_music.roles import is_melody
from seqstudio_music.voices.data import piece_key
from seqstudio_music.voices.score_reader import read_voice
from seqstudio_music.voices.tokens import NONE, ONSET, Held, Layout, Values, Voice

BAR_STEPS = 4 * STEPS_PER_BEAT
WINDOW_BARS = 2  # as the melodies of MusicVAE (Roberts et al. 2018)
STEPS = WINDOW_BARS * BAR_STEPS
BEATS = STEPS // STEPS_PER_BEAT
MELODY = Layout((Voice(name="Melody", program=73, velocity=92),))
VOCABULARY = MELODY.vocabulary
MIDDLE = 71  # mean pitch of a melody in C major or A minor, as of tunes for fiddle and flute

Clip = tuple[int, ...]  # 32 tokens


def clip_of(values: Values, held: Held) -> Clip:
    """Return (32,) values as tokens; one that is held from before begins again."""
    begins = held.copy()
    begins[:1] = False
    return tuple(MELODY.encode(values[:, None], begins[:, None])[:, 0].tolist())


def columns_of(clip: Sequence[int]) -> NDArray[np.int64]:
    """Return clips one after another as the (T, 1) tokens of the layout `MELODY`."""
    return np.array(clip, dtype=np.int64)[:, None]


def canonical(tokens: Sequence[int]) -> Clip:
    """Return the clip that tokens mean: a hold that no onset precedes is a rest."""
    values, held = MELODY.decode(columns_of(tokens))
    return clip_of(values[:, 0], held[:, 0])


def joined(clips: Sequence[Clip]) -> Clip:
    """Return windows one after another."""
    return tuple(token for clip in clips for token in clip)


def shift_to_c(values: Values) -> int:
    """Return the semitones that transpose a melody to C major or A minor, near `MIDDLE`.

    Melodies in one key need fewer clips to learn from than melodies in twelve.

    Parameters
    ----------
    values : (T,) pitches, or NONE
    """
    key = piece_key(MELODY.voices, values[:, None])
    tonic = (key + 3) % 12 if key >= 12 else key
    mean = float(values[values != NONE].mean())
    octaves = round((MIDDLE - (mean - tonic)) / 12)
    return 12 * octaves - tonic


def transposed(values: Values, semitones: int) -> Values:
    """Return pitches transposed by semitones, and by octaves where the keyboard ends."""
    return np.where(values == NONE, NONE, fold_pitches(values + semitones))


def distance(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the share of the sixteenths that differ in pitch, or in whether a note begins there.

    This is the Hamming distance of the melodies.

    >>> distance((60, 1, 1, 0), (60, 1, 62, 0))
    0.25
    """
    (values, held), (others, kept) = (
        MELODY.decode(columns_of(one)),
        MELODY.decode(columns_of(other)),
    )
    return float(((values != others) | (held != kept)).mean())


def onsets_of(clip: Sequence[int]) -> set[tuple[int, int]]:
    """Return step and token of each note."""
    return {(step, token) for step, token in enumerate(clip) if token >= ONSET}


def read_windows(source: Path, ledger: Ledger) -> Iterator[Example]:
    """Yield the windows of the melodies of MIDI files, from each bar on; each once in its file.

    Windows that are not two bars of four quarters, and silent ones, are left out. A file without
    others is refused in `ledger`.
    """
    for file in midi_files(source, ledger):
        try:
            found = windows_of(Score.read(file.path))
        except DataError as error:
            ledger.refuse(file.name, str(error))
            continue
        if not found:
            ledger.refuse(file.name, "no two bars of 4/4 with a melody, expected some")
        for clip, place in found.items():
            where = f"{file.name}:{place}"
            yield Example(id=where, split=file.split, group=file.name, tokens=clip)


def windows_of(score: Score) -> dict[Clip, str]:
    """Return the windows of each part of one voice, each with the place where it is first.

    The melodies are transposed to C major or A minor. A place is the bar from 1, and after it the
    number of the melody if that is not the first.
    """
    grid, found = grid_of_score(score, score.end_tick), dict[Clip, str]()
    melodies = [part for part in parts_of(score) if is_melody(part)]
    for number, part in enumerate(melodies, start=1):
        values, held = read_voice(part.notes, grid, Counter())
        values = transposed(values, shift_to_c(values))
        for bar in range(len(grid.bars) - WINDOW_BARS + 1):
            first, last = grid.bar_slices[bar], grid.bar_slices[bar + WINDOW_BARS - 1]
            span = slice(first.start, last.stop)
            whole = set(grid.steps_per_bar[bar : bar + WINDOW_BARS]) == {BAR_STEPS}
            if whole and (values[span] != NONE).any():
                place = f"{bar + 1}" if number == 1 else f"{bar + 1}.{number}"
                found.setdefault(clip_of(values[span], held[span]), place)
    return found

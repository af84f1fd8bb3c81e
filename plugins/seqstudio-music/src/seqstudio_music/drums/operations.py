"""The operations `drums`, which adds a kit to music, and `groove`, which plays it as a drummer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError, DataError, Job, Note, Request, Result, SamplingConfig
from seqstudio.api.media import Score
from seqstudio_music.drums.data import (
    ACCENTED,
    BEAT,
    FILL,
    MOST_STYLES,
    SILENT,
    TAPPED,
    UNTAPPED,
    covariates,
    style_number,
)
from seqstudio_music.drums.hits import VELOCITIES, Hit, Steps, notes_of, steps_of
from seqstudio_music.drums.sampling import DrumPlan, sample_drums
from seqstudio_music.drums.settings import drum_settings
from seqstudio_music.grid import Grid, grid_of_score
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.kit import CLOSED_HAT, KICK, PIECE_OF, general_midi_kit
from seqstudio_music.parts import parts_of
from seqstudio_music.primers import read_primer

BASS_PITCH = 52  # a part whose mean pitch is lower is played as a kick


class Drums:
    """Adds a drum kit to a melody, a bass or a tapped rhythm."""

    name = "drums"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take: what was given keeps its bytes, a drum track is added.

        Raises
        ------
        DataError
            If the music cannot be read, or has drums already.
        ConfigError
            If the model does not know the style.
        """
        options, path = request.options, request.inputs["piece"][0]
        score = read_primer(path, repair=False).score
        if parts_of(score, drums=True) and parts_of(score):
            raise DataError(f"{path}: drums on channel 10, expected music without drums")
        model = job.model()
        styles = drum_settings(model.settings).styles
        if options["style"] and options["style"] not in styles:
            known = ", ".join(styles)
            raise ConfigError(f"style={options['style']!r}, expected one of: {known}")
        grid = grid_of_score(score, score.end_tick)
        known_steps = covariates(
            grid,
            score.tempos[0].bpm,
            style_number(options["style"], styles),
            kinds_of(grid, options["fill_every"]),
            taps_of(score.notes, grid),
        )
        plan, config = DrumPlan(known_steps), drum_sampling(options["temperature"])
        drawn = sample_drums(job, plan, request.takes, config, job.progress)
        for take, steps in zip(request.takes, drawn, strict=True):
            notes = notes_of(steps, grid, general_midi_kit())
            drummed = score.with_new_track(notes, name="Drums", channel=DRUM_CHANNEL)
            style = f", {options['style']}" if options["style"] else ""
            yield Result(
                outputs={"score": drummed},
                take=take.number,
                summary=f"{len(notes)} hits for {path.name} by {model.name}{style}",
                details={"model": model.name, "hits": len(notes), "style": options["style"]},
            )


class Groove:
    """Plays quantised parts with the timing and the touch of a drummer."""

    name = "groove"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take: the same notes, moved and louder or softer.

        Raises
        ------
        DataError
            If the music cannot be read.
        """
        strength, path = request.options["strength"], request.inputs["piece"][0]
        score = read_primer(path, repair=False).score
        model = job.model()
        grid = grid_of_score(score, score.end_tick)
        piece_of = played_as(score)
        struck = tuple(
            tuple(hit.piece for hit in hits) for hits in steps_of(score.notes, grid, piece_of.get)
        )
        known = covariates(grid, score.tempos[0].bpm, MOST_STYLES, BEAT, UNTAPPED)
        config = drum_sampling(request.options["temperature"])
        plan = DrumPlan(known, struck=struck)
        drawn = sample_drums(job, plan, request.takes, config, job.progress)
        for take, steps in zip(request.takes, drawn, strict=True):
            played = grooved(score, grid, piece_of, steps, strength)
            yield Result(
                outputs={"score": played},
                take=take.number,
                summary=f"{path.name} played by {model.name} at strength {strength:g}",
                details={"model": model.name, "strength": strength},
            )


def drum_sampling(temperature: float) -> SamplingConfig:
    """Return how drums are sampled."""
    return SamplingConfig(temperature=temperature, min_p=0.02)


def kinds_of(grid: Grid, every: int) -> NDArray[np.int64]:
    """Return whether each step is of a beat or of a fill: the last bar of so many; 0: no fills."""
    return np.where((every > 0) & ((grid.bar_of + 1) % max(every, 1) == 0), FILL, BEAT)


def taps_of(notes: Sequence[Note], grid: Grid) -> NDArray[np.int64]:
    """Return what notes tap in each step: the louder half of them are accents."""
    taps = np.full(grid.steps, SILENT)
    middle = float(np.median([note.velocity for note in notes])) if notes else 0.0
    for note in notes:
        step = grid.onset_step(note.onset_ticks)
        loud = note.velocity > middle or grid.positions[step] % 8 == 0
        taps[step] = max(int(taps[step]), ACCENTED if loud else TAPPED)
    return taps


def played_as(score: Score) -> dict[Note, int]:
    """Return the piece of the kit that each note is played as.

    A drum is its own piece; a low part is a kick, any other the closed hi-hat.
    """
    found = {
        note: PIECE_OF[note.pitch]
        for part in parts_of(score, drums=True)
        for note in part.notes
        if note.pitch in PIECE_OF
    }
    for part in parts_of(score):
        piece = KICK if part.mean_pitch < BASS_PITCH else CLOSED_HAT
        found |= dict.fromkeys(part.notes, piece)
    return found


def grooved(
    score: Score, grid: Grid, piece_of: dict[Note, int], steps: Steps, strength: float
) -> Score:
    """Return a score whose notes move towards the timing and velocity of hits, by a share.

    A note keeps its pitch, its channel and its end, unless it would have none.
    """
    hits = [{hit.piece: hit for hit in step} for step in steps]
    for number, track in enumerate(score.tracks):
        if any(note in piece_of for note in track.notes):
            steps_of_notes = [grid.onset_step(note.onset_ticks) for note in track.notes]
            moved = [
                _moved(note, grid, hits[step].get(piece_of.get(note, -1)), strength)
                for step, note in zip(steps_of_notes, track.notes, strict=True)
            ]
            if moved != list(track.notes):
                score = score.with_track_notes(number, moved)
    return score


def _moved(note: Note, grid: Grid, hit: Hit | None, strength: float) -> Note:
    if hit is None or strength == 0:
        return note
    sixteenth = grid.ticks_per_beat / 4
    wanted = int(grid.ticks[grid.onset_step(note.onset_ticks)]) + hit.offset * sixteenth
    onset = max(round((1 - strength) * note.onset_ticks + strength * wanted), 0)
    velocity = round((1 - strength) * note.velocity + strength * VELOCITIES[hit.velocity])
    end = note.onset_ticks + note.length_ticks
    return replace(
        note, onset_ticks=onset, length_ticks=max(end - onset, 1), velocity=max(velocity, 1)
    )

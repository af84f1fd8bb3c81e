"""The operation `generate`: a new piece of so many bars."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from seqstudio.api import ConfigError, Job, LoadedModel, Request, Result, SamplingConfig
from seqstudio.api.media import Meter, Score
from seqstudio_music.keys import key_name, key_of_name
from seqstudio_music.roll_midi import notes_of_rows
from seqstudio_music.roll_sampling import draw_rolls
from seqstudio_music.rolls import RollSettings
from seqstudio_music.voice_batches import VoiceSettings
from seqstudio_music.voice_sampling import (
    TICKS_PER_BEAT,
    Plan,
    draw_voices,
    drawn_key,
    layout_of,
    new_grid,
    score_of,
)

TEMPOS = {"chorale": 76.0, "lead-sheet": 116.0, "": 90.0}  # quarter notes a minute, by layout


class Generate:
    """Composes from nothing; every take has its own key unless one is asked for."""

    name = "generate"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        ConfigError
            If a meter or key cannot be read, or the model has no keys to ask for.
        """
        options = request.options
        model = job.model()
        meter, bars = read_meter(options["meter"]), int(options["bars"])
        if isinstance(model.settings, VoiceSettings):
            pieces = voice_pieces(model, job, request, bars, meter)
        else:
            pieces = roll_pieces(model, job, request, bars, meter)
        for take, (score, details) in zip(request.takes, pieces, strict=True):
            told = "".join(f", {name} {value}" for name, value in details.items())
            yield Result(
                outputs={"score": score},
                take=take.number,
                summary=f"{counted(bars)} of {options['meter']} by {model.name}{told}",
                details={"model": model.name, "bars": bars, **details},
            )


Piece = tuple[Score, Mapping[str, Any]]


def voice_pieces(
    model: LoadedModel, job: Job, request: Request, bars: int, meter: tuple[int, int]
) -> list[Piece]:
    """Draw pieces in voices."""
    settings = model.settings
    layout, grid = layout_of(model), new_grid(bars, meter)
    asked = request.options["key"]
    keys = [key_of_name(asked) if asked else drawn_key(take.seed) for take in request.takes]
    plan = Plan(grid, np.empty((0, len(layout.slots)), dtype=np.int64))
    drawn = draw_voices(
        job, settings, plan, keys, request.takes, sampling(request.options), job.progress
    )
    tempo = request.options["tempo"] or TEMPOS[settings.layout]
    return [
        (score_of(layout, tokens, grid, tempo_bpm=tempo), {"key": key_name(key)})
        for tokens, key in zip(drawn, keys, strict=True)
    ]


def roll_pieces(
    model: LoadedModel, job: Job, request: Request, bars: int, meter: tuple[int, int]
) -> list[Piece]:
    """Draw piano rolls.

    Raises
    ------
    ConfigError
        If a key was asked for: piano rolls know none.
    """
    if asked := request.options["key"]:
        raise ConfigError(f"key={asked!r}, expected none with {model.name}: it knows no keys")
    settings: RollSettings = model.settings
    frame_ticks = TICKS_PER_BEAT / settings.frames_per_beat
    end_tick = bars * Meter.of(*meter).bar_ticks(TICKS_PER_BEAT)
    frames = -(-end_tick // round(frame_ticks))
    config, takes = sampling(request.options), request.takes
    tempo = request.options["tempo"] or TEMPOS[""]
    pieces: list[Piece] = []
    for rows in draw_rolls(job, [()] * len(takes), frames, takes, config, job.progress):
        score = Score.new(ticks_per_beat=TICKS_PER_BEAT, tempo_bpm=tempo, meter=meter)
        notes = notes_of_rows(rows, frame_ticks, end_tick=end_tick)
        pieces.append((score.with_new_track(notes, name="Piano"), {}))
    return pieces


def counted(bars: int) -> str:
    """Count bars in words.

    >>> counted(1), counted(8)
    ('1 bar', '8 bars')
    """
    return f"{bars} bar" if bars == 1 else f"{bars} bars"


def sampling(options: Mapping[str, Any]) -> SamplingConfig:
    """Read the filters of the next token from an operation's options."""
    return SamplingConfig(
        temperature=options["temperature"],
        top_k=options["top_k"],
        top_p=options["top_p"],
        min_p=options["min_p"],
    )


def read_meter(text: str) -> tuple[int, int]:
    """Read a meter such as 6/8.

    Raises
    ------
    ConfigError
        If it is no meter that a MIDI file can hold.

    >>> read_meter("7/8")
    (7, 8)
    """
    beats, slash, unit = text.partition("/")
    known = slash and beats.isdigit() and unit in ("1", "2", "4", "8", "16", "32", "64")
    if not known or not 1 <= int(beats) <= 32:
        raise ConfigError(f"meter={text!r}, expected one such as 4/4 or 7/8")
    return int(beats), int(unit)

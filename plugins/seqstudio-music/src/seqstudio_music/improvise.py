"""The operation `improvise`: a new melody over given chords, or over a twelve-bar blues."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from seqstudio.api import ConfigError, Job, Request, Result
from seqstudio_music.chords import QUALITIES, ROOTS, chord_pitch_classes
from seqstudio_music.composer import Composer, PieceSpec, composer_for
from seqstudio_music.hard_request import HardRequest
from seqstudio_music.keys import estimate_key, key_name, parse_key
from seqstudio_music.operations import new_piece, read_meter, sampling_config
from seqstudio_music.originality_limit import OriginalityLimit, original_takes, refuse

DEGREES = (0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 0)  # the chords of a blues: semitones above the tonic
DOMINANT = 7


class Improvise:
    """Composes melodies over chords."""

    name = "improvise"

    def __init__(self, composers: Sequence[Composer]) -> None:
        self.composers = composers

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take: the chords as they are given, and a melody.

        Raises
        ------
        ConfigError
            If there are no chords or both chords and a form, an option cannot be read, or nothing
            meets all constraints.
        """
        options = request.options
        if bool(options["chords"]) == bool(options["form"]):
            found = f"chords={options['chords']!r}, form={options['form']!r}"
            raise ConfigError(f"{found}, expected one of the two")
        key = parse_key(options["key"]) if options["key"] else None
        chords = options["chords"] or blues_chords(key or 0)
        hard = HardRequest.of({**options, "chords": chords})
        if key is None:
            key = 0 if options["form"] else key_of_chords(hard.chords)
        spec = PieceSpec(
            bars=options["bars"] or len(hard.chords),
            meter=read_meter(options["meter"]),
            key=key_name(key),
            tempo_bpm=options["tempo"],
            raw=options["raw"],
            in_key=False,  # chords lead where they lead
            hard=hard,
        )
        model = job.model()
        composer = composer_for(model, self.composers)
        config, limit = sampling_config(options), OriginalityLimit.of(options)
        draw = partial(composer.generate, job, model, spec, config=config)
        kept, refusal = original_takes(draw, request.takes, limit, lambda score: score)
        for one in kept:
            yield new_piece(one, spec, model, over=chords, loop=options["loop"])
        refuse(refusal)


def blues_chords(key: int) -> str:
    """Return the chords of a twelve-bar blues in a key, one a bar.

    >>> blues_chords(parse_key("G"))
    'G7 G7 G7 G7 C7 C7 G7 G7 D7 C7 G7 G7'
    >>> blues_chords(parse_key("Am"))
    'Am7 Am7 Am7 Am7 Dm7 Dm7 Am7 Am7 E7 Dm7 Am7 Am7'
    """
    minor = "m" if key >= 12 else ""
    return " ".join(
        f"{ROOTS[(key + degree) % 12]}{'' if degree == DOMINANT else minor}7" for degree in DEGREES
    )


def key_of_chords(bars: Sequence[Sequence[int]]) -> int:
    """Return the key that the chords of some bars suggest; the last root is likely the tonic.

    Raises
    ------
    ConfigError
        If no bar has a chord.
    """
    chords = [chord for bar in bars for chord in bar]
    if not chords:
        raise ConfigError("chords without a chord, expected one at least")
    durations = np.zeros(12)
    for chord in chords:
        durations[list(chord_pitch_classes(chord))] += 1
    return estimate_key(durations, chords[-1] // len(QUALITIES))

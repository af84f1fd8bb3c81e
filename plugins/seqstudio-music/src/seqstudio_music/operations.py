"""The operations `generate`, which composes a new piece, and `continue`, which adds bars to one."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from seqstudio.api import ConfigError, Job, LoadedModel, Request, Result, SamplingConfig
from seqstudio.api.media import Score, restore_controllers
from seqstudio_music.adapting import adaptation_details, adapted_to
from seqstudio_music.composer import (
    AddedBars,
    Composer,
    Continuer,
    PieceSpec,
    composer_for,
)
from seqstudio_music.delivery import looped, only_new
from seqstudio_music.hard_request import HardRequest
from seqstudio_music.keys import key_name, parse_key
from seqstudio_music.originality_limit import (
    Original,
    OriginalityLimit,
    original_takes,
    refuse,
)
from seqstudio_music.primers import read_primer
from seqstudio_music.typicality import typicality


class Generate:
    """Composes new pieces."""

    name = "generate"

    def __init__(self, composers: Sequence[Composer]) -> None:
        self.composers = composers

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        ConfigError
            If the meter or the key cannot be read, or a key is requested of a model without keys.
        """
        options = request.options
        spec = PieceSpec(
            bars=int(options["bars"]),
            meter=read_meter(options["meter"]),
            key=options["key"] and key_name(parse_key(options["key"])),
            tempo_bpm=options["tempo"],
            voice_leading=options["voice_leading"],
            raw=options["raw"],
            hard=HardRequest.of(options),
        )
        model = job.model()  # loaded only for a request that can be read
        composer = composer_for(model, self.composers)
        config, limit = sampling_config(options), OriginalityLimit.of(options)
        draw = partial(composer.generate, job, model, spec, config=config)
        kept, refusal = original_takes(draw, request.takes, limit, lambda score: score)
        for one in kept:
            yield new_piece(one, spec, model, loop=options["loop"])
        refuse(refusal)


class Continue:
    """Adds bars to a primer, whose own events keep every byte.

    The bar in which the primer stops is completed first; then the requested bars follow in the
    primer's last meter.
    """

    name = "continue"

    def __init__(self, composers: Sequence[Continuer]) -> None:
        self.composers = composers

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        DataError
            If the primer cannot be read, has no notes, or has other parts than the chosen model
            continues.
        ConfigError
            If a hard constraint cannot be read, or nothing meets all of them.
        """
        path, bars = request.inputs["primer"][0], request.options["bars"]
        added = AddedBars(
            bars=bars,
            voice_leading=request.options["voice_leading"],
            hard=HardRequest.of(request.options),
        )
        primer = read_primer(path, repair=request.options["repair"])
        model = job.model(self._suited_model(primer.score))
        if primer.faults:
            job.log(f"{path}: {primer.fault_summary}")
        composer, config = composer_for(model, self.composers), sampling_config(request.options)
        usual = typicality(model, path)
        asked = request.options["adapt"]
        model, adaptation = adapted_to(job, model, primer) if asked else (model, None)
        limit, new = OriginalityLimit.of(request.options), partial(only_new, primer.score)
        draw = partial(composer.continue_primer, job, model, primer, added, config=config)
        kept, refusal = original_takes(draw, request.takes, limit, new)
        said = f"; the primer has {usual.text}" if usual else ""
        said += f"; {adaptation.text}" if adaptation else ""
        faults = f", {primer.fault_summary}" if primer.faults else ""
        for one in kept:
            piece = one.piece
            yield Result(
                outputs={"score": self._delivered(primer.score, piece.score, request.options)},
                take=one.take.number,
                summary=f"{added_text(primer.score, piece.score, bars)} {path.name} by {model.name}"
                f"{certified(piece.certificate)}{one.text}{faults}{said}",
                details={
                    "model": model.name,
                    "bars": bars,
                    "faults": list(primer.faults),
                    "repaired": primer.repaired,
                    **(usual.details if usual else {}),
                    **adaptation_details(adaptation),
                    **one.details,
                    **constraint_details(piece.certificate),
                },
            )
        refuse(refusal)

    def _delivered(self, before: Score, after: Score, options: Mapping[str, Any]) -> Score:
        """Return what is handed over: the whole piece, or its new bars; and as a loop or not."""
        score = restore_controllers(before, after)
        count = len(before.bars) - 1 + options["bars"]
        if options["only_new"]:
            score, count = only_new(before, score), options["bars"]
        return looped(score, count) if options["loop"] else score

    def _suited_model(self, score: Score) -> str:
        names = (composer.suited_model(score) for composer in self.composers)
        return next((name for name in names if name), "")


def new_piece(
    one: Original,
    spec: PieceSpec,
    model: LoadedModel,
    *,
    over: str = "",
    loop: bool,
) -> Result:
    """Return a new piece as a result; `over` names the chords that were given."""
    piece, (beats, unit) = one.piece, spec.meter
    given = f" over {over}" if over else ""
    details = "".join(f", {name} {value}" for name, value in piece.details.items())
    return Result(
        outputs={"score": looped(piece.score, spec.bars) if loop else piece.score},
        take=one.take.number,
        summary=f"{bar_count(spec.bars)} of {beats}/{unit}{given} by {model.name}{details}"
        f"{certified(piece.certificate)}{one.text}",
        details={
            "model": model.name,
            "bars": spec.bars,
            **({"chords": over} if over else {}),
            **piece.details,
            **one.details,
            **constraint_details(piece.certificate),
        },
    )


def bar_count(bars: int) -> str:
    """Return a number of bars in words.

    >>> bar_count(1), bar_count(8)
    ('1 bar', '8 bars')
    """
    return f"{bars} bar" if bars == 1 else f"{bars} bars"


def certified(certificate: Mapping[str, bool]) -> str:
    """Say how many hard constraints a result meets; nothing without any.

    >>> certified({"scale C major": True, "close in C": True})
    ', 2 of 2 constraints met'
    """
    if not certificate:
        return ""
    return f", {sum(certificate.values())} of {len(certificate)} constraints met"


def constraint_details(certificate: Mapping[str, bool]) -> dict[str, object]:
    """Return the details of a result that has hard constraints; none without any."""
    return {"constraints": dict(certificate)} if certificate else {}


def added_text(before: Score, after: Score, bars: int) -> str:
    """Say what was added to a score: bars, or silence if they hold no note.

    >>> added_text(Score.new(), Score.new().with_new_track([]), 2)
    'silence added to'
    """
    return f"{bar_count(bars) if len(after.notes) > len(before.notes) else 'silence'} added to"


def sampling_config(options: Mapping[str, Any]) -> SamplingConfig:
    """Return the sampling settings among an operation's options."""
    return SamplingConfig(
        temperature=options["temperature"],
        top_k=options["top_k"],
        top_p=options["top_p"],
        min_p=options["min_p"],
        int8=options["int8"],
    )


def read_meter(text: str) -> tuple[int, int]:
    """Parse a meter such as 6/8.

    Raises
    ------
    ConfigError
        If it is not a meter that a MIDI file can hold.

    >>> read_meter("7/8")
    (7, 8)
    """
    beats, slash, unit = text.partition("/")
    known = slash and beats.isdigit() and unit in ("1", "2", "4", "8", "16", "32", "64")
    if not known or not 1 <= int(beats) <= 32:
        raise ConfigError(f"meter={text!r}, expected one such as 4/4 or 7/8")
    return int(beats), int(unit)

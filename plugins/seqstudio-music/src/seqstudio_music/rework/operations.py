"""The operations `infill`, `vary` and `harmonize`."""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from seqstudio.api import DataError, Job, LoadedModel, Note, Request, Result
from seqstudio.api.media import Score
from seqstudio_music.hard_request import HardRequest
from seqstudio_music.keys import key_name, parse_key
from seqstudio_music.operations import certified, sampling_config
from seqstudio_music.parts import parts_of
from seqstudio_music.primers import read_primer
from seqstudio_music.rework.arrangement import Arrangement
from seqstudio_music.rework.given import given_voices, with_added_voices
from seqstudio_music.rework.places import Region, near_places
from seqstudio_music.rework.redraw import Frame, Redrawn, redraw
from seqstudio_music.roles import is_chorale
from seqstudio_music.typicality import Typicality, typicality_of_piece
from seqstudio_music.voices.composer import CHORALE_MODEL, FOLK_MODEL, model_parts
from seqstudio_music.voices.hard.rules import Differs
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.tokens import NONE


class Infill:
    """Writes bars of a piece anew; all else keeps its bytes."""

    name = "infill"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        DataError
            If the piece cannot be read, or is neither a chorale nor a lead sheet.
        ConfigError
            If a place or a constraint cannot be read, or nothing meets all constraints.
        """
        hard, path = HardRequest.of(request.options), request.inputs["piece"][0]
        whole, model = opened(request, job)
        region = Region.of(request.options, whole)
        values, held = whole.columns(lambda voice, note: not region.takes_in(voice, note))
        free = region.steps(whole) & (values == NONE)
        frame = Frame(whole, values, held, free, whole.key(), hard=hard, **settings(request))
        gone = whole.notes_where(region.takes_in)
        config = sampling_config(request.options)
        drawn = redraw(job, model, frame, request.takes, config)
        usual = typicality_of_piece(model, whole.piece)
        for take, one in zip(request.takes, drawn, strict=True):
            score = whole.with_notes(whole.new_notes(one.values, one.held, free), gone)
            what = f"{region.text} of {path.name} anew by {model.name}"
            yield result(take.number, score, what, one, frame, model, usual)


class Vary:
    """Varies a piece: a stated share of its notes become others, and all else stays."""

    name = "vary"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        DataError
            If the piece cannot be read, is neither a chorale nor a lead sheet, or has no note here.
        ConfigError
            If a place or a constraint cannot be read, or nothing meets all constraints.
        """
        options, path = request.options, request.inputs["piece"][0]
        hard, config = HardRequest.of(options), sampling_config(options)
        whole, model = opened(request, job)
        region = Region.of(options, whole)
        places = whole.onsets(region.takes_in)
        if not places:
            raise DataError(f"{path}: {region.text} without a note to vary, expected one")
        count = max(round(options["distance"] * len(places)), 1)
        usual = typicality_of_piece(model, whole.piece)
        for done, take in enumerate(request.takes, start=1):
            chosen = near_places(places, count, Random(take.seed))

            def varies(voice: int, note: Note, chosen: frozenset[tuple[int, int]] = chosen) -> bool:
                step = whole.grid.onset_step(note.onset_ticks)
                return (step, voice) in chosen and region.takes_in(voice, note)

            frame = varied(whole, chosen, varies, hard=hard, **settings(request))
            one = redraw(job, model, frame, [take], config, lambda share: None)[0]
            new = whole.new_notes(one.values, one.held, frame.free)
            score = whole.with_notes(new, whole.notes_where(varies))
            job.progress(done / len(request.takes))
            share = f"{count} of {len(places)} notes ({count / len(places):.0%})"
            what = f"{share} of {path.name} varied by {model.name}"
            yield result(take.number, score, what, one, frame, model, usual)


class Harmonize:
    """Adds the voices that are missing to those that are given."""

    name = "harmonize"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take: what was given keeps its bytes.

        Raises
        ------
        DataError
            If the piece cannot be read, or is not one to three parts of one voice each.
        ConfigError
            If an option cannot be read, or nothing meets all constraints.
        """
        options, path = request.options, request.inputs["piece"][0]
        hard, config = HardRequest.of(options), sampling_config(options)
        key = parse_key(options["key"]) if options["key"] else None
        score = read_primer(path, repair=False).score
        model = job.model()
        given = given_voices(score, model_layout(model), options["voice"] or (), str(path))
        frame = Frame(
            given.arrangement,
            given.values,
            given.held,
            given.free,
            given.key if key is None else key,
            hard=hard,
            **settings(request),
        )
        drawn = redraw(job, model, frame, request.takes, config)
        names = [given.arrangement.layout.voices[voice].name.lower() for voice in given.voices]
        for take, one in zip(request.takes, drawn, strict=True):
            harmonized = with_added_voices(given, one.values, one.held)
            what = f"{' and '.join(names)} of {path.name} harmonized by {model.name}"
            yield result(take.number, harmonized, what, one, frame, model)


def opened(request: Request, job: Job) -> tuple[Arrangement, LoadedModel]:
    """Read a chorale or a lead sheet, and load the model that suits it, or the chosen one.

    Raises
    ------
    DataError
        If it cannot be read, or does not have the voices of the model.
    """
    path = request.inputs["piece"][0]
    score = read_primer(path, repair=False).score
    model = job.model(CHORALE_MODEL if is_chorale(parts_of(score)) else FOLK_MODEL)
    return Arrangement.of(score, model_layout(model), model_parts(score, model, path)), model


def settings(request: Request) -> Mapping[str, Any]:
    """Return the options that say how a frame is sampled."""
    return {"voice_leading": request.options["voice_leading"]}


def varied(
    whole: Arrangement,
    chosen: frozenset[tuple[int, int]],
    varies: Callable[[int, Note], bool],
    **options: Any,
) -> Frame:
    """Return the frame in which chosen notes become others; each began at one of the places."""
    before = whole.piece.values
    values, held = whole.columns(lambda voice, note: not varies(voice, note))
    free = (before != NONE) & (values == NONE)
    notes = tuple(
        (step, voice, int(before[step, voice]))
        for step, voice in sorted(chosen)
        if free[step, voice]
    )
    return Frame(whole, values, held, free, whole.key(), (Differs(notes),), **options)


def result(
    take: int,
    score: Score,
    what: str,
    drawn: Redrawn,
    frame: Frame,
    model: LoadedModel,
    usual: Typicality | None = None,
) -> Result:
    """Return a take with its certificate, and how usual the piece is to the model."""
    key = key_name(frame.key)
    said = f"; the piece has {usual.text}" if usual else ""
    return Result(
        outputs={"score": score},
        take=take,
        summary=f"{what}, key {key}{certified(drawn.certificate)}{said}",
        details={
            "model": model.name,
            "key": key,
            "constraints": drawn.certificate,
            **(usual.details if usual else {}),
        },
    )

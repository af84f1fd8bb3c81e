"""Composing with models of voices: chorales, and melodies with chords."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from seqstudio.api import DataError, Job, LoadedModel, Note, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio_music.composer import AddedBars, Composition, PieceSpec
from seqstudio_music.grid import grid_of_score, new_grid
from seqstudio_music.keys import key_name, parse_key
from seqstudio_music.parts import Part, append_notes, clip_before, parts_of
from seqstudio_music.primers import Primer
from seqstudio_music.roles import is_chorale, melody_and_chords
from seqstudio_music.voices.choosing import Measure, best_draws, draws_of
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.hard.requests import rules_of
from seqstudio_music.voices.notes import new_score, voice_notes
from seqstudio_music.voices.sampling import (
    Drawing,
    SamplingPlan,
    model_layout,
    new_piece_plan,
    random_key,
    sample_voices,
)
from seqstudio_music.voices.score_reader import piece_of_parts, voice_parts
from seqstudio_music.voices.settings import voice_settings
from seqstudio_music.voices.task import VoicesTask
from seqstudio_music.voices.tokens import NONE, Layout

CHORALE_MODEL = "music-chorale"
FOLK_MODEL = "music-folk"
TEMPOS_BPM = {"chorale": 76.0, "lead-sheet": 116.0}  # by layout, if no tempo is requested


class VoiceComposer:
    """Composes with models of `music.voices`; `measure` grades what it draws."""

    task = VoicesTask.name

    def __init__(self, measure: Measure) -> None:
        self.measure = measure

    def generate(
        self,
        job: Job,
        model: LoadedModel,
        spec: PieceSpec,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Compose one piece for each take, in the requested key or in a random one.

        Raises
        ------
        ConfigError
            If the key cannot be read.
        """
        settings, layout = voice_settings(model.settings), model_layout(model)
        grid = new_grid(spec.bars, spec.meter)
        plan = new_piece_plan(
            layout,
            grid,
            voice_leading=spec.voice_leading,
            in_key=spec.in_key,
            rules=partial(rules_of, spec.hard, layout, grid, 0) if spec.hard.asked else None,
        )
        draws = list(takes) if spec.raw else draws_of(takes)
        asked = [parse_key(spec.key) if spec.key else random_key(take.seed) for take in takes]
        keys = [key for key in asked for _ in range(len(draws) // len(takes))]
        drawing = Drawing(settings, plan, keys)
        sampled = sample_voices(job, drawing, draws, config, job.progress)
        chosen: Sequence[int] = range(len(takes))
        if not spec.raw:
            chosen = best_draws(model, drawing, sampled, settings.layout, self.measure)
        tempo_bpm = spec.tempo_bpm or TEMPOS_BPM[settings.layout]
        return [
            Composition(
                new_score(layout, sampled[draw], grid, key=keys[draw], tempo_bpm=tempo_bpm),
                {"key": key_name(keys[draw])},
                drawing.certificate(draw, sampled[draw]),
            )
            for draw in chosen
        ]

    def suited_model(self, score: Score) -> str:
        """Return the model for four parts of one voice each, or for a melody; else ""."""
        parts = parts_of(score)
        if is_chorale(parts):
            return CHORALE_MODEL
        return FOLK_MODEL if melody_and_chords(parts) is not None else ""

    def continue_primer(
        self,
        job: Job,
        model: LoadedModel,
        primer: Primer,
        added: AddedBars,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Continue the primer's voices, each on its own track, in the key that they suggest.

        Raises
        ------
        DataError
            If the primer does not have the voices of the model's layout.
        ConfigError
            If a hard constraint is of a voice that the layout lacks, or nothing meets all of them.
        """
        score, settings, layout = primer.score, voice_settings(model.settings), model_layout(model)
        parts = model_parts(score, model, primer.path)
        grid = grid_of_score(score, score.end_tick)
        piece = piece_of_parts(parts, layout.voices, grid)
        first = max(grid.step_at(score.end_tick), 1)
        whole = grid.extended(added.bars)
        plan = SamplingPlan(
            whole,
            layout.encode(piece.values, piece.held)[:first],
            skipped=leading_rests(piece, layout),
            silent=tuple(voice for voice, part in enumerate(parts) if part is None),
            voice_leading=added.voice_leading,
            apart=True,
            rules=partial(rules_of, added.hard, layout, whole, first) if added.hard.asked else None,
        )
        drawing = Drawing(settings, plan, [piece.key] * len(takes))
        pieces = []
        for take, tokens in enumerate(sample_voices(job, drawing, takes, config, job.progress)):
            voices = range(len(parts))
            notes = [voice_notes(layout, tokens, voice, plan.grid, first) for voice in voices]
            certificate = drawing.certificate(take, tokens)
            pieces.append(Composition(append_voices(score, parts, notes), certificate=certificate))
        return pieces


def leading_rests(piece: Piece, layout: Layout) -> int:
    """Count the silent steps before a chorale's upbeat, which training pieces do not have."""
    present = (piece.values != NONE).any(axis=1)
    return int(present.argmax()) if layout.voices[0].kind == "pitch" else 0


def model_parts(score: Score, model: LoadedModel, path: Path) -> list[Part | None]:
    """Return the part of a score that is each voice of a model; None for a voice without one.

    Raises
    ------
    DataError
        If the score, of the file at `path`, does not have the voices of the model.
    """
    try:
        return voice_parts(score, voice_settings(model.settings).layout)
    except DataError as error:
        raise DataError(f"{path}: {error}, for {model.name}") from error


def append_voices(
    score: Score, parts: Sequence[Part | None], voices: Sequence[Sequence[Note]]
) -> Score:
    """Append the notes of each voice to its part, after the end of the score."""
    end_tick = score.end_tick
    for part, notes in zip(parts, voices, strict=True):
        if part is not None:
            score = append_notes(score, part, clip_before(notes, end_tick))
    return score

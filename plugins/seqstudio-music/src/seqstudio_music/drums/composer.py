"""Composing with models of drums: new grooves, and continuations on the kit of a primer."""

from collections.abc import Sequence

import numpy as np

from seqstudio.api import DataError, Job, LoadedModel, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio_music.composer import AddedBars, Composition, PieceSpec, refuse_hard
from seqstudio_music.drums.data import BEAT, MOST_STYLES, UNTAPPED, covariates
from seqstudio_music.drums.hits import notes_of, steps_of, tokens_of
from seqstudio_music.drums.sampling import DrumPlan, sample_drums
from seqstudio_music.drums.task import DrumsTask
from seqstudio_music.grid import TICKS_PER_BEAT, grid_of_score, new_grid
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.kit import general_midi_kit, kit_of
from seqstudio_music.parts import append_notes, clip_before, parts_of
from seqstudio_music.primers import Primer

DRUM_MODEL = "music-drums"
TEMPO_BPM = 110.0  # quarter notes per minute, if no tempo is requested
CONTEXT_STEPS = 256  # the last sixteenths of a primer, which are the prompt


class DrumComposer:
    """Composes with models of `music.drums`."""

    task = DrumsTask.name

    def generate(
        self,
        job: Job,
        model: LoadedModel,
        spec: PieceSpec,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Drum one piece for each take, on a General MIDI kit.

        Raises
        ------
        ConfigError
            If a key or a hard constraint is requested: drums have no keys and no voices.
        """
        asked = ("key",) if spec.key else ()
        refuse_hard((*asked, *spec.hard.asked), model, "a model of drums")
        grid, tempo_bpm = new_grid(spec.bars, spec.meter), spec.tempo_bpm or TEMPO_BPM
        plan = DrumPlan(covariates(grid, tempo_bpm, MOST_STYLES, BEAT, UNTAPPED))
        pieces = []
        for steps in sample_drums(job, plan, takes, config, job.progress):
            score = Score.new(ticks_per_beat=TICKS_PER_BEAT, tempo_bpm=tempo_bpm, meter=spec.meter)
            notes = notes_of(steps, grid, general_midi_kit())
            score = score.with_new_track(notes, name="Drums", channel=DRUM_CHANNEL)
            pieces.append(Composition(score))
        return pieces

    def suited_model(self, score: Score) -> str:
        """Return the model of drums if a score has nothing but drums of a known kit; else ""."""
        only_drums = not parts_of(score) and bool(kit_of(score.notes))
        return DRUM_MODEL if only_drums else ""

    def continue_primer(
        self,
        job: Job,
        model: LoadedModel,
        primer: Primer,
        added: AddedBars,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Continue drums on the pieces and pitches of the primer.

        Raises
        ------
        DataError
            If the primer has no drums of a known kit.
        ConfigError
            If a hard constraint is requested.
        """
        refuse_hard(added.hard.asked, model, "a model of drums")
        score = primer.score
        parts = parts_of(score, drums=True)
        kit = kit_of(note for part in parts for note in part.notes)
        if not kit:
            expected = f"expected the drums of a kit on channel 10, for {model.name}"
            raise DataError(f"{primer.path}: no drums, {expected}")
        part = max(parts, key=lambda one: len(one.notes))
        whole = grid_of_score(score, score.end_tick)
        first = max(whole.step_at(score.end_tick), 1)
        grid, start = whole.extended(added.bars), max(first - CONTEXT_STEPS, 0)
        heard = steps_of([note for one in parts for note in one.notes], whole)[start:first]
        known = covariates(grid, score.tempos[-1].bpm, MOST_STYLES, BEAT, UNTAPPED)[start:]
        prompt = tuple(token for group in tokens_of(heard) for token in group)
        plan = DrumPlan(np.ascontiguousarray(known), prompt, tuple(kit))
        pieces = []
        for steps in sample_drums(job, plan, takes, config, job.progress):
            notes = clip_before(notes_of(steps, grid, kit, first), score.end_tick)
            pieces.append(Composition(append_notes(score, part, notes)))
        return pieces

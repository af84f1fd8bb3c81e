"""Composing with models of piano rolls: new pieces, and continuations of any polyphony."""

from collections.abc import Sequence

import numpy as np

from seqstudio.api import ConfigError, Job, LoadedModel, Note, SamplingConfig, TakeSeed
from seqstudio.api.media import Meter, Score
from seqstudio_music.composer import AddedBars, Composition, PieceSpec, refuse_hard
from seqstudio_music.grid import TICKS_PER_BEAT, grid_of_score
from seqstudio_music.keyboard import KEYS
from seqstudio_music.parts import append_notes, clip_before, nearest_part, parts_of
from seqstudio_music.primers import Primer
from seqstudio_music.rolls.midi import notes_to_roll, roll_to_notes, without_drums
from seqstudio_music.rolls.sampling import sample_rolls
from seqstudio_music.rolls.settings import roll_settings
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.rolls.tokens import encode_prompt

POLYPHONY_MODEL = "rolls-nottingham"  # any keys, any number of simultaneous notes
TEMPO_BPM = 90.0  # quarter notes per minute, if no tempo is requested
CONTEXT_FRAMES = 512  # the last frames of a primer, which are the prompt


class RollComposer:
    """Composes with models of `music.rolls`."""

    task = RollsTask.name

    def generate(
        self,
        job: Job,
        model: LoadedModel,
        spec: PieceSpec,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Compose one piece for each take, on one piano track.

        Raises
        ------
        ConfigError
            If a key or a hard constraint is requested: piano rolls have no keys and no voices.
        """
        if spec.key:
            found = f"key={spec.key!r}, expected none with {model.name}"
            raise ConfigError(f"{found}, a model without keys")
        refuse_hard(spec.hard.asked, model, "a model without voices")
        frame_ticks = TICKS_PER_BEAT / roll_settings(model.settings).frames_per_beat
        end_tick = spec.bars * Meter.of(*spec.meter).bar_ticks(TICKS_PER_BEAT)
        frames = -(-end_tick // round(frame_ticks))
        prompts: list[tuple[int, ...]] = [()] * len(takes)
        pieces = []
        for roll in sample_rolls(job, prompts, frames, takes, config, job.progress):
            score = Score.new(
                ticks_per_beat=TICKS_PER_BEAT,
                tempo_bpm=spec.tempo_bpm or TEMPO_BPM,
                meter=spec.meter,
            )
            notes = roll_to_notes(roll, frame_ticks, end_tick=end_tick)
            pieces.append(Composition(score.with_new_track(notes, name="Piano")))
        return pieces

    def suited_model(self, score: Score) -> str:
        """Return the model that continues any polyphony."""
        return POLYPHONY_MODEL

    def continue_primer(
        self,
        job: Job,
        model: LoadedModel,
        primer: Primer,
        added: AddedBars,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Continue any polyphony; each new note goes to the part of the nearest mean pitch.

        Raises
        ------
        ConfigError
            If a hard constraint is requested.
        """
        refuse_hard(added.hard.asked, model, "a model without voices")
        score = primer.score
        frame_ticks = score.ticks_per_beat / roll_settings(model.settings).frames_per_beat
        first = max(round(score.end_tick / frame_ticks), 1)
        end_tick = int(grid_of_score(score, score.end_tick).extended(added.bars).ticks[-1])
        frames = int(-(-end_tick // frame_ticks)) - first
        prompts = [primer_prompt(score, frame_ticks, first)] * len(takes)
        pieces = []
        for roll in sample_rolls(job, prompts, frames, takes, config, job.progress):
            start = round(first * frame_ticks)
            notes = roll_to_notes(roll, frame_ticks, start_tick=start, end_tick=end_tick)
            pieces.append(Composition(distribute(score, clip_before(notes, score.end_tick))))
        return pieces


def primer_prompt(score: Score, frame_ticks: float, frames: int) -> tuple[int, ...]:
    """Return the prompt for a score cut or padded to `frames` frames: the last of them."""
    roll = notes_to_roll(without_drums(score.notes), frame_ticks)
    padded = np.zeros((frames, KEYS), dtype=np.uint8)
    padded[: len(roll)] = roll[:frames]
    return encode_prompt(padded[-CONTEXT_FRAMES:])


def distribute(score: Score, notes: Sequence[Note]) -> Score:
    """Append each note to the nearest part; to drum parts only if there are no others."""
    parts = parts_of(score) or parts_of(score, drums=True)
    shares: list[list[Note]] = [[] for _ in parts]
    for note in notes:
        shares[nearest_part(parts, note.pitch)].append(note)
    for part, share in zip(parts, shares, strict=True):
        score = append_notes(score, part, share)
    return score

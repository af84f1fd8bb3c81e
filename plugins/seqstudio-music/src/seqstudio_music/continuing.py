"""The operation `continue`: a primer, and what could come after it."""

from collections.abc import Iterator, Sequence

import numpy as np

from seqstudio.api import DataError, Job, LoadedModel, Note, Request, Result
from seqstudio.api.media import Score
from seqstudio_music.generate import counted, sampling
from seqstudio_music.grid import grid_of_score
from seqstudio_music.primers import (
    Primer,
    append_notes,
    nearest_part,
    read_primer,
    started_after,
    suited_model,
)
from seqstudio_music.roll_midi import notes_of_rows, pitched, rows_of_notes
from seqstudio_music.roll_sampling import draw_rolls, prompt_of_rows
from seqstudio_music.score_voices import READERS, Part, lead_and_chords, parts_of
from seqstudio_music.slots import NONE, Layout
from seqstudio_music.voice_batches import VoiceSettings
from seqstudio_music.voice_data import Voices
from seqstudio_music.voice_sampling import Plan, draw_voices, layout_of, notes_of_slot


class Continue:
    """Appends bars to a primer; its own events keep every byte.

    The bar in which the primer stops is completed, then the bars asked for follow in its last
    meter.
    """

    name = "continue"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        DataError
            If the primer cannot be read, holds no note, or has other voices than the model asked
            for.
        """
        path = request.inputs["primer"][0]
        primer = read_primer(path, repair=request.options["repair"])
        model = job.model(suited_model(primer.score))
        if primer.heard:
            job.log(f"{path}: {primer.heard}")
        continued = in_voices if isinstance(model.settings, VoiceSettings) else in_rolls
        bars = request.options["bars"]
        for take, score in zip(request.takes, continued(model, job, request, primer), strict=True):
            faults = f", {primer.heard}" if primer.heard else ""
            yield Result(
                outputs={"score": score},
                take=take.number,
                summary=f"{path.name} and {counted(bars)} more by {model.name}{faults}",
                details={
                    "model": model.name,
                    "bars": bars,
                    "faults": list(primer.faults),
                    "repaired": primer.repaired,
                },
            )


def in_voices(model: LoadedModel, job: Job, request: Request, primer: Primer) -> list[Score]:
    """Continue the primer's voices, each on its own track."""
    score, settings = primer.score, model.settings
    layout = layout_of(model)
    try:
        voices = READERS[settings.layout](score)
    except DataError as bad:
        raise DataError(f"{primer.path}: {bad}; {model.name} knows no other") from bad
    grid = grid_of_score(score, score.end_tick)
    first = max(grid.step_at(score.end_tick), 1)
    given = layout.encode(voices.values, voices.held)[:first]
    parts = slot_parts(score, layout)
    silent = tuple(slot for slot, part in enumerate(parts) if part is None)
    plan = Plan(grid.extended(request.options["bars"]), given, upbeat_rest(voices, layout), silent)
    keys = [voices.key] * len(request.takes)
    drawn = draw_voices(
        job, settings, plan, keys, request.takes, sampling(request.options), job.progress
    )
    return [
        with_voices(
            score,
            parts,
            [notes_of_slot(layout, tokens, slot, plan.grid, first) for slot in range(len(parts))],
        )
        for tokens in drawn
    ]


def upbeat_rest(voices: Voices, layout: Layout) -> int:
    """Count the silent steps before a chorale's upbeat: its training pieces begin without."""
    sounds = (voices.values != NONE).any(axis=1)
    return int(sounds.argmax()) if layout.slots[0].kind == "pitch" else 0


def slot_parts(score: Score, layout: Layout) -> list[Part | None]:
    """Say which part of the primer each slot continues; None where it has none."""
    parts = parts_of(score)
    if len(layout.slots) == 4:
        soprano, alto, tenor, bass = sorted(parts, key=lambda part: -part.height)
        return [soprano, bass, alto, tenor]
    melody, chords = lead_and_chords(parts) or (parts[0], None)
    return [chords, melody]


def with_voices(
    score: Score, parts: Sequence[Part | None], voices: Sequence[Sequence[Note]]
) -> Score:
    """Append the notes of each voice to its part."""
    end_tick = score.end_tick
    for part, notes in zip(parts, voices, strict=True):
        if part is not None:
            score = append_notes(score, part, started_after(notes, end_tick))
    return score


def in_rolls(model: LoadedModel, job: Job, request: Request, primer: Primer) -> list[Score]:
    """Continue any polyphony, each note in the part that it lies nearest to."""
    score = primer.score
    frame_ticks = score.ticks_per_beat / model.settings.frames_per_beat
    rows = rows_of_notes(pitched(score.notes), frame_ticks)
    first = max(round(score.end_tick / frame_ticks), 1)
    grid = grid_of_score(score, score.end_tick).extended(request.options["bars"])
    end_tick = int(grid.ticks[-1])
    frames = int(-(-end_tick // frame_ticks)) - first
    heard = np.zeros((first, rows.shape[1]), dtype=np.uint8)
    heard[: len(rows)] = rows[:first]
    prompts = [prompt_of_rows(heard)] * len(request.takes)
    scores = []
    for drawn in draw_rolls(
        job, prompts, frames, request.takes, sampling(request.options), job.progress
    ):
        start = round(first * frame_ticks)
        notes = notes_of_rows(drawn, frame_ticks, start_tick=start, end_tick=end_tick)
        scores.append(with_polyphony(score, started_after(notes, score.end_tick)))
    return scores


def with_polyphony(score: Score, notes: Sequence[Note]) -> Score:
    """Share notes out among the parts of a score, drums only where there is nothing else."""
    parts = parts_of(score) or parts_of(score, drums=True)
    shares: list[list[Note]] = [[] for _ in parts]
    for note in notes:
        shares[nearest_part(parts, note.pitch)].append(note)
    for part, share in zip(parts, shares, strict=True):
        score = append_notes(score, part, share)
    return score

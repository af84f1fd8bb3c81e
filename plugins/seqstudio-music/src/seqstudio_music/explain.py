"""The operation `explain`: what a model thought of each note of a piece."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from seqstudio.api import Job, Request, Result, Table
from seqstudio_music.chords import chord_symbol
from seqstudio_music.grid import STEPS_PER_BEAT, Grid
from seqstudio_music.keys import pitch_name
from seqstudio_music.parts import parts_of
from seqstudio_music.rework.arrangement import Arrangement
from seqstudio_music.rework.operations import opened
from seqstudio_music.voices.leaning import Lean, Place, leans
from seqstudio_music.voices.notes import value_pitches
from seqstudio_music.voices.scoring import ScoredNote, score_notes
from seqstudio_music.voices.tokens import Layout

COLUMNS = (
    "bar",
    "beat",
    "voice",
    "pitch",
    "midi",
    "probability",
    "rank",
    "nats",
    "alternatives",
    "alternatives_midi",  # of each the pitches, "rest" or "hold"
    "leans_on",
    "leans_on_at",  # of each the track of the file, from 1, and the tick
    "track",  # of the file, from 1
    "tick",
)
SILENT = ("rest", "hold")  # the first tokens of a voice, in their order
Row = tuple[int | float | str | None, ...]


class Explain:
    """Lists the notes of a piece with the probability that a model gives each."""

    name = "explain"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one table with a row for each note.

        Raises
        ------
        DataError
            If the piece cannot be read, has no note, or does not have the voices of the model.
        """
        whole, model = opened(request, job)
        onsets = first_ticks(whole)
        notes = score_notes(model, whole.piece, list(onsets), request.options["alternatives"])
        count, leaned = request.options["leans"], dict[Place, list[Lean]]()
        if count:
            leaned = leans(model, whole.piece, list(onsets), count, job.progress)
        words, changes = Words(whole.layout, whole.grid, whole.key()), changed(whole)
        what = f"{request.file('piece').name} by {model.name}"
        yield Result(
            outputs={"notes": Table(COLUMNS, tuple(rows(whole, words, notes, leaned, onsets)))},
            summary="; ".join([words.summary(notes, what), *changes]),
            details={
                "model": model.name,
                "notes": len(notes),
                "nats_per_note": nats_per_note(notes),
                "first_choice": first_choice(notes),
                "changed": changes,
            },
        )


@dataclass(frozen=True, slots=True)
class Words:
    """The words for the notes of a piece: their places, and their names in its key."""

    layout: Layout
    grid: Grid
    key: int

    def row(self, note: ScoredNote, leaned: Sequence[Lean]) -> Row:
        """Return a note as the first columns of the table; a chord has no MIDI number."""
        bar, beat = place(self.grid, note.step)
        others = (
            f"{self.token(note.voice, one.token)} {one.probability:.3f}"
            for one in note.alternatives
        )
        return (
            bar,
            beat,
            self.layout.voices[note.voice].name.lower(),
            self.token(note.voice, note.token),
            self._pitch(note),
            float(f"{note.probability:.3g}"),
            note.rank,
            round(note.nats, 3),
            "; ".join(others),
            "; ".join(self._pitches(note.voice, one.token) for one in note.alternatives),
            "; ".join(map(self._lean, leaned)),
        )

    def _pitches(self, voice: int, token: int) -> str:
        value = token - int(self.layout.first_tokens[voice])
        if value < 0:
            return self.token(voice, token)
        own = self.layout.voices[voice]
        return " ".join(map(str, value_pitches(value + own.first_value, own)))

    def _lean(self, lean: Lean) -> str:
        """Return a note that another leaned on, and what would be without it, in words."""
        (step, voice), factor = lean.place, exp(lean.nats)
        bar, beat = place(self.grid, step)
        name = self.layout.voices[voice].name.lower()
        times = f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"
        return (
            f"{name} {self.token(voice, lean.token)} in bar {bar} on beat {beat:g}: "
            f"with {self.token(voice, lean.other)}, {times} times less likely"
        )

    def _has_chord(self, notes: Sequence[ScoredNote]) -> bool:
        return any(self._pitch(note) is None for note in notes)

    def _pitch(self, note: ScoredNote) -> int | None:
        voice, first = self.layout.voices[note.voice], self.layout.first_tokens[note.voice]
        return note.token - int(first) + voice.first_value if voice.kind == "pitch" else None

    def token(self, voice: int, token: int) -> str:
        """Return the name of a pitch, the symbol of a chord, rest or hold."""
        own = self.layout.voices[voice]
        value = token - int(self.layout.first_tokens[voice])
        if value < 0:
            return SILENT[token - int(self.layout.starts[voice])]
        if own.kind == "chord":
            return chord_symbol(value)
        return pitch_name(value + own.first_value, self.key)

    def summary(self, notes: Sequence[ScoredNote], what: str) -> str:
        """Return how likely the notes are, and the least likely one, in one line."""
        least = max(notes, key=lambda note: note.nats)
        bar, beat = place(self.grid, least.step)
        name = self.token(least.voice, least.token)
        voice = self.layout.voices[least.voice].name.lower()
        odds = f"{100 * least.probability:.2g} %"
        kind = "notes and chords" if self._has_chord(notes) else "notes"
        return (
            f"{len(notes)} {kind} of {what}: {nats_per_note(notes):.2f} nats each, "
            f"{100 * first_choice(notes):.0f} % its first choice; least likely: "
            f"{name}, {odds}, in bar {bar} on beat {beat:g}, {voice}"
        )


def first_ticks(whole: Arrangement) -> dict[Place, int]:
    """Return (step, voice) of each step in which notes begin, in order: the tick of the first."""
    found: dict[Place, int] = {}
    for voice, part in enumerate(whole.parts):
        for note in part.notes if part else ():
            found.setdefault((whole.grid.onset_step(note.onset_ticks), voice), note.onset_ticks)
    return dict(sorted(found.items()))


def rows(
    whole: Arrangement,
    words: Words,
    notes: Sequence[ScoredNote],
    leaned: Mapping[Place, Sequence[Lean]],
    onsets: Mapping[Place, int],
) -> Iterator[Row]:
    """Yield a row for each note, with its place in the file."""

    def where(at: Place) -> tuple[int, int]:
        part = whole.parts[at[1]]
        return (part.track if part else 0) + 1, onsets[at]

    for note in notes:
        at = (note.step, note.voice)
        on = leaned.get(at, ())
        places = "; ".join("{} {}".format(*where(lean.place)) for lean in on)
        yield *words.row(note, on), places, *where(at)


def place(grid: Grid, step: int) -> tuple[int, float]:
    """Return the bar of a step and the beat in it, of the meter's unit, both counted from 1.

    >>> from seqstudio_music.grid import new_grid
    >>> place(new_grid(2, (6, 8)), 15)
    (2, 2.5)
    """
    bar = int(grid.bar_numbers[step] - grid.bar_numbers[0])
    units_per_step = grid.bars[bar].unit / (4 * STEPS_PER_BEAT)
    return bar + 1, 1 + float(grid.positions[step]) * units_per_step


def nats_per_note(notes: Sequence[ScoredNote]) -> float:
    """Return the mean nats of notes."""
    return sum(note.nats for note in notes) / len(notes)


def first_choice(notes: Sequence[ScoredNote]) -> float:
    """Return the share of the notes than which nothing was more likely."""
    return sum(note.rank == 1 for note in notes) / len(notes)


def changed(whole: Arrangement) -> list[str]:
    """Return what of a score the model cannot represent, counted."""
    drums = sum(len(part.notes) for part in parts_of(whole.score, drums=True))
    found = {**whole.piece.adjustments, "drum notes left out": drums}
    return [f"{count} {name}" for name, count in found.items() if count]

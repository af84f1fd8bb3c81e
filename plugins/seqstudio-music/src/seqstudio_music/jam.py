"""The operation `jam`: calls are answered while music is played, as many bars each."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from seqstudio.api import (
    DataError,
    Job,
    Note,
    Request,
    Result,
    SamplingConfig,
    TakeSeed,
    stable_seed,
)
from seqstudio.api.media import Meter, Score
from seqstudio_music.composer import AddedBars, Continuer, composer_for
from seqstudio_music.jam_input import CLOCK, CLOCKS_PER_BEAT, NOTE_ON, Played, cut_off, messages
from seqstudio_music.operations import bar_count, read_meter, sampling_config
from seqstudio_music.primers import Primer
from seqstudio_music.voices.composer import FOLK_MODEL

TICKS = 20  # of a score, in a clock


@dataclass
class Turns:
    """Call and answer in turn: the clocks of both, and what was played in them."""

    take: TakeSeed
    bars: int
    meter: tuple[int, int]
    tempo_bpm: float
    played: Played = field(default_factory=Played)
    music: list[Note] = field(default_factory=list)  # of calls and answers, in clocks
    answers: list[Note] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)  # of each answer, in seconds

    @property
    def clocks(self) -> int:
        """Length of a call, and of an answer."""
        return self.bars * Meter(0, *self.meter).bar_ticks(CLOCKS_PER_BEAT)

    @property
    def calls(self) -> int:
        """Calls that have begun."""
        return max(self.played.clock, 0) // (2 * self.clocks) + 1

    def call_ends(self) -> bool:
        """Return whether a call ends with the clock that was taken last."""
        return self.played.clock % (2 * self.clocks) == self.clocks

    def primer(self) -> Score | None:
        """Return the calls and answers until now as one track; None after a silent call."""
        call = self.played.notes(self.played.clock - self.clocks, self.played.clock)
        self.music += call
        return self._score().with_new_track(scaled(self.music)) if call else None

    def answer(self, added: Sequence[Note]) -> None:
        """Take an answer: of the notes that were added to the primer those in its bars."""
        start = self.played.clock
        notes = [clocked(note) for note in added]
        kept = [one for one in notes if start <= one.onset_ticks < start + self.clocks]
        cut = [cut_off(one, start + self.clocks) for one in kept]
        self.answers += cut
        self.music += cut

    def written(self) -> Score:
        """Return all that was played, and the answers, as two tracks."""
        score = self._score().with_new_track(scaled(self.played.notes()), name="Played")
        return score.with_new_track(scaled(self.answers), name="Answers")

    def _score(self) -> Score:
        ticks = CLOCKS_PER_BEAT * TICKS
        return Score.new(ticks_per_beat=ticks, tempo_bpm=self.tempo_bpm, meter=self.meter)


class Jam:
    """Answers each call of some bars with as many of its own."""

    name = "jam"

    def __init__(self, composers: Sequence[Continuer]) -> None:
        self.composers = composers

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield what was played and the answers when the stream ends; show each answer before.

        Raises
        ------
        ConfigError
            If the meter cannot be read.
        """
        options, config = request.options, sampling_config(request.options)
        meter, tempo_bpm = read_meter(options["meter"] or "4/4"), options["tempo"] or 120.0
        every = [Turns(take, options["bars"], meter, tempo_bpm) for take in request.takes]
        self._warm_up(job, meter, config)
        for block in job.input_blocks():
            for message in messages(block):
                for turns in every:
                    turns.played.take(message)
                    if message[0] == CLOCK and turns.call_ends():
                        self._answer(job, turns, config)
        for turns in every:
            yield result(turns)

    def _warm_up(self, job: Job, meter: tuple[int, int], config: SamplingConfig) -> None:
        """Answer a bar of one note: the first answer of a process takes seconds."""
        trial = Turns(TakeSeed(1, 0), 1, meter, 120.0)
        trial.played.take((NOTE_ON, (60, 64)))
        trial.played.clock = trial.clocks
        score = trial.primer()
        with suppress(DataError):  # the chosen model may be for other parts
            if score is not None:
                self._added(job, score, AddedBars(bars=1), trial.take, config)

    def _answer(self, job: Job, turns: Turns, config: SamplingConfig) -> None:
        """Answer the call that has just ended, if it has notes, and say so."""
        started = time.perf_counter()
        score = turns.primer()
        if score is None:
            return
        have = len(score.bars) - 1  # a call may end in silence
        wanted = turns.played.clock // turns.clocks * turns.bars + turns.bars
        take = replace(turns.take, seed=stable_seed(turns.take.seed, "answer", turns.calls))
        try:
            turns.answer(self._added(job, score, AddedBars(bars=wanted - have), take, config))
        except DataError as error:  # of parts that the chosen model does not continue
            job.partial(f"no answer: {error}")
            return
        turns.delays.append(time.perf_counter() - started)
        job.partial(said(turns))

    def _added(
        self, job: Job, score: Score, added: AddedBars, take: TakeSeed, config: SamplingConfig
    ) -> list[Note]:
        """Return the notes that a model adds to what was played."""
        names = (composer.suited_model(score) for composer in self.composers)
        model = job.model(next((name for name in names if name), FOLK_MODEL))
        composer, primer = composer_for(model, self.composers), heard(score)
        (piece,) = composer.continue_primer(job, model, primer, added, [take], config)
        return [note for note in piece.score.notes if note.onset_ticks >= score.end_tick]


def heard(score: Score) -> Primer:
    """Return what was played as a primer."""
    return Primer(Path("what was played"), score, (), (), repaired=False)


def scaled(notes: Sequence[Note]) -> list[Note]:
    """Return notes in clocks as notes in ticks."""
    return [
        replace(note, onset_ticks=note.onset_ticks * TICKS, length_ticks=note.length_ticks * TICKS)
        for note in notes
    ]


def clocked(note: Note) -> Note:
    """Return a note in ticks as one in clocks, of one clock at least."""
    onset, end = note.onset_ticks // TICKS, (note.onset_ticks + note.length_ticks) // TICKS
    return replace(note, onset_ticks=onset, length_ticks=max(end - onset, 1))


def result(turns: Turns) -> Result:
    """Return all that was played and answered."""
    delays = turns.delays
    return Result(
        outputs={"score": turns.written()},
        take=turns.take.number,
        summary=f"{count(len(delays), 'answer')} of {bar_count(turns.bars)}{latency(delays)}",
        details={
            "answers": len(delays),
            "bars": turns.bars,
            "notes_played": len(turns.played.notes()),
            "notes_answered": len(turns.answers),
            "latency_ms": [round(1000 * delay, 1) for delay in delays],
        },
    )


def said(turns: Turns) -> str:
    """Say that an answer was made, and how long it took."""
    first = turns.played.clock // turns.clocks * turns.bars + 1
    new = sum(one.onset_ticks >= turns.played.clock for one in turns.answers)
    last = first + turns.bars - 1
    return f"bars {first} to {last}: {count(new, 'note')}, after {1000 * turns.delays[-1]:.0f} ms"


def latency(delays: Sequence[float]) -> str:
    """Say how long answers took.

    >>> latency([0.1, 0.2, 0.12])
    '; an answer took 120 ms (median; 95 %: 192)'
    >>> latency([])
    ''
    """
    if not delays:
        return ""
    middle, high = np.quantile(delays, [0.5, 0.95])
    return f"; an answer took {1000 * middle:.0f} ms (median; 95 %: {1000 * high:.0f})"


def count(number: int, thing: str) -> str:
    """Return a number of things in words.

    >>> count(1, "note"), count(3, "note")
    ('1 note', '3 notes')
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"

"""Call and response: as many bars each, in time, from the clock of a MIDI stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from seqstudio_music import CONTINUERS
from seqstudio_music.jam import Jam
from seqstudio_music.jam_input import CLOCK, NOTE_OFF, NOTE_ON, START, Played, messages
from small_music import OneJob, options_of, score_of

from seqstudio.api import Note, Request, Result, TakeSeed
from seqstudio.api.media import Score

BEAT = 24  # clocks


@dataclass
class StreamJob(OneJob):
    """A job whose stream was recorded."""

    blocks: Sequence[bytes] = ()
    shown: list[str] = field(default_factory=list)

    def input_blocks(self) -> Iterator[bytes]:
        yield from self.blocks

    def partial(self, text: str) -> None:
        self.shown.append(text)


def stream(bars: int, silent: Sequence[int] = (), beats: int = 4) -> list[bytes]:
    """Return bars of quarter notes with a clock up to the next bar line; some are silent."""
    blocks = [bytes([START])]
    for clock in range(bars * beats * BEAT + 1):
        beat, rest = divmod(clock, BEAT)
        blocks.append(bytes([CLOCK]))
        pitch = 60 + (0, 4, 7, 5)[beat % 4]
        if beat // beats not in silent and beat < bars * beats:
            if rest == 0:
                blocks.append(bytes([NOTE_ON, pitch, 70]))
            if rest == BEAT - 1:
                blocks.append(bytes([NOTE_OFF, pitch, 0]))
    return blocks


def jam(job: OneJob, blocks: Sequence[bytes], *seeds: int, **options: Any) -> list[Result]:
    takes = tuple(TakeSeed(n, seed) for n, seed in enumerate(seeds or (1,), start=1))
    streaming = StreamJob(job.models, job.folder, blocks=blocks)
    job.logged = streaming.shown
    request = Request(options=options_of("jam", **{"bars": 2} | options), takes=takes)
    return list(Jam(CONTINUERS).run(request, streaming))


def notes_by_bar(score: Score, name: str) -> list[int]:
    (track,) = (one for one in score.tracks if one.name == name)
    bar = score.meters[0].bar_ticks(score.ticks_per_beat)
    found = [note.onset_ticks // bar for note in track.notes]
    return [found.count(number) for number in range(8)]


def test_answers_stand_in_the_bars_after_their_calls(job: OneJob) -> None:
    (result,) = jam(job, stream(8, silent=(2, 3, 6, 7)))
    score = score_of(result)

    assert notes_by_bar(score, "Played") == [4, 4, 0, 0, 4, 4, 0, 0]
    answers = notes_by_bar(score, "Answers")
    assert all(answers[bar] > 0 for bar in (2, 3, 6, 7))
    assert sum(answers) == sum(answers[bar] for bar in (2, 3, 6, 7))
    assert result.details["answers"] == 2
    assert "2 answers of 2 bars; an answer took " in result.summary
    assert [text.partition(":")[0] for text in job.logged] == ["bars 3 to 4", "bars 7 to 8"]
    assert Score.from_bytes(score.to_bytes()).faults == ()


def test_the_same_seed_and_playing_give_the_same_answers(job: OneJob) -> None:
    one, other = jam(job, stream(4), 1, 2)
    (again,) = jam(job, stream(4), 1)

    assert score_of(one) == score_of(again) != score_of(other)
    assert (one.take, other.take) == (1, 2)


def test_how_blocks_are_cut_does_not_matter(job: OneJob) -> None:
    blocks = stream(4)

    assert score_of(jam(job, blocks)[0]) == score_of(jam(job, [b"".join(blocks)])[0])


def test_a_silent_call_has_no_answer_and_one_that_ends_in_silence_has(job: OneJob) -> None:
    (result,) = jam(job, stream(8, silent=(0, 1, 5)))

    answers = notes_by_bar(score_of(result), "Answers")
    assert answers[:6] == [0] * 6
    assert answers[6] > 0
    assert result.details["answers"] == 1


@pytest.mark.parametrize("meter", ["3/4", "6/8"])
def test_bars_have_the_chosen_meter(job: OneJob, meter: str) -> None:
    (result,) = jam(job, stream(4, beats=3), meter=meter)

    assert score_of(result).meters[0].beats == int(meter[0])
    assert all(notes_by_bar(score_of(result), "Answers")[2:4])


def test_a_call_that_does_not_end_is_written_without_an_answer(job: OneJob) -> None:
    (result,) = jam(job, stream(1))

    assert result.details["answers"] == 0
    assert notes_by_bar(score_of(result), "Played")[0] == 4


def test_what_the_chosen_model_cannot_answer_is_said_and_written(job: OneJob) -> None:
    streaming = StreamJob(job.models, job.folder, "music-chorale", blocks=stream(2))
    request = Request(options=options_of("jam", bars=2), takes=(TakeSeed(1, 1),))
    (result,) = Jam(CONTINUERS).run(request, streaming)

    assert "no answer: what was played: 1 parts" in streaming.shown[0]
    assert sum(notes_by_bar(score_of(result), "Played")) == 8


def test_notes_are_counted_in_clocks_whatever_stands_between_them() -> None:
    played = Played()
    block = bytes([START, NOTE_ON, 60, 70, CLOCK, *[CLOCK] * 24, NOTE_ON, 60, 0, 0xF0, 1, 0xF7])
    for message in messages(block + bytes([NOTE_ON, 64, CLOCK, 80])):
        played.take(message)

    assert played.notes() == [Note(0, 60, 24, 70), Note(25, 64, 1, 80)]

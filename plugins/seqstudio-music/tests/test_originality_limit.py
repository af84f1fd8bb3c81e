"""Takes that copy a training set too long are drawn again, and refused if every draw copies."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from seqstudio_music import COMPOSERS, CONTINUERS
from seqstudio_music.composer import Composition
from seqstudio_music.operations import Continue, Generate
from seqstudio_music.originality_limit import DRAWS, OriginalityLimit, original_takes, redraw
from small_music import OneJob, lead_sheet, options_of, score_of
from test_originality import tune

from seqstudio.api import DataError, Request, Result, TakeSeed
from seqstudio.api.media import Score

KNOWN, LIMIT = 20, 12
TAKES = (TakeSeed(1, 1), TakeSeed(2, 2))


@pytest.fixture
def training(tmp_path: Path) -> Path:
    folder = tmp_path / "known"
    folder.mkdir()
    for seed in range(KNOWN):
        tune(seed).write(folder / f"tune-{seed}.mid")
    return folder


def drawn(copies: dict[int, int], *, shift: int = 5) -> Any:
    """Return a way to draw of which some takes copy in their first draws."""
    counts: dict[int, int] = {}

    def draw(takes: Sequence[TakeSeed]) -> Iterator[Composition]:
        for take in takes:
            done = counts.get(take.number, 0)
            counts[take.number] = done + 1
            seed = take.number if done < copies.get(take.number, 0) else KNOWN + take.seed % 999
            yield Composition(tune(seed, shift=shift))

    return lambda takes: list(draw(takes))


def whole(score: Score) -> Score:
    return score


def test_a_copy_is_drawn_again_and_the_result_says_from_where(training: Path) -> None:
    limit = OriginalityLimit(training, LIMIT)
    (one, other), refusal = original_takes(drawn({1: 2}), TAKES, limit, whole)

    assert refusal == ""
    assert len(one.matches) == 3
    assert "redrawn 2 times, first for 40 notes from bar 1, as tune-1.mid from bar 1" in one.text
    assert one.piece.score != tune(1, shift=5)
    assert len(other.matches) == 1
    assert other.text == "; longest match with the training set: no match of 8 notes or more"


def test_a_take_depends_on_its_own_seed_only(training: Path) -> None:
    limit = OriginalityLimit(training, LIMIT)
    both, _ = original_takes(drawn({1: 1, 2: 3}), TAKES, limit, whole)
    alone, _ = original_takes(drawn({2: 3}), TAKES[1:], limit, whole)

    assert both[1] == alone[0]


def test_takes_of_which_every_draw_copies_are_refused_in_a_sentence(training: Path) -> None:
    limit = OriginalityLimit(training, LIMIT)
    kept, refusal = original_takes(drawn({2: DRAWS}), TAKES, limit, whole)

    assert [one.take.number for one in kept] == [1]
    assert refusal == (
        f"take 2: all 4 draws copy {training}, at least 40 notes from bar 1, as tune-2.mid from "
        "bar 1, expected a longest match of at most 12 notes"
    )


def test_without_a_training_set_nothing_is_compared() -> None:
    kept, refusal = original_takes(drawn({1: DRAWS}), TAKES, None, whole)

    assert [one.matches for one in kept] == [(), ()]
    assert refusal == kept[0].text == ""


def results_of(operation: Any, job: OneJob, **given: Any) -> Iterator[Result]:
    options = options_of(operation.name, bars=4, **given.pop("options"))
    return operation.run(Request(options=options, takes=TAKES, **given), job)


@pytest.mark.medium
def test_generate_refuses_what_copies_its_own_takes(job: OneJob, tmp_path: Path) -> None:
    """The training set is what the same seeds compose."""
    job.chosen, generate = "music-folk", Generate(COMPOSERS)
    plain = [score_of(one) for one in results_of(generate, job, options={"raw": True})]
    plain[0].write(tmp_path / "mine.mid")
    limited = {"raw": True, "training": str(tmp_path / "mine.mid"), "longest_match": 7}
    first, second = results_of(generate, job, options=limited)

    assert "redrawn once, first for" in first.summary
    assert "as mine.mid from bar 1" in first.summary
    assert score_of(first) != plain[0]
    assert first.details["originality"]["redrawn"] == 1  # type: ignore[index]
    assert score_of(second) == plain[1]


@pytest.mark.medium
def test_continue_compares_only_the_new_bars(job: OneJob, tmp_path: Path) -> None:
    primer = tmp_path / "primer.mid"
    lead_sheet(beats=32).write(primer)
    options = {"training": str(primer), "longest_match": 7}
    results = list(
        results_of(Continue(CONTINUERS), job, inputs={"primer": (primer,)}, options=options)
    )

    assert all("longest match with the training set" in one.summary for one in results)


@pytest.mark.medium
def test_continue_refuses_a_take_that_copies_and_hands_over_the_others(
    job: OneJob, tmp_path: Path
) -> None:
    """The training set is what the first take would add, in each of its draws."""
    primer, known = tmp_path / "primer.mid", tmp_path / "known"
    known.mkdir()
    score = lead_sheet(beats=32)
    score.write(primer)
    for number in range(DRAWS):
        takes = (redraw(TAKES[0], number),)
        options = options_of("continue", bars=4, only_new=True)
        request = Request(inputs={"primer": (primer,)}, options=options, takes=takes)
        (one,) = Continue(CONTINUERS).run(request, job)
        score_of(one).write(known / f"{number}.mid")
    options = {"training": str(known), "longest_match": 7}
    results = results_of(Continue(CONTINUERS), job, inputs={"primer": (primer,)}, options=options)

    assert next(results).take == 2
    with pytest.raises(DataError, match=r"^take 1: all 4 draws copy .*known, at least .* bar"):
        next(results)


def test_a_training_set_that_is_missing_is_named(job: OneJob, tmp_path: Path) -> None:
    job.chosen = "music-folk"
    missing = {"training": str(tmp_path / "none")}
    with pytest.raises(DataError, match=r"none: not a MIDI file or a folder, expected one"):
        list(results_of(Generate(COMPOSERS), job, options=missing))

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seqstudio.testing.fixtures import RunJob
from seqstudio.testing.headless import HeadlessStudio

PROJECT = Path(__file__).parents[1]
C_MAJOR = [60, 64, 67, 72, 65, 69, 71, 62, 67, 60]


@pytest.mark.medium
@pytest.mark.parametrize(("semitones", "key"), [(0, "C major"), (-3, "A major")])
def test_it_finds_the_key(
    studio: HeadlessStudio,
    run_job: RunJob,
    melody: Callable[..., Path],
    semitones: int,
    key: str,
) -> None:
    studio.install(PROJECT)
    piece = melody([pitch + semitones for pitch in C_MAJOR])
    outcome = run_job("key", "find", {"piece": piece}, formats=("json",))
    rows = json.loads(outcome.text)

    assert len(rows) == 24
    assert rows[0]["key"] == key
    assert rows[0]["fit"] > rows[1]["fit"]


def test_two_pitches_have_no_key(
    studio: HeadlessStudio, run_job: RunJob, melody: Callable[..., Path]
) -> None:
    studio.install(PROJECT)
    outcome = run_job("key", "find", {"piece": melody([60, 67, 60])})

    assert outcome.state == "failed"
    assert outcome.reasons[0].endswith(
        "fewer than 3 different pitches, expected more to tell a key"
    )


@pytest.mark.medium
def test_a_damaged_file_has_a_reason(
    studio: HeadlessStudio, run_job: RunJob, odd_file: Path
) -> None:
    studio.install(PROJECT)
    (reason,) = run_job("key", "find", {"piece": odd_file}).reasons

    assert reason.startswith(str(odd_file))

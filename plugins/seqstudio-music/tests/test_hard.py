"""Hard constraints: exactly the music that meets them can be sampled, and clashes are named."""

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from seqstudio_music.grid import Grid, new_grid
from seqstudio_music.hard_request import HardRequest, read_chords, read_scale, read_span
from seqstudio_music.voices.constraints import VoiceGuide
from seqstudio_music.voices.hard.constraints import Constraints, Start
from seqstudio_music.voices.hard.harmony import ChordAt, Close
from seqstudio_music.voices.hard.requests import rules_of
from seqstudio_music.voices.hard.rules import Density, InRange, InScale, Locked, MostNotes, Rule
from seqstudio_music.voices.hard.space import NotesInBar, Space
from seqstudio_music.voices.tokens import CHORALE, HOLD, LEAD_SHEET, NONE, REST, Layout
from small_music import options_of

from seqstudio.api import ConfigError

C_MAJOR = read_scale("C major")
C, F_SHARP, G7 = (read_chords(text)[0][0] for text in ("C", "F#", "G7"))
SHEET, CHORALES = Layout(LEAD_SHEET), Layout(CHORALE)


def constraints(layout: Layout, grid: Grid, *rules: Rule) -> Constraints:
    voices = len(layout.voices)
    return Constraints(rules, Space.whole(layout, grid), Start(0, (NONE,) * voices, (0,) * voices))


def guide(layout: Layout, grid: Grid, *rules: Rule) -> VoiceGuide:
    hard = constraints(layout, grid, *rules)
    return VoiceGuide(layout, grid.steps, [0], voice_leading=False, hard=[hard])


def walk(layout: Layout, grid: Grid, *rules: Rule, seed: int) -> np.ndarray[Any, Any]:
    """Take one of the allowed tokens at random, to the end."""
    random, own, tokens = Random(seed), guide(layout, grid, *rules), list[int]()
    while not own.finished(0, tokens):
        tokens.append(
            random.choice(own.left_by_constraints(0, tokens).nonzero().flatten().tolist())
        )
    return np.array(tokens).reshape(-1, len(layout.voices))


def melodies(pitches: Sequence[int], chord: int) -> Iterator[list[int]]:
    """Yield all token sequences of three steps of a chord or none, and some pitches or rests."""
    (chords, _), (melody, _) = SHEET.ranges
    first = SHEET.first_tokens
    own = [chords + REST, chords + HOLD, int(first[0]) + chord]
    tunes = [melody + REST, melody + HOLD, *(int(first[1]) + pitch - 21 for pitch in pitches)]
    for steps in product(product(own, tunes), repeat=3):
        yield [token for step in steps for token in step]


@pytest.mark.parametrize(
    "rules",
    [
        (InScale(C_MAJOR, 0, "C major"),),
        (MostNotes(3, 0), InScale(C_MAJOR, 0, "C major")),
        (Density(NotesInBar(1, 2, 2, frozenset({0}))),),
        (Density(NotesInBar(1, 2, 0, frozenset({0}))), MostNotes(4, 0)),
        (ChordAt(C, slice(1, 3), 1), MostNotes(3, 0)),
        (InRange(1, 61, 70, 0, "melody"), Density(NotesInBar(1, 0, 1, frozenset({0})))),
    ],
)
def test_what_can_be_sampled_is_exactly_what_meets_the_rules(rules: tuple[Rule, ...]) -> None:
    grid = new_grid(1, (3, 16))
    own, space = guide(SHEET, grid, *rules), Space.whole(SHEET, grid)
    limits = (InRange(1, 60, 61, 0, "melody"),)
    found = {True: 0, False: 0}
    for tokens in melodies((60, 61), C):
        values, held = SHEET.decode(np.array(tokens).reshape(-1, 2))
        if (np.array(tokens).reshape(-1, 2) == SHEET.starts + HOLD)[values == NONE].any():
            continue  # a hold of nothing is never sampled
        meets = all(rule.holds(space, values, held) for rule in (*rules, *limits))
        steps = range(len(tokens))
        reached = all(own.left_by_constraints(0, tokens[:at])[tokens[at]] for at in steps)
        assert reached == meets
        found[meets] += 1

    assert found[True]
    assert found[False]


@pytest.mark.parametrize("seed", range(3))
def test_a_random_walk_within_the_constraints_meets_all_of_them(seed: int) -> None:
    grid = new_grid(2, (4, 4))
    values = np.full((grid.steps, 4), NONE)
    values[8:12] = (72, 48, 55, 64)
    where = np.zeros(values.shape, dtype=np.bool_)
    where[8:12] = True
    rules = (
        Locked(where, values, np.zeros_like(where)),
        InScale(C_MAJOR, 0, "C major"),
        InRange(0, 60, 76, 0, "soprano"),
        Density(NotesInBar(0, 3, 5, frozenset({0, 1}))),
        ChordAt(G7, slice(16, 20), 2),
        Close(0, 8, "C"),
    )
    hard = constraints(CHORALES, grid, *rules)
    tokens = walk(CHORALES, grid, *rules, seed=seed)
    certificate = hard.certificate(*CHORALES.decode(tokens))

    assert len(certificate) == len(rules)
    assert all(certificate.values())
    assert len(hard.automata) == 2  # from the dominant, and from the subdominant


def test_the_constraints_that_clash_are_named_and_no_others() -> None:
    rules = (
        MostNotes(4, 0),
        InScale(C_MAJOR, 0, "C major"),
        ChordAt(F_SHARP, slice(0, 16), 1),
        InRange(0, 60, 80, 0, "soprano"),
    )
    clash = r"^constraints clash: scale C major; F# in bar 1, expected others$"
    with pytest.raises(ConfigError, match=clash):
        constraints(CHORALES, new_grid(2, (4, 4)), *rules)
    with pytest.raises(ConfigError, match=r"clash: 5 or more notes a bar, expected"):
        constraints(
            SHEET,
            new_grid(1, (1, 4)),
            Density(NotesInBar(1, 5, 0, frozenset({0}))),
            InScale(C_MAJOR, 0, "C major"),
        )


def test_hard_constraints_go_before_all_other_rules() -> None:
    grid = new_grid(1, (4, 4))
    own = guide(CHORALES, grid, InRange(0, 73, 73, 0, "soprano"))
    own.in_key = True
    first = own.allowed(0, [])

    assert first[73 - 20]
    assert torch.equal(first & ~own.left_by_constraints(0, []), torch.zeros_like(first))


def test_requests_become_rules_and_mistakes_are_named() -> None:
    asked = {
        "scale": "D dorian",
        "chords": "Dm7 | G C | .",
        "range": ("melody:C4-79",),
        "most_notes": 5,
        "notes_in_bar": "2-6",
        "close": True,
    }
    request = HardRequest.of(options_of("generate", **asked))
    rules = rules_of(request, SHEET, new_grid(4, (4, 4)), 0, 2)
    texts = [rule.text for rule in rules]

    assert set(request.asked) == set(asked) - {"range"} | {"ranges"}
    assert texts[0] == "scale D dorian"
    assert [text for text in texts if " in bar " in text] == [
        *("Dm7 in bar 1", "G in bar 2", "C in bar 2", "Dm7 in bar 4")
    ]
    assert texts[-4:] == [
        *("melody from 60 to 79", "at most 5 notes at once", "2 to 6 notes a bar", "close in D")
    ]
    assert HardRequest.of(options_of("generate")).asked == ()


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("scale", "H major", "scale='H major', expected a root and one of: major"),
        ("chords", "C X", "chords='X', expected chord symbols"),
        ("range", ("soprano",), "range='soprano', expected one such as soprano:C4-G5"),
        ("range", ("soprano:G5-C4",), "expected the lower pitch first"),
        ("range", ("soprano:Q-C4",), "pitch 'Q', expected one such as C4"),
        ("notes_in_bar", "x", "notes_in_bar='x', expected one such as 3-6"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(
    option: str, value: object, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        HardRequest.of(options_of("generate", **{option: value}))


def test_a_voice_that_the_model_lacks_is_refused() -> None:
    request = HardRequest.of(options_of("generate", range=("alto:60-70",)))
    with pytest.raises(ConfigError, match="voice 'alto', expected one of: chords, melody"):
        rules_of(request, SHEET, new_grid(1, (4, 4)), 0, 0)
    assert read_span("4") == (4, 4)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.note_index import (
    MAX_TICK,
    NO_NOTES,
    NoteIndex,
    selection_after_change,
)
from seqstudio.gui.piano_roll.paint import covered_pixels
from seqstudio.session.note_array import Notes

NOTES = st.lists(
    st.builds(
        Note, st.integers(0, 60), st.integers(58, 64), st.integers(1, 30), st.integers(1, 127)
    ),
    max_size=20,
).map(lambda notes: Notes.of(sorted(notes)))


@given(NOTES, st.integers(0, 90), st.integers(0, 40), st.integers(57, 65), st.integers(0, 5))
def test_a_region_contains_the_notes_that_sound_in_it(
    notes: Notes, first: int, span: int, low: int, keys: int
) -> None:
    wanted = [
        at
        for at, note in enumerate(notes)
        if note.onset_ticks < first + span
        and note.onset_ticks + note.length_ticks > first
        and low <= note.pitch <= low + keys
    ]
    assert NoteIndex(notes).in_region(first, first + span, low, low + keys).tolist() == wanted


@pytest.mark.medium
@given(NOTES, NOTES, NOTES, st.data())
def test_the_selection_follows_a_change(
    start: Notes, removed: Notes, added: Notes, data: st.DataObject
) -> None:
    old, new = Notes.of(sorted([*start, *removed])), Notes.of(sorted([*start, *added]))
    selected = np.array(sorted(data.draw(st.sets(st.integers(0, 40)))), np.int64)
    selected = selected[selected < len(old)]
    after = selection_after_change(old, new, selected)
    assert after.tolist() == sorted(set(after.tolist()))
    kept = [new[at] for at in after]
    for note in set(new) - set(old):
        assert note in kept  # new notes are selected
    for note in set(kept) & set(old):
        if old.count(note) == new.count(note) == 1:
            assert note in [old[at] for at in selected]  # other notes keep their state


def test_a_note_is_found_up_to_its_end_and_the_topmost_first() -> None:
    index = NoteIndex(Notes.of((Note(0, 60, 100), Note(50, 60, 100))))
    assert [index.note_at(tick, 60) for tick in (0, 49, 50, 99, 149, 150)] == [0, 0, 1, 1, 1, -1]
    assert index.note_at(60, 61) == -1


def test_a_move_is_clamped_at_every_edge() -> None:
    index = NoteIndex(Notes.of((Note(30, 3, 10), Note(40, 120, 10))))
    assert index.clamp_move(-100, -12) == (-30, -3)
    assert index.clamp_move(MAX_TICK, 12) == (MAX_TICK - 50, 7)
    assert index.clamp_move(5, 1) == (5, 1)
    assert NO_NOTES.clamp_move(5, 5) == (0, 0)


def test_notes_cover_their_pixels_and_gaps_stay_visible() -> None:
    left = np.array([0.0, 3.0, 3.2, 6.0, -9.0])
    right = np.array([3.0, 3.1, 3.4, 9.0, 2.0])
    rows = np.array([0, 1, 1, 0, 2])
    drawn = [
        "".join("#" if on else "." for on in row) for row in covered_pixels(left, right, rows, 8)
    ]
    assert drawn == ["##....##", "...#....", "#......."]

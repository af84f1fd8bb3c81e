"""A note array behaves as a sorted list of notes, whatever is done to it."""

import json
import zlib
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError, SeqStudioError, SessionError
from seqstudio.session.codec import pack, unpack_edit
from seqstudio.session.edits import AddNotes
from seqstudio.session.note_array import Notes, find_notes, replace_notes

FEW = st.builds(Note, st.integers(0, 3), st.integers(60, 62), st.integers(1, 2))  # often equal
ANY = st.builds(
    Note,
    st.integers(0, 1 << 40),
    st.integers(0, 127),
    st.integers(1, 1 << 40),
    st.integers(1, 127),
    st.integers(0, 15),
)
LISTS = st.lists(FEW | ANY, max_size=12)


@given(LISTS)
def test_notes_are_a_sequence_of_notes(notes: list[Note]) -> None:
    table = Notes.of(notes)

    assert (len(table), [*table], table) == (len(notes), notes, tuple(notes))
    assert table[1:] == tuple(notes[1:])
    assert [table[at] for at in range(-len(notes), len(notes))] == notes * 2
    assert [*table.ordered()] == sorted(notes)
    assert unpack_edit(pack(AddNotes("t", 0, table)), "here") == AddNotes("t", 0, table)


@given(LISTS, LISTS, LISTS)
def test_replacing_notes_equals_editing_a_sorted_list(
    rest: list[Note], removed: list[Note], added: list[Note]
) -> None:
    before = Notes.of(rest + removed).ordered()
    after = replace_notes(before, Notes.of(removed), Notes.of(added))

    assert [*after] == sorted(rest + added)
    assert replace_notes(after, Notes.of(added), Notes.of(removed)) == before


@given(LISTS, LISTS)
def test_a_note_is_found_as_often_as_it_occurs(present: list[Note], wanted: list[Note]) -> None:
    notes, sought = Notes.of(present).ordered(), Notes.of(wanted).ordered()
    found = find_notes(notes, sought).tolist()

    hits = [at for at in found if at >= 0]
    assert len(set(hits)) == len(hits) == (Counter(present) & Counter(wanted)).total()
    assert all(notes[at] == note for at, note in zip(found, sought, strict=True) if at >= 0)


@pytest.mark.parametrize("size", [5, 5000])
def test_removing_a_missing_note_is_an_error(size: int) -> None:
    draw = Random(size)
    notes = Notes.of(sorted(Note(draw.randrange(900), draw.randrange(9), 5) for _ in range(size)))

    for removed in ([Note(1000, 1, 1)], [notes[0]] * (size + 1)):
        with pytest.raises(SessionError, match="no such note at onset"):
            replace_notes(notes, Notes.of(removed), notes[:0])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("pitch", 128, "pitch=128, expected 0 to 127"),
        ("velocity", 0, "velocity=0, expected 1 to 127"),
        ("channel", 16, "channel=16, expected 0 to 15"),
        ("length_ticks", 0, r"note at 7\+0 ticks"),
        ("onset_ticks", -1, r"note at -1\+5 ticks"),
    ],
)
def test_an_invalid_note_in_an_array_is_refused_as_a_single_one_is(
    field: str, value: int, message: str
) -> None:
    notes = Notes.of((Note(7, 60, 5), Note(7, 61, 5)))
    with pytest.raises(DataError, match=message):
        notes.with_field(field, value)


@pytest.mark.parametrize(
    "rows",
    [
        "oops",
        ["<u1 AA=="] * 4,
        ["<u1 AA=="] * 4 + ["<u1 AAA="],
        ["<f8 AA=="] * 5,
        ["<u1 A"] * 5,
        ["<u1"] * 5,
        [5] * 5,
    ],
)
def test_rows_that_were_never_packed_are_refused(rows: object) -> None:
    data = zlib.compress(
        json.dumps({"do": "AddNotes", "take": "t", "track": 0, "notes": rows}).encode()
    )
    with pytest.raises(SeqStudioError, match="here"):
        unpack_edit(data, "here")

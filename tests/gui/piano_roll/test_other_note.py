"""Another note in the place of one, and the table that says which there are."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError, SessionError
from seqstudio.gui.piano_roll.explanation import ExplainedNote, LeanedOn, OtherNote, read_notes
from seqstudio.gui.piano_roll.other_note import Place, Rest
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.media.midi import Score
from seqstudio.session.apply import apply
from seqstudio.session.document import Document, Take
from seqstudio.session.note_array import Notes

TPB = 480
MELODY = [Note(TPB * n, 60 + n, TPB, 70) for n in range(12)]
CHORDS = [Note(4 * TPB * n, pitch, 4 * TPB, 50, 1) for n in range(3) for pitch in (48, 52, 55)]
ROW = {
    "bar": 1,
    "voice": "melody",
    "pitch": "E4",
    "probability": 0.25,
    "rank": 2,
    "alternatives": "D4 0.500; rest 0.125",
    "alternatives_midi": "62; rest",
    "leans_on": "",
    "leans_on_at": "",
    "track": 2,
    "tick": 960,
}


@pytest.fixture
def take() -> Take:
    score = Score.new(ticks_per_beat=TPB).with_new_track(MELODY).with_new_track(CHORDS, channel=1)
    return Take.of(score.to_bytes(), "tune")


def place(take: Take, track: int, tick: int) -> Place:
    note = ExplainedNote(track, tick, "E4", "melody", 0.25, 2, (), ())
    return Place(take, note, TPB // 8)


def after(take: Take, where: Place, other: OtherNote) -> Notes:
    edit = where.edit(other)
    assert edit is not None
    document = replace(Document(), takes=(take,))
    changed, inverse = apply(document, edit)
    assert apply(changed, inverse)[0] == document
    return changed.takes[0].tracks[where.note.track]


def test_another_pitch_is_as_long_and_as_loud(take: Take) -> None:
    found = after(take, place(take, 1, 5 * TPB), OtherNote("C6", 0.1, (84,)))

    assert found == (*MELODY[:5], replace(MELODY[5], pitch=84), *MELODY[6:])


def test_another_chord_replaces_all_notes_of_a_chord(take: Take) -> None:
    found = after(take, place(take, 2, 4 * TPB), OtherNote("G7", 0.1, (43, 47, 50, 53)))

    assert [n.pitch for n in found if n.onset_ticks == 4 * TPB] == [43, 47, 50, 53]
    assert len(found) == 3 + 4 + 3


def test_a_rest_removes_the_note_and_a_hold_lengthens_the_one_before(take: Take) -> None:
    where = place(take, 1, 5 * TPB)
    silent = after(take, where, OtherNote("rest", 0.1, ()))
    held = after(take, where, OtherNote("hold", 0.1, ()))

    assert silent == (*MELODY[:5], *MELODY[6:])
    assert held == (*MELODY[:4], replace(MELODY[4], length_ticks=2 * TPB), *MELODY[6:])
    assert place(take, 1, 0).edit(OtherNote("hold", 0.1, ())) is None  # nothing before it


def test_a_locked_note_stays(take: Take) -> None:
    locked = tuple(Notes.of(MELODY if track == 1 else ()) for track in range(3))

    with pytest.raises(SessionError, match="locked"):
        after(replace(take, locked=locked), place(take, 1, TPB), OtherNote("C6", 0.1, (84,)))


def test_what_begins_by_then_stays_and_the_bars_go_to_the_end_or_to_those_chosen(
    take: Take,
) -> None:
    where, bars = place(take, 1, 6 * TPB), Bars.of(take.score.tempo_map)
    edit = where.edit(OtherNote("C6", 0.1, (84,)))
    assert edit is not None

    assert where.following_bars(bars, None) == (2, 3)
    assert where.following_bars(bars, (1, 2)) == (2, 2)
    assert where.following_bars(bars, (3, 3)) == (2, 3)  # the note is not in these
    rest = Rest(where, edit, bars, (2, 3), "piece")
    assert sorted(rest.kept_places(take)) == ["2:1/2", "2:1/3", "2:2/2", "2:3/2"]


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "notes.json"
    path.write_text(json.dumps([ROW | changes]))
    return path


def test_a_table_is_read_with_its_columns_by_name(tmp_path: Path) -> None:
    leans = {"leans_on": "one: with C; other: with D", "leans_on_at": "2 480; 1 0"}
    (note,) = read_notes(written(tmp_path, **leans))

    assert (note.track, note.tick, note.name, note.rank) == (1, 960, "E4", 2)
    assert note.others == (OtherNote("D4", 0.5, (62,)), OtherNote("rest", 0.125, ()))
    assert note.leans == (LeanedOn(1, 480, "one", "with C"), LeanedOn(0, 0, "other", "with D"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tick": "soon"}, r"notes\.json, row 1\.tick='soon', expected int"),
        ({"alternatives_midi": "62"}, r"notes\.json: .* expected explained notes"),
        ({"alternatives_midi": "62; high"}, r"notes\.json: .*'high', expected explained notes"),
    ],
)
def test_another_table_is_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        read_notes(written(tmp_path, **changes))

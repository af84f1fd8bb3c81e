"""Piano rolls as files: which names mean what, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from seqstudio_music.roll_data import PianoRollImporter, archives, midi_rolls
from seqstudio_music.roll_midi import notes_of_rows, rows_of_midi, rows_of_notes
from seqstudio_music.rolls import RollOptions, RollsTask, perturb, spell
from small_music import TPB, lead_sheet, random_rows, roll_example

from seqstudio.api import ConfigError, DataError, Draws, Ledger, Note
from seqstudio.api.media import Score

IMPORTER = PianoRollImporter()


def save(path: Path, *lengths: int) -> Path:
    np.savez(path, frames=random_rows(sum(lengths), 1), lengths=np.array(lengths))
    return path


def read(source: Path) -> tuple[list[tuple[str, int]], Ledger]:
    ledger = Ledger()
    return [(item.split, item.frames) for item in IMPORTER.read(source, ledger)], ledger


def test_one_split_means_its_set_with_its_siblings(tmp_path: Path) -> None:
    save(tmp_path / "A.train.npz", 3, 4)
    save(tmp_path / "A.dev.npz", 5)
    test = save(tmp_path / "A.test.npz", 6)
    save(tmp_path / "B.train.npz", 7)

    assert sorted(read(test)[0]) == [("test", 6), ("train", 3), ("train", 4), ("valid", 5)]


def test_any_other_name_is_unsplit(tmp_path: Path) -> None:
    save(tmp_path / "mine.train.npz", 2)

    assert read(save(tmp_path / "mine.npz", 5))[0] == [("", 5)]
    assert read(save(tmp_path / "my.own.npz", 4))[0] == [("", 4)]


def test_a_folder_of_one_set_is_read_and_of_several_refused(tmp_path: Path) -> None:
    save(tmp_path / "A.train.npz", 3)
    assert IMPORTER.recognises(tmp_path)
    assert archives(tmp_path) == [("train", tmp_path / "A.train.npz")]
    save(tmp_path / "B.train.npz", 3)
    with pytest.raises(DataError, match=r"2 sets \(A, B\), expected one: name a file"):
        read(tmp_path)


def test_an_empty_piece_is_refused_by_name(tmp_path: Path) -> None:
    found, ledger = read(save(tmp_path / "x.npz", 3, 0))

    assert found == [("", 3)]
    assert ledger.refused == {"x.npz[1]": "0 frames, expected at least 1"}


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"frames": random_rows(2, 1)}, "frames, expected the arrays frames and lengths"),
        ({"frames": np.zeros((2, 87), "u1"), "lengths": [2]}, r"\(2, 87\), expected uint8"),
        ({"frames": np.zeros((2, 88)), "lengths": [2]}, "float64"),
        ({"frames": random_rows(2, 1), "lengths": [3]}, "sum to 3, expected 2 frames"),
        ({"frames": random_rows(2, 1), "lengths": [3, -1]}, "a length of -1"),
        ({"frames": random_rows(2, 1) + 3, "lengths": [2]}, "a value of [34], expected 0 and 1"),
        ({"frames": np.array([{}]), "lengths": [2]}, "expected an .npz archive of piano rolls"),
    ],
)
def test_an_archive_of_something_else_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], told: str
) -> None:
    np.savez(tmp_path / "x.npz", allow_pickle=True, **arrays)
    with pytest.raises(DataError, match=rf"x\.npz: .*{told}"):
        read(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"MThd"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz: .*expected an .npz archive"):
        read(tmp_path / "x.npz")


def test_midi_is_read_as_frames_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    lead_sheet().write(tmp_path / "good.mid")
    (tmp_path / "bad.mid").write_bytes(b"MThd")
    ledger, task = Ledger(), RollsTask()
    examples = list(midi_rolls(tmp_path, ledger))
    kept = task.preflight(examples, task.prepare([], RollOptions()), ledger)

    assert [(item.id, item.frames) for item in kept] == [("good.mid", 16)]
    assert list(ledger.refused) == ["bad.mid"]
    assert kept[0].rows is not None
    assert np.flatnonzero(kept[0].rows[0]).tolist() == [48 - 21, 52 - 21, 55 - 21, 60 - 21]


def test_a_folder_with_a_manifest_gives_splits_and_misses_nothing(tmp_path: Path) -> None:
    lead_sheet().write(tmp_path / "a.mid")
    lines = ["split\tpath\tnotes", "dev\ta.mid\t3", "train\tgone.mid\t3", "train"]
    (tmp_path / "manifest.tsv").write_text("\n".join(lines))
    ledger = Ledger()

    assert [(item.id, item.split) for item in midi_rolls(tmp_path, ledger)] == [("a.mid", "valid")]
    assert sorted(ledger.refused) == ["gone.mid", "manifest.tsv:4"]


def test_a_score_without_notes_is_refused(tmp_path: Path) -> None:
    Score.new().write(tmp_path / "empty.mid")
    with pytest.raises(DataError, match=r"empty\.mid: 0 notes, expected at least 1"):
        rows_of_midi(tmp_path / "empty.mid", 2)


def test_notes_and_frames_tell_the_same() -> None:
    rows = random_rows(25, 9)
    notes = notes_of_rows(rows, TPB / 2, end_tick=25 * TPB // 2)

    assert np.array_equal(
        rows_of_notes(notes, TPB / 2), rows[: int(np.flatnonzero(rows.sum(axis=1))[-1]) + 1]
    )


def test_short_and_far_notes_still_sound() -> None:
    rows = rows_of_notes([Note(0, 127, 1), Note(480, 0, 10)], 240)

    assert np.argwhere(rows).tolist() == [[0, 115 - 12 - 21 + 0], [2, 24 - 21]]


def test_training_transposes_within_the_keyboard() -> None:
    task = RollsTask()
    preparation = task.prepare([], RollOptions())
    rows = np.zeros((4, 88), dtype=np.uint8)
    rows[:, [2, 87]] = 1
    seen = set()
    for epoch in range(40):
        moved, start = perturb(rows, preparation.settings, Draws(0, epoch).generator("x"))
        seen.add(tuple(np.flatnonzero(moved[0]).tolist()))
        assert start == 0

    assert seen == {(0, 85), (1, 86), (2, 87)}


def test_a_crop_inside_a_piece_has_a_lead_without_loss() -> None:
    task = RollsTask()
    preparation = task.prepare([], RollOptions(crop=20, lead=5))
    example = roll_example(random_rows(50, 3))
    kinds = set()
    for epoch in range(30):
        batch = task.collate([example], preparation, Draws(0, epoch))
        assert batch.lengths.tolist() == [20]
        kinds.add(int(batch.counted.sum()))

    assert kinds == {15, 20}


def test_the_same_draw_perturbs_alike() -> None:
    task = RollsTask()
    preparation = task.prepare([], RollOptions(crop=20))
    examples = [roll_example(random_rows(50, n), str(n)) for n in range(3)]
    alone = task.collate(examples[1:2], preparation, Draws(3, 4))
    among = task.collate(examples, preparation, Draws(3, 4))

    widest = alone.tokens.shape[2]
    assert np.array_equal(alone.tokens[0], among.tokens[1, :, :widest])


def test_frames_are_spelled_from_low_to_high() -> None:
    rows = np.zeros((2, 88), dtype=np.uint8)
    rows[0, [40, 7]] = 1

    assert spell([rows])[0].tolist() == [[[7, 40, 88], [88, -1, -1]]]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"hidden": 0}, "hidden=0, expected at least 1"),
        ({"crop": 8}, "crop=8, expected 0, or more than lead=8"),
        ({"lowest_shift": 7}, "lowest_shift=7, expected at most highest_shift=6"),
    ],
)
def test_a_bad_option_is_named(changed: dict[str, int], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        RollOptions(**changed)

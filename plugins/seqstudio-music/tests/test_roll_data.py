"""Piano rolls in files: the meaning of file names, what is refused, and augmentation."""

from pathlib import Path

import numpy as np
import pytest
from seqstudio_music.rolls.data import PianoRollImporter, find_archives, midi_examples
from seqstudio_music.rolls.midi import notes_to_roll, read_roll, roll_to_notes
from seqstudio_music.rolls.settings import RollOptions
from seqstudio_music.rolls.task import RollsTask, augment_roll
from seqstudio_music.rolls.tokens import encode_rolls
from small_music import TPB, lead_sheet, random_roll, roll_example

from seqstudio.api import ConfigError, DataError, Draws, Ledger, Note
from seqstudio.api.media import Score

IMPORTER = PianoRollImporter()


def save(path: Path, *lengths: int) -> Path:
    np.savez(path, frames=random_roll(sum(lengths), 1), lengths=np.array(lengths))
    return path


def read(source: Path) -> tuple[list[tuple[str, int]], Ledger]:
    ledger = Ledger()
    return [(item.split, item.frames) for item in IMPORTER.read(source, ledger)], ledger


def test_the_file_of_one_split_stands_for_its_whole_set(tmp_path: Path) -> None:
    save(tmp_path / "A.train.npz", 3, 4)
    save(tmp_path / "A.dev.npz", 5)
    test = save(tmp_path / "A.test.npz", 6)
    save(tmp_path / "B.train.npz", 7)

    assert sorted(read(test)[0]) == [("test", 6), ("train", 3), ("train", 4), ("valid", 5)]


def test_a_file_of_any_other_name_has_no_split(tmp_path: Path) -> None:
    save(tmp_path / "mine.train.npz", 2)

    assert read(save(tmp_path / "mine.npz", 5))[0] == [("", 5)]
    assert read(save(tmp_path / "my.own.npz", 4))[0] == [("", 4)]


def test_a_folder_with_one_set_is_read_and_with_several_refused(tmp_path: Path) -> None:
    save(tmp_path / "A.train.npz", 3)
    assert IMPORTER.recognises(tmp_path)
    assert find_archives(tmp_path) == [("train", tmp_path / "A.train.npz")]
    save(tmp_path / "B.train.npz", 3)
    with pytest.raises(DataError, match=r"2 sets \(A, B\), expected one: name a file"):
        read(tmp_path)


def test_an_empty_piece_is_refused_by_name(tmp_path: Path) -> None:
    found, ledger = read(save(tmp_path / "x.npz", 3, 0))

    assert found == [("", 3)]
    assert ledger.refused == {"x.npz[1]": "0 frames, expected at least 1"}


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"frames": random_roll(2, 1)}, "frames, expected the arrays frames and lengths"),
        ({"frames": np.zeros((2, 87), "u1"), "lengths": [2]}, r"\(2, 87\), expected uint8"),
        ({"frames": np.zeros((2, 88)), "lengths": [2]}, "float64"),
        ({"frames": random_roll(2, 1), "lengths": [3]}, "sum to 3, expected 2 frames"),
        ({"frames": random_roll(2, 1), "lengths": [3, -1]}, "a length of -1"),
        ({"frames": random_roll(2, 1) + 3, "lengths": [2]}, "a value of [34], expected 0 and 1"),
        ({"frames": np.array([{}]), "lengths": [2]}, "expected an .npz archive of piano rolls"),
    ],
)
def test_an_archive_with_other_arrays_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], expected: str
) -> None:
    np.savez(tmp_path / "x.npz", allow_pickle=True, **arrays)
    with pytest.raises(DataError, match=rf"x\.npz: .*{expected}"):
        read(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"MThd"])
def test_a_file_that_is_not_an_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz: .*expected an .npz archive"):
        read(tmp_path / "x.npz")


def test_midi_is_read_as_frames_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    lead_sheet().write(tmp_path / "good.mid")
    (tmp_path / "bad.mid").write_bytes(b"MThd")
    ledger, task = Ledger(), RollsTask()
    examples = list(midi_examples(tmp_path, ledger))
    kept = task.preflight(examples, task.prepare([], RollOptions()), ledger)

    assert [(item.id, item.frames) for item in kept] == [("good.mid", 16)]
    assert list(ledger.refused) == ["bad.mid"]
    assert kept[0].roll is not None
    assert np.flatnonzero(kept[0].roll[0]).tolist() == [48 - 21, 52 - 21, 55 - 21, 60 - 21]


def test_a_manifest_sets_splits_and_missing_files_are_refused(tmp_path: Path) -> None:
    lead_sheet().write(tmp_path / "a.mid")
    lines = ["split\tpath\tnotes", "dev\ta.mid\t3", "train\tgone.mid\t3", "train"]
    (tmp_path / "manifest.tsv").write_text("\n".join(lines))
    ledger = Ledger()

    assert [(item.id, item.split) for item in midi_examples(tmp_path, ledger)] == [
        ("a.mid", "valid")
    ]
    assert sorted(ledger.refused) == ["gone.mid", "manifest.tsv:4"]


def test_a_score_without_notes_is_refused(tmp_path: Path) -> None:
    Score.new().write(tmp_path / "empty.mid")
    with pytest.raises(DataError, match=r"empty\.mid: 0 notes, expected at least 1"):
        read_roll(tmp_path / "empty.mid", 2)


def test_notes_convert_back_to_the_same_frames() -> None:
    roll = random_roll(25, 9)
    notes = roll_to_notes(roll, TPB / 2, end_tick=25 * TPB // 2)

    assert np.array_equal(
        notes_to_roll(notes, TPB / 2), roll[: int(np.flatnonzero(roll.sum(axis=1))[-1]) + 1]
    )


def test_short_notes_and_notes_off_the_keyboard_are_kept() -> None:
    roll = notes_to_roll([Note(0, 127, 1), Note(480, 0, 10)], 240)

    assert np.argwhere(roll).tolist() == [[0, 115 - 12 - 21 + 0], [2, 24 - 21]]


def test_training_transposes_within_the_keyboard() -> None:
    task = RollsTask()
    preparation = task.prepare([], RollOptions())
    roll = np.zeros((4, 88), dtype=np.uint8)
    roll[:, [2, 87]] = 1
    seen = set()
    for epoch in range(40):
        moved, start = augment_roll(roll, preparation.settings, Draws(0, epoch).generator("x"))
        seen.add(tuple(np.flatnonzero(moved[0]).tolist()))
        assert start == 0

    assert seen == {(0, 85), (1, 86), (2, 87)}


def test_the_lead_of_a_crop_inside_a_piece_carries_no_loss() -> None:
    task = RollsTask()
    preparation = task.prepare([], RollOptions(crop=20, lead=5))
    example = roll_example(random_roll(50, 3))
    kinds = set()
    for epoch in range(30):
        batch = task.collate([example], preparation, Draws(0, epoch))
        assert batch.lengths.tolist() == [20]
        kinds.add(int(batch.counted.sum()))

    assert kinds == {15, 20}


def test_augmentation_does_not_depend_on_the_other_pieces_of_a_batch() -> None:
    task = RollsTask()
    preparation = task.prepare([], RollOptions(crop=20))
    examples = [roll_example(random_roll(50, n), str(n)) for n in range(3)]
    alone = task.collate(examples[1:2], preparation, Draws(3, 4))
    among = task.collate(examples, preparation, Draws(3, 4))

    widest = alone.tokens.shape[2]
    assert np.array_equal(alone.tokens[0], among.tokens[1, :, :widest])


def test_a_frame_is_encoded_from_low_to_high() -> None:
    roll = np.zeros((2, 88), dtype=np.uint8)
    roll[0, [40, 7]] = 1

    assert encode_rolls([roll])[0].tolist() == [[[7, 40, 88], [88, -1, -1]]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"hidden": 0}, "hidden=0, expected at least 1"),
        ({"crop": 8}, "crop=8, expected 0, or more than lead=8"),
        ({"lowest_shift": 7}, "lowest_shift=7, expected at most highest_shift=6"),
    ],
)
def test_an_invalid_option_is_named(changed: dict[str, int], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        RollOptions(**changed)

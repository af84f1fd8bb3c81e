"""The kind of music in a folder, and the preset that a training on it takes."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from seqstudio_music.drums.task import DrumsTask
from seqstudio_music.kinds import CHORALE, DRUMS, LEAD_SHEET, OTHER, Kind, look_at
from seqstudio_music.voices.data import VoiceExample
from seqstudio_music.voices.settings import VoiceOptions
from seqstudio_music.voices.task import VoicesTask
from small_music import TPB, chorale_example, four_parts, lead_sheet, piano

from seqstudio.api import ChoosesPreset, DataError, Ledger, Note, SuitedPreset
from seqstudio.api.media import Score


def with_drums(score: Score) -> Score:
    """Add a kick in every quarter note."""
    kicks = [Note(TPB * beat, 36, 60, 100, 9) for beat in range(8)]
    return score.with_new_track(kicks, name="Kit", channel=9)


PIECES: Mapping[str, Score] = {
    "chorale": four_parts(),
    "tune": lead_sheet(),
    "drums": with_drums(Score.new(ticks_per_beat=TPB)),
    "piano": piano(),
    "band": with_drums(piano()),
}


def suited(task: VoicesTask | DrumsTask, folder: Path, **pieces: int) -> SuitedPreset:
    """Write so many of each piece, and return what suits them."""
    folder.mkdir(exist_ok=True)
    for name, count in pieces.items():
        for number in range(count):
            PIECES[name].write(folder / f"{name}{number}.mid")
    return task.suited_preset(list(task.read(folder, Ledger())))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("chorale", (CHORALE,)),
        ("tune", (LEAD_SHEET,)),
        ("drums", (DRUMS,)),
        ("piano", (OTHER,)),
        ("band", (OTHER, DRUMS)),
    ],
)
def test_a_piece_has_the_kind_of_its_parts_and_drums(name: str, kinds: tuple[Kind, ...]) -> None:
    assert look_at(name, PIECES[name]).kinds == kinds


def test_what_most_pieces_are_decides(tmp_path: Path) -> None:
    task = VoicesTask()
    assert isinstance(task, ChoosesPreset)

    few = suited(task, tmp_path / "few", chorale=1, tune=3, piano=5)
    assert few == SuitedPreset(
        "folk", "3 of 9 pieces looked at have a melody, alone or with chords"
    )
    many = suited(task, tmp_path / "few", chorale=4)
    assert many == SuitedPreset("chorale", "4 of 12 pieces looked at have four voices")
    band = suited(DrumsTask(), tmp_path / "band", band=1, piano=1)
    assert band == SuitedPreset("groove", "1 of 2 pieces looked at have drums on channel 10")


def test_chorales_of_json_are_chorales() -> None:
    examples = [chorale_example(16, seed, str(seed)) for seed in range(2)]
    assert VoicesTask().suited_preset(examples).name == "chorale"


def test_of_a_large_set_a_part_is_looked_at(tmp_path: Path) -> None:
    lead_sheet().write(tmp_path / "tune.mid")
    (one,) = VoicesTask().read(tmp_path, Ledger())
    assert isinstance(one, VoiceExample)
    assert VoicesTask().suited_preset([one] * 250).reason.startswith("84 of 84 pieces looked at")


@pytest.mark.parametrize(
    ("task", "name", "text"),
    [
        (
            VoicesTask(),
            "drums",
            r"^0 of 2 pieces looked at have four voices or a melody, alone or with chords, "
            r"expected some \(first drums0.mid: 0 parts with notes, with drums\); "
            r"2 have drums on channel 10: seqstudio train music.drums DATA --preset groove$",
        ),
        (
            VoicesTask(),
            "piano",
            r"\(first piano0.mid: 2 parts with 3.0, 3.0 notes per onset, without drums\); "
            r"2 have other parts, such as a piano's: seqstudio train music.rolls DATA$",
        ),
        (DrumsTask(), "tune", r"seqstudio train music.voices DATA --preset folk$"),
        (DrumsTask(), "chorale", r"seqstudio train music.voices DATA --preset chorale$"),
    ],
)
def test_other_music_is_sent_to_its_task(
    tmp_path: Path, task: VoicesTask | DrumsTask, name: str, text: str
) -> None:
    with pytest.raises(DataError, match=text):
        suited(task, tmp_path, **{name: 2})


def test_files_that_cannot_be_read_are_the_reason(tmp_path: Path) -> None:
    (tmp_path / "damaged.mid").write_bytes(b"MThd")
    with pytest.raises(DataError, match=r"^0 of 1 pieces .* \(first damaged.mid: .*\)$"):
        suited(DrumsTask(), tmp_path)


def test_a_preset_of_other_voices_is_refused_with_the_first_reason_and_the_one_that_suits(
    tmp_path: Path,
) -> None:
    lead_sheet().write(tmp_path / "tune.mid")
    shutil.copy(tmp_path / "tune.mid", tmp_path / "a.mid")
    examples = list(VoicesTask().read(tmp_path, Ledger()))
    text = (
        r"^0 of 2 pieces of layout chorale, expected at least 1 \(first a.mid: 2 parts with "
        r"1.0, 3.0 notes per onset, expected four parts of one voice each\); 2 have a "
        r"melody, alone or with chords: seqstudio train music.voices DATA --preset folk$"
    )
    with pytest.raises(DataError, match=text):
        VoicesTask().prepare(examples, VoiceOptions())

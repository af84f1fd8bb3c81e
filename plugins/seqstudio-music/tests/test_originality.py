"""The longest match with a training set, whatever the key and tempo."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from seqstudio_music.measure.originality import MatchIndex, melodies
from seqstudio_music.measure.originality_operation import Originality
from small_music import OneJob

from seqstudio.api import DataError, Note, Request
from seqstudio.api.media import Score


def tune(seed: int, *, notes: int = 40, tpb: int = 480, shift: int = 0) -> Score:
    """Return a random melody of quavers and quarter notes."""
    random, at, found = Random(seed), 0, []
    for _ in range(notes):
        length = tpb // random.choice((1, 2))
        found.append(Note(at, 60 + shift + random.randrange(12), length))
        at += length
    return Score.new(ticks_per_beat=tpb).with_new_track(found)


def spliced(theirs: Score, own: Score, first: int, count: int) -> Score:
    """Return `own` with `count` notes of `theirs` at its end."""
    copied = theirs.tracks[1].notes[first : first + count]
    shift = own.end_tick - copied[0].onset_ticks
    moved = [Note(n.onset_ticks + shift, n.pitch + 3, n.length_ticks) for n in copied]
    return own.with_track_notes(1, [*own.tracks[1].notes, *moved])


def test_a_copy_is_found_in_any_key_and_tempo_with_its_place() -> None:
    known = [tune(seed) for seed in range(5)]
    index = MatchIndex(
        melody for n, score in enumerate(known) for melody in melodies(score, f"tune {n}")
    )
    slow = tune(3, tpb=960, shift=5)
    found = index.longest(melodies(slow, "mine"))

    assert (found.notes, found.piece, found.bar, found.piece_bar) == (40, "tune 3", 1, 1)
    assert found.copied == 1.0


def test_a_copied_passage_is_measured_in_notes_and_as_a_share() -> None:
    theirs, own = tune(1), tune(100, notes=20)
    index = MatchIndex(melodies(theirs, "theirs"))
    found = index.longest(melodies(spliced(theirs, own, 10, 20), "mine"))

    assert 20 <= found.notes <= 22
    assert found.bar == max(n for n, start in enumerate(own.bars, 1) if start <= own.end_tick)
    assert found.copied == pytest.approx(0.5, abs=0.06)


def test_different_tunes_have_no_match() -> None:
    index = MatchIndex(melodies(tune(1), "theirs"))

    assert index.longest(melodies(tune(2), "mine")).notes == 0
    assert MatchIndex([]).longest(melodies(tune(2), "mine")).notes == 0


def compared(job: OneJob, *paths: Path, training: Path | None, split: str = "train") -> Any:
    options = {"training": training and str(training), "split": split}
    return next(Originality().run(Request(inputs={"pieces": paths}, options=options), job))


def test_pieces_are_compared_with_a_folder_and_with_chorales(
    job: OneJob, tmp_path: Path, write: Callable[..., Path]
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write(tune(1), "set/known.mid")
    path, bad = write(tune(1), "mine.mid"), tmp_path / "bad.mid"
    bad.write_bytes(b"no")
    result = compared(job, path, bad, training=folder)

    assert result.details["pieces"][str(path)]["notes"] == 40
    assert "mine.mid: 40 notes from bar 1, as known.mid from bar 1" in result.summary
    assert list(result.details["refused"]) == [str(bad)]

    steps = [[60 + 7 * n % 12, -1, -1, -1] for n in range(30)]
    chorales = tmp_path / "set.json"
    chorales.write_text(json.dumps({"train": [steps], "valid": [steps[:1]]}))
    notes = [Note(120 * n, 72 + 7 * n % 12, 120) for n in range(30)]
    copy = write(Score.new().with_new_track(notes), "copy.mid")
    found = compared(job, copy, training=chorales).details["pieces"][str(copy)]
    assert found["notes"] == 30


def test_a_training_set_without_pieces_is_named(job: OneJob, tmp_path: Path) -> None:
    (tmp_path / "manifest.tsv").write_text("split\tpath\n")
    with pytest.raises(DataError, match="no pieces of split 'train'"):
        compared(job, tmp_path / "a.mid", training=tmp_path)

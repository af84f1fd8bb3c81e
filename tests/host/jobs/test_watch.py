"""Files that come to watched folders: taken once they grow no more, and again when they change."""

from pathlib import Path

import pytest

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.errors import JobError
from seqstudio.host.jobs.watch import SETTLED_S, FolderWatch

SOUND = Port(name="audio", kind="audio", many=True)


def watch(folder: Path, *, ours: Path | None = None, recursive: bool = False) -> FolderWatch:
    entry = OperationEntry(name="transcribe", title="T", runs="batch", inputs=(SOUND,))
    return FolderWatch(entry, {"audio": (folder,)}, recursive, lambda path: path == ours)


def test_a_file_is_taken_once_when_it_has_not_changed_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"whole")
    (tmp_path / "notes.txt").write_text("no sound")
    watched = watch(tmp_path)

    assert watched.ready(0.0) == ()
    assert watched.ready(SETTLED_S) == (tmp_path / "a.wav",)
    assert watched.ready(2 * SETTLED_S) == ()


def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    watched = watch(tmp_path)
    for second in range(0, 60, 5):
        with (tmp_path / "long.wav").open("ab") as file:
            file.write(b"more")
        assert watched.ready(float(second)) == ()

    assert watched.ready(55.0 + SETTLED_S) == (tmp_path / "long.wav",)


def test_a_file_that_changed_is_taken_again_and_one_that_is_gone_is_forgotten(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    watched = watch(tmp_path)
    watched.ready(0.0)
    second.unlink()

    assert watched.ready(SETTLED_S) == (first,)
    first.write_bytes(b"longer")
    assert watched.ready(SETTLED_S + 1) == ()
    assert watched.ready(2 * SETTLED_S + 1) == (first,)


def test_results_in_a_watched_folder_are_not_inputs(tmp_path: Path) -> None:
    (tmp_path / "made.wav").write_bytes(b"by us")
    watched = watch(tmp_path, ours=tmp_path / "made.wav")
    watched.ready(0.0)

    assert watched.ready(SETTLED_S) == ()


def test_a_folder_may_vanish_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    watched = watch(folder)
    folder.rmdir()
    assert watched.ready(0.0) == ()
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a.wav").write_bytes(b"1")
    assert watched.ready(1.0) == ()
    assert watched.ready(1.0 + SETTLED_S) == ()

    deep = watch(folder, recursive=True)
    deep.ready(0.0)
    assert deep.ready(SETTLED_S) == (folder / "below" / "a.wav",)


def test_only_folders_are_watched(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"a\.wav: not a folder, expected one to watch"):
        watch(tmp_path / "a.wav")

"""Moved clips are found by their content, and collected into one folder."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.errors import SessionError
from seqstudio.session.document import Clip, Document, kind_of
from seqstudio.session.edits import AddClip
from seqstudio.session.relink import (
    PAGE_MARK,
    collect,
    find_beside,
    find_moved_clips,
    missing_clips,
    relink,
)
from seqstudio.session.session import Session


@pytest.fixture
def session(path: Path, tmp_path: Path) -> Session:
    """A session with two recordings of the same name, from different folders."""
    opened = Session.create(path)
    for folder in ("monday", "tuesday"):
        file = tmp_path / folder / "take.wav"
        file.parent.mkdir()
        file.write_text(folder)
        opened.do(AddClip(Clip.of(file)))
    return opened


def test_a_moved_and_renamed_file_is_found_by_its_hash(session: Session, tmp_path: Path) -> None:
    monday, tuesday = session.document.clips
    moved = tmp_path / "archive" / "deep" / "1.wav"
    moved.parent.mkdir(parents=True)
    monday.path.rename(moved)
    moved.with_name("0.wav").write_text("sunday")  # same size, other content
    missing = missing_clips(session.document)
    found = find_moved_clips(missing, tmp_path / "archive")
    session.do(relink(found))

    assert (missing, found) == ((monday,), {monday.id: moved})
    assert missing_clips(session.document) == ()
    assert session.document.clip(tuesday.id) == tuesday
    assert session.go_to(session.steps - 1).clip(monday.id) == monday


def test_clips_that_are_nowhere_stay_missing(session: Session, tmp_path: Path) -> None:
    for clip in session.document.clips:
        clip.path.write_text("something else")

    assert find_moved_clips(missing_clips(session.document), tmp_path) == {}


def test_collected_files_are_copies_with_distinct_names(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "work files"
    before = session.document
    session.do(collect(before, folder))
    monday, tuesday = session.document.clips

    assert monday.path == folder / "take.wav"
    assert tuesday.path == folder / f"take-{tuesday.sha256[:12]}.wav"
    assert [clip.path.read_text() for clip in (monday, tuesday)] == ["monday", "tuesday"]
    assert sorted(folder.iterdir()) == sorted([monday.path, tuesday.path])
    assert collect(session.document, folder).edits == ()
    assert session.go_to(session.steps - 1) == before
    assert all(clip.path.exists() for clip in before.clips)


def test_a_file_that_changed_is_not_collected(session: Session, tmp_path: Path) -> None:
    session.document.clips[0].path.write_text("friday")

    with pytest.raises(SessionError, match=r"monday/take\.wav: changed since it was added"):
        collect(session.document, tmp_path / "files")
    assert list((tmp_path / "files").iterdir()) == []


def test_a_missing_file_stays_missing_and_the_others_are_collected(
    session: Session, tmp_path: Path
) -> None:
    monday, tuesday = session.document.clips
    tuesday.path.unlink()
    session.do(collect(session.document, tmp_path / "files"))

    assert session.document.clip(monday.id).path == tmp_path / "files" / "take.wav"
    assert missing_clips(session.document) == (tuesday,)


def test_the_page_of_a_text_is_collected_with_it(path: Path, tmp_path: Path) -> None:
    page = PAGE_MARK + b"<b>red</b>"
    for name, beside in (("red", page), ("blue", b"<p>a page of the user's</p>")):
        (tmp_path / f"{name}.txt").write_text(name)
        (tmp_path / f"{name}.html").write_bytes(beside)
    with Session.create(path) as opened:
        for name in ("red", "blue"):
            opened.do(AddClip(Clip.of(tmp_path / f"{name}.txt")))
        opened.do(collect(opened.document, tmp_path / "files"))

    names = sorted(file.name for file in (tmp_path / "files").iterdir())
    assert names == ["blue.txt", "red.html", "red.txt"]
    assert (tmp_path / "files" / "red.html").read_bytes() == page


@pytest.fixture
def album(session: Session, path: Path, tmp_path: Path) -> Path:
    """A folder with a session and its collected files; it was moved, and the originals are gone."""
    made = tmp_path / "album"
    made.mkdir()
    for name in ("monday", "tuesday"):
        (tmp_path / name).rename(made / name)
    session.close()
    path.rename(made / "songs.seqstudio")
    with Session.open(made / "songs.seqstudio") as opened:
        opened.do(collect(opened.document, made / "songs files"))
    for name in ("monday", "tuesday"):
        shutil.rmtree(made / name)
    (tmp_path / "elsewhere").mkdir()
    return made.rename(tmp_path / "elsewhere" / "new name")


def test_a_folder_that_is_moved_opens_with_its_files(album: Path) -> None:
    with Session.open(album / "songs.seqstudio") as moved:
        assert missing_clips(moved.document) == ()
        contents = {clip.path.read_text(): clip.path for clip in moved.document.clips}
        assert contents["monday"] == album / "songs files" / "take.wav"
        assert contents["tuesday"].parent == album / "songs files"
        assert [title for _, title in moved.titles][-1] == "Collect files"


def test_where_the_files_are_now_is_kept_without_a_step(album: Path) -> None:
    with Session.open(album / "songs.seqstudio") as moved:
        steps, titles = moved.steps, moved.titles
        moved.go_to(1)
        assert missing_clips(moved.go_to(steps)) == ()
        assert (moved.steps, moved.titles) == (steps, titles)
    copies = album / "songs files"
    copies.rename(album / "aside")
    with Session.open(album / "songs.seqstudio") as again:
        assert {clip.path.parent for clip in again.document.clips} == {copies}


def test_another_file_of_the_name_is_not_taken_for_one_that_was_moved(album: Path) -> None:
    (album / "songs files" / "take.wav").write_text("friday")
    with Session.open(album / "songs.seqstudio") as moved:
        missing = missing_clips(moved.document)
        found = {clip.path for clip in moved.document.clips} - {clip.path for clip in missing}
        assert [path.read_text() for path in found] == ["tuesday"]
    assert len(missing) == 1


def test_paths_of_another_system_are_found_beside_the_session(tmp_path: Path) -> None:
    file = tmp_path / "tape" / "a.wav"
    file.parent.mkdir()
    file.write_text("a")
    clip = replace(Clip.of(file), path=Path("C:\\Users\\Ann\\tape\\a.wav"))

    assert find_beside(Document(clips=(clip,)), tmp_path) == {clip.id: file}


@pytest.mark.parametrize(
    ("name", "kind"), [("a.FLAC", "audio"), ("a.mid", "midi"), ("a.json", "transcript")]
)
def test_the_suffix_determines_the_kind_of_a_file(name: str, kind: str) -> None:
    assert kind_of(Path(name)) == kind


def test_a_file_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SessionError, match=r"a\.docx: suffix '\.docx', expected one of: \.wav"):
        kind_of(Path("a.docx"))

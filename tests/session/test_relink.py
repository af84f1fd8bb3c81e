"""Moved clips are found by their content, and collected into one folder."""

from pathlib import Path

import pytest

from seqstudio.errors import SessionError
from seqstudio.session.document import Clip, kind_of
from seqstudio.session.edits import AddClip
from seqstudio.session.relink import collect, find_moved_clips, missing_clips, relink
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


def test_a_missing_clip_is_named(session: Session, tmp_path: Path) -> None:
    session.document.clips[1].path.unlink()

    with pytest.raises(SessionError, match=r"tuesday/take\.wav: No such file"):
        collect(session.document, tmp_path / "files")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.FLAC", "audio"), ("a.mid", "midi"), ("a.json", "transcript")]
)
def test_the_suffix_determines_the_kind_of_a_file(name: str, kind: str) -> None:
    assert kind_of(Path(name)) == kind


def test_a_file_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SessionError, match=r"a\.docx: suffix '\.docx', expected one of: \.wav"):
        kind_of(Path("a.docx"))

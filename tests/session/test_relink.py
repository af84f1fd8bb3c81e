"""Clips are found again by what is in them, and collected into one folder."""

from pathlib import Path

import pytest

from seqstudio.errors import SessionError
from seqstudio.session.document import Clip, kind_of
from seqstudio.session.operations import AddClip
from seqstudio.session.relink import collect, find_clips, lost_clips, relink
from seqstudio.session.session import Session


@pytest.fixture
def session(path: Path, tmp_path: Path) -> Session:
    """Hold two recordings of one name, from different folders."""
    opened = Session.create(path)
    for folder in ("monday", "tuesday"):
        file = tmp_path / folder / "take.wav"
        file.parent.mkdir()
        file.write_text(folder)
        opened.do(AddClip(Clip.of(file)))
    return opened


def test_a_moved_and_renamed_file_is_found_by_its_hash(session: Session, tmp_path: Path) -> None:
    monday, tuesday = session.document.clips
    place = tmp_path / "archive" / "deep" / "1.wav"
    place.parent.mkdir(parents=True)
    monday.path.rename(place)
    place.with_name("0.wav").write_text("sunday")  # as long, and not the same
    lost = lost_clips(session.document)
    found = find_clips(lost, tmp_path / "archive")
    session.do(relink(found))

    assert (lost, found) == ((monday,), {monday.id: place})
    assert lost_clips(session.document) == ()
    assert session.document.clip(tuesday.id) == tuesday
    assert session.undo().clip(monday.id) == monday


def test_clips_that_are_nowhere_stay_lost(session: Session, tmp_path: Path) -> None:
    for clip in session.document.clips:
        clip.path.write_text("something else")

    assert find_clips(lost_clips(session.document), tmp_path) == {}


def test_collected_files_are_copies_with_names_of_their_own(
    session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "work files"
    before = session.document
    session.do(collect(before, folder))
    monday, tuesday = session.document.clips

    assert monday.path == folder / "take.wav"
    assert tuesday.path == folder / f"take-{tuesday.sha256[:12]}.wav"
    assert [clip.path.read_text() for clip in (monday, tuesday)] == ["monday", "tuesday"]
    assert sorted(folder.iterdir()) == sorted([monday.path, tuesday.path])
    assert collect(session.document, folder).operations == ()
    assert session.undo() == before
    assert all(clip.path.exists() for clip in before.clips)


def test_a_file_that_changed_is_not_collected(session: Session, tmp_path: Path) -> None:
    session.document.clips[0].path.write_text("friday")

    with pytest.raises(SessionError, match=r"monday/take\.wav: changed since it was added"):
        collect(session.document, tmp_path / "files")
    assert list((tmp_path / "files").iterdir()) == []


def test_a_clip_that_is_gone_is_named(session: Session, tmp_path: Path) -> None:
    session.document.clips[1].path.unlink()

    with pytest.raises(SessionError, match=r"tuesday/take\.wav: No such file"):
        collect(session.document, tmp_path / "files")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.FLAC", "audio"), ("a.mid", "midi"), ("a.json", "transcript")]
)
def test_a_files_kind_follows_its_suffix(name: str, kind: str) -> None:
    assert kind_of(Path(name)) == kind


def test_a_file_that_a_session_cannot_hold_is_refused() -> None:
    with pytest.raises(SessionError, match=r"a\.docx: suffix '\.docx', expected one of: \.wav"):
        kind_of(Path("a.docx"))

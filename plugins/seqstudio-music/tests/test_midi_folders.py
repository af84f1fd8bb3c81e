"""Folders of MIDI files: every file is used, or refused by name."""

from pathlib import Path

from seqstudio_music.midi_folders import midi_files
from small_music import melody

from seqstudio.api import Ledger
from seqstudio.api.media import Score


def test_every_file_of_a_folder_is_used_or_named(tmp_path: Path) -> None:
    for name in ("a.mid", "b.MIDI", "c.kar", "d.rmi", "sub/e.smf", ".trash/f.mid"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Score.new().with_new_track(melody()).write(path)
    (tmp_path / "LICENSE").write_text("free")
    ledger = Ledger()

    names = [file.name for file in midi_files(tmp_path, ledger)]

    assert names == ledger.used == ["a.mid", "b.MIDI", "c.kar", "d.rmi", "sub/e.smf"]
    assert list(ledger.refused) == ["LICENSE"]
    assert "expected .mid" in ledger.refused["LICENSE"]

import os
from pathlib import Path

import pytest

from seqstudio.services.atomic_files import (
    atomic_folder,
    create_file,
    new_temporary,
    write_atomic,
)


def test_a_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    mine, trap = tmp_path / "mine", tmp_path / "trap"
    mine.write_bytes(b"mine")
    trap.symlink_to(mine)

    with pytest.raises(FileExistsError):
        create_file(trap)
    assert mine.read_bytes() == b"mine"


def test_names_of_temporary_files_cannot_be_known_in_advance(tmp_path: Path) -> None:
    names = {new_temporary(tmp_path).name for _ in range(100)}

    assert len(names) == 100
    assert max(map(len, names)) < 32


def test_a_name_as_long_as_the_file_system_allows_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    write_atomic(path, b"text")
    with atomic_folder(path.with_name("f" * 255)) as folder:
        (folder / "file").write_bytes(b"more")

    assert path.read_bytes() == b"text"
    assert sorted(item.name[0] for item in tmp_path.iterdir()) == ["f", "n"]

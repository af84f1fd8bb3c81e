import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helper modules have no package

from seqstudio.host.profile import Profile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work.seqstudio"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "home")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory if the system has one, because thousands of disk syncs take minutes."""
    if not Path("/dev/shm").is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)

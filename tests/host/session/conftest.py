import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # its modules have no package

from seqstudio.host.profile import Profile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work.seqstudio"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "home")

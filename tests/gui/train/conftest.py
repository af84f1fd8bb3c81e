import sys
from pathlib import Path

import pytest

from seqstudio.gui.train.view import TrainView
from seqstudio.gui.window import Window

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode finds no neighbours


@pytest.fixture
def page(window: Window) -> TrainView:
    """The page in its window."""
    page = window.show_page("train")
    assert isinstance(page, TrainView)
    return page

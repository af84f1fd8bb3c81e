import sys
from pathlib import Path

import pytest

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.train.train_view import TrainView

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode finds no neighbours


@pytest.fixture
def page(window: Window) -> TrainView:
    """The page in its window."""
    page = window.show_page("train")
    assert isinstance(page, TrainView)
    return page

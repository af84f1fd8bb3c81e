import sys
from pathlib import Path

import pytest

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.train_view import TrainView
from seqstudio.gui.workspace.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode finds no neighbours


@pytest.fixture
def page(window: Window) -> TrainView:
    """The page in its window."""
    page = window.show_page("train")
    assert isinstance(page, TrainView)
    return page


@pytest.fixture
def model(workspace: Workspace) -> TrainModel:
    """The page's model, with the tasks of the built-in plugins."""
    return TrainModel(workspace)

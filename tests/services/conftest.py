"""A small task on the real core, data for it, and one run that is trained once."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # the task is also imported by killed processes

from letters_task import LettersTask, write_letters

from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Small models run best, and repeatably, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def task() -> LettersTask:
    return LettersTask()


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """24 lines with splits train and valid."""
    return write_letters(tmp_path / "letters.txt")


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained to its end; read it, do not write."""
    folder = tmp_path_factory.mktemp("trained")
    order = TrainJob(
        data=write_letters(folder / "letters.txt"),
        run=folder / "run",
        settings=("preview_every=2",),
    )
    around = PluginContext(plugin="letters", plugin_version="1.0")
    for _ in run_train_job(order, LettersTask(), around):
        pass
    return folder / "run"


@pytest.fixture(scope="session")
def bundle(finished_run: Path) -> Path:
    """The bundle of that run; read it, do not write."""
    return (finished_run / "model").resolve()

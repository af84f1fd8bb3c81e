"""A small task on the real core, its data, and a run that is trained once per session."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # child processes import the task too

from letters_task import LettersTask, write_letters

from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Run on one thread, which is fastest for small models and reproducible."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def task() -> LettersTask:
    return LettersTask()


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Write 24 lines in the splits train and valid."""
    return write_letters(tmp_path / "letters.txt")


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a run to its end and return its folder, which tests must not change."""
    folder = tmp_path_factory.mktemp("trained")
    job = TrainJob(
        data=write_letters(folder / "letters.txt"),
        run=folder / "run",
        settings=("preview_every=2",),
    )
    context = PluginContext(plugin="letters", plugin_version="1.0")
    for _ in run_train_job(job, LettersTask(), context):
        pass
    return folder / "run"


@pytest.fixture(scope="session")
def bundle(finished_run: Path) -> Path:
    """Return the bundle of the finished run, which tests must not change."""
    return (finished_run / "model").resolve()

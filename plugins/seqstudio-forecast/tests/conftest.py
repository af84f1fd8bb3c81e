"""An untrained model, a job that uses it, and tables to read."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode does not

from seqstudio_forecast.settings import ForecastOptions
from seqstudio_forecast.task import SeriesTask
from small_series import OneModelJob

from seqstudio.services.bundles import LoadedBundle, build_module


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Run small models on one thread, which is fastest and repeatable."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def model() -> LoadedBundle:
    options = ForecastOptions(horizon=6, hidden=8, components=2)
    preparation = SeriesTask().prepare([], options)
    module = build_module(preparation, seed=7, device="cpu").eval()
    return LoadedBundle(
        name="untrained",
        task=SeriesTask.name,
        sha256="0" * 64,
        device="cpu",
        module=module,
        settings=preparation.settings,
        preparation=preparation,
    )


@pytest.fixture
def job(model: LoadedBundle, tmp_path: Path) -> OneModelJob:
    return OneModelJob(model, tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written

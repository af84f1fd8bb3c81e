"""Tests run on one thread; small models are built where they are needed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode does not


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Run small models on one thread, which is fastest and repeatable."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)

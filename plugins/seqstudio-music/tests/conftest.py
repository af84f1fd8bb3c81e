"""Small untrained models of both tasks, and a job that can use them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode does not

from seqstudio_music.rolls.settings import RollOptions
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.voices.data import VoiceExample
from seqstudio_music.voices.settings import VoiceOptions
from seqstudio_music.voices.task import VoicesTask
from small_music import OneJob, chorale_example, lead_sheet, loaded

from seqstudio.api.media import Score
from seqstudio.services.bundles import LoadedBundle


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Run small models on one thread, which is fastest and repeatable."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def rolls_model() -> LoadedBundle:
    options = RollOptions(hidden=16, layers=1, inner_hidden=12, dropout=0.0)
    return loaded(RollsTask(), [], options, "rolls-nottingham")


@pytest.fixture(scope="session")
def chorale_model() -> LoadedBundle:
    options = VoiceOptions(dimension=12, hidden=16, layers=1, dropout=0.0, output_dropout=0.0)
    return loaded(VoicesTask(), [chorale_example(64, 1)], options, "music-chorale")


@pytest.fixture(scope="session")
def folk_model(tmp_path_factory: pytest.TempPathFactory) -> LoadedBundle:
    path = tmp_path_factory.mktemp("folk") / "tune.mid"
    lead_sheet().write(path)
    options = VoiceOptions(
        layout="lead-sheet",
        dimension=12,
        hidden=16,
        layers=1,
        dropout=0.0,
        output_dropout=0.0,
        look_back=True,
    )
    example = VoiceExample(id="tune", where="tune", midi=path, size=1)
    return loaded(VoicesTask(), [example], options, "music-folk")


@pytest.fixture
def job(
    rolls_model: LoadedBundle, chorale_model: LoadedBundle, folk_model: LoadedBundle, tmp_path: Path
) -> OneJob:
    models = [rolls_model, chorale_model, folk_model]
    return OneJob({model.name: model for model in models}, tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Score, str], Path]:
    def written(score: Score, name: str = "primer.mid") -> Path:
        path = tmp_path / name
        score.write(path)
        return path

    return written

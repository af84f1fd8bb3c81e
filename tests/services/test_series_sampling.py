from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

from seqstudio.contracts.job import TakeSeed
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.densities import DensityConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.series_decoder import SeriesConfig
from seqstudio.errors import ConfigError, ModelError
from seqstudio.services.series_sampling import sample_series

DECODER = SeriesConfig(
    density=DensityConfig(values=2, components=3), hidden=12, layers=1, covariates=(3, 0)
)
TAKES = [TakeSeed(1, 11), TakeSeed(2, 12), TakeSeed(3, 13)]


@pytest.fixture(scope="module")
def model() -> SequenceModel:
    torch.manual_seed(0)
    return build(ModelConfig(decoder=DECODER)).eval()


def history(rows: int = 2) -> Tensor:
    return torch.randn(rows, 4, 2, generator=torch.Generator().manual_seed(1))


def known(steps: int = 12) -> Tensor:
    return torch.stack([torch.arange(steps) % 3, torch.linspace(-1, 1, steps)], dim=1)


def futures(
    model: SequenceModel, takes: list[TakeSeed], *, steps: int = 5, **inputs: Any
) -> Tensor:
    """Return (steps, R, D) drawn values."""
    inputs = {"history": history(), "covariates": known(), **inputs}
    return torch.stack(list(islice(sample_series(model, takes=takes, **inputs), steps)))


def test_a_take_does_not_depend_on_the_others(model: SequenceModel) -> None:
    together = futures(model, TAKES, items=[0, 1, 0])
    for row, item in ((0, 0), (1, 1), (2, 0)):
        alone = futures(model, [TAKES[row]], history=history()[item : item + 1])
        assert torch.equal(alone[:, 0], together[:, row])
    assert together.shape == (5, 3, 2)
    assert not torch.equal(together[:, 0], together[:, 2])  # another seed, another future


def test_the_same_seed_draws_the_same_future(model: SequenceModel) -> None:
    assert torch.equal(futures(model, TAKES[:2]), futures(model, TAKES[:2]))


def test_a_future_goes_on_where_its_history_ends(model: SequenceModel) -> None:
    """A drawn step that becomes history changes nothing: the numbers belong to the step."""
    long = futures(model, TAKES[:2])
    grown = torch.cat([history(), long[:2].transpose(0, 1)], dim=1)
    assert torch.equal(futures(model, TAKES[:2], history=grown, steps=3), long[2:])


def test_there_may_be_no_history(model: SequenceModel) -> None:
    drawn = futures(model, TAKES, history=torch.zeros(3, 0, 2))
    assert bool(drawn.isfinite().all())


def test_a_source_belongs_to_each_history() -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        source=FramesConfig(features=3),
        encoder=EncoderConfig(hidden=6, layers=1),
        bridge=FinalStateConfig(),
        decoder=DECODER,
    )
    model = build(config).eval()
    frames, lengths = torch.randn(2, 5, 3), torch.tensor([5, 3])
    with torch.no_grad():
        both = model.encode(frames, lengths)
        second = both.select(torch.tensor([1]))
    together = futures(model, TAKES, items=[0, 1, 1], encoded=both)
    alone = futures(model, TAKES[2:], history=history()[1:], encoded=second)
    assert torch.equal(alone[:, 0], together[:, 2])


def test_a_value_that_is_not_finite_is_refused(model: SequenceModel) -> None:
    with pytest.raises(ModelError, match=r"^step 4: the model returns no number, expected one$"):
        futures(model, TAKES[:2], history=torch.full((2, 4, 2), torch.nan))


def test_inputs_that_do_not_fit_are_refused(model: SequenceModel) -> None:
    with pytest.raises(ConfigError, match=r"^items=\[0, 2\], expected 2 of 0 to 1, one for each"):
        futures(model, TAKES[:2], items=[0, 2])
    with pytest.raises(ConfigError, match=r"^items=\[0, 1, 2\], expected 3 of 0 to 1"):
        futures(model, TAKES)
    tokens = build(ModelConfig(decoder=DecoderConfig(vocabulary=3)))
    with pytest.raises(ConfigError, match=r"^this model has no decoder of series, expected one$"):
        futures(tokens, TAKES[:2])

"""What a loaded model encodes can be used further by its task."""

from typing import Any

import torch

from seqstudio.contracts.task import Preparation
from seqstudio.core.config import ModelConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import build
from seqstudio.services.bundles import LoadedBundle


def small_model(**given: Any) -> LoadedBundle:
    config = ModelConfig(
        source=FramesConfig(features=3),
        encoder=EncoderConfig(hidden=4, layers=1),
        heads={"ctc": CTCConfig(vocabulary=5)},
    )
    return LoadedBundle(
        name="small",
        task="any.task",
        sha256="",
        device="cpu",
        module=build(config).eval(),
        settings=None,
        preparation=Preparation(settings=None, model=config),
        **given,
    )


def test_a_value_is_placed_among_those_of_held_out_items() -> None:
    placed = small_model(percentiles=(1.0, 2.0, 4.0)).percentile_of

    assert [placed(value) for value in (0.5, 1.5, 2.0, 3.0, 9.0)] == [0, 25, 50, 75, 100]
    assert small_model().percentile_of(1.0) is None


def test_a_head_runs_on_what_a_model_encoded_outside_inference_mode() -> None:
    loaded = small_model()
    encoded = loaded.encode(torch.zeros(1, 7, 3), torch.tensor([7]))

    assert loaded.module.head("ctc")(encoded).shape == (1, 7, 5)
    assert not encoded.output.requires_grad

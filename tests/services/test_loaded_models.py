"""What a loaded model encodes can be used further by its task."""

import torch

from seqstudio.contracts.task import Preparation
from seqstudio.core.config import ModelConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import build
from seqstudio.services.bundles import LoadedBundle


def test_a_head_runs_on_what_a_model_encoded_outside_inference_mode() -> None:
    config = ModelConfig(
        source=FramesConfig(features=3),
        encoder=EncoderConfig(hidden=4, layers=1),
        heads={"ctc": CTCConfig(vocabulary=5)},
    )
    loaded = LoadedBundle(
        name="small",
        task="any.task",
        sha256="",
        device="cpu",
        module=build(config).eval(),
        settings=None,
        preparation=Preparation(settings=None, model=config),
    )
    encoded = loaded.encode(torch.zeros(1, 7, 3), torch.tensor([7]))

    assert loaded.module.head("ctc")(encoded).shape == (1, 7, 5)
    assert not encoded.output.requires_grad

import pytest
import torch

from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.pretraining import copy_weights
from seqstudio.core.transducer import JointConfig
from seqstudio.errors import ConfigError

SOURCE, ENCODER = FramesConfig(features=8, subsampling="conv", factor=2), EncoderConfig(hidden=5)
DECODER = DecoderConfig(vocabulary=4, dimension=3, hidden=6, layers=1)


def recogniser(encoder: EncoderConfig = ENCODER) -> SequenceModel:
    heads = {"ctc": CTCConfig(vocabulary=4)}
    return build(ModelConfig(source=SOURCE, encoder=encoder, heads=heads))


def transducer() -> SequenceModel:
    return build(
        ModelConfig(
            source=SOURCE,
            encoder=ENCODER,
            decoder=DECODER,
            heads={"joint": JointConfig(dimension=7)},
        )
    )


def test_a_transducer_starts_from_a_recogniser_and_a_language_model() -> None:
    model, ctc, language_model = transducer(), recogniser(), build(ModelConfig(decoder=DECODER))
    joint = {name: t.clone() for name, t in model.head("joint").state_dict().items()}
    heard = copy_weights(ctc, model, ("source", "encoder"))
    spelled = copy_weights(language_model, model, ("decoder",))

    assert heard.fresh == ()
    assert spelled.fresh == ("decoder.output.weight", "decoder.output.bias")
    assert set(heard.copied + spelled.copied + spelled.fresh) == {
        name for name in model.state_dict() if not name.startswith("heads.")
    }
    frames, lengths = torch.randn(1, 6, 8), torch.tensor([6])
    assert torch.equal(model.encode(frames, lengths).output, ctc.encode(frames, lengths).output)
    for name in spelled.copied:
        assert torch.equal(model.state_dict()[name], language_model.state_dict()[name])
    assert all(torch.equal(t, joint[name]) for name, t in model.head("joint").state_dict().items())


def test_weights_that_do_not_fit_are_refused_and_change_nothing() -> None:
    model = transducer()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    with pytest.raises(ConfigError, match=r"^encoder: 0 of 24 tensors fit, expected some$"):
        copy_weights(recogniser(EncoderConfig(hidden=9)), model, ("source", "encoder"))
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def test_a_role_without_tensors_has_nothing_to_copy() -> None:
    stacked = ModelConfig(
        source=FramesConfig(features=8), encoder=ENCODER, heads={"ctc": CTCConfig(vocabulary=4)}
    )
    copied = copy_weights(build(stacked), build(stacked), ("source", "heads.ctc"))
    assert copied.copied == ("heads.ctc.output.weight", "heads.ctc.output.bias")

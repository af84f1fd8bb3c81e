import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from seqstudio.contracts.formats import PartSpec
from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig, TokensConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.parts import default_parts, with_plugin_parts
from seqstudio.errors import ConfigError, ModelError

SPEECH = ModelConfig(
    source=FramesConfig(features=8, subsampling="conv", factor=4),
    encoder=EncoderConfig(hidden=6, layers=2),
    bridge=FinalStateConfig(),
    attention=AdditiveConfig(dimension=5),
    decoder=DecoderConfig(vocabulary=7, covariates=(4, 2)),
    heads={"ctc": CTCConfig(vocabulary=7)},
)
VOICES = ModelConfig(
    decoder=NestedConfig(vocabulary=9, slots=2, slot_ranges=((0, 4), (4, 9)), covariates=(16,))
)


@pytest.mark.parametrize("config", [SPEECH, VOICES])
def test_a_config_survives_json(config: ModelConfig) -> None:
    stored = json.loads(json.dumps(config_to_plain(config)))
    assert config_from_plain(stored, default_parts()) == config


@pytest.mark.parametrize(
    ("build_config", "message"),
    [
        (lambda: FramesConfig(features=0), "features=0, expected at least 1"),
        (lambda: FramesConfig(features=4, factor=2), "factor=2, expected 1 where"),
        (
            lambda: FramesConfig(features=4, subsampling="conv", factor=3),
            "factor=3, expected a power of two",
        ),
        (lambda: TokensConfig(vocabulary=0), "vocabulary=0, expected at least 1"),
        (lambda: EncoderConfig(layers=0), "layers=0, expected at least 1"),
        (
            lambda: DecoderConfig(vocabulary=3, output_dropout=1.0),
            "output_dropout=1.0, expected 0 <= output_dropout < 1",
        ),
        (
            lambda: DecoderConfig(vocabulary=3, past_output=True),
            "past_output without past, expected both",
        ),
        (lambda: EncoderConfig(dropout=1.0), "dropout=1.0, expected 0 <= dropout < 1"),
        (lambda: AdditiveConfig(dimension=0), "dimension=0, expected at least 1"),
        (lambda: DecoderConfig(vocabulary=5, hidden=0), "hidden=0, expected at least 1"),
        (
            lambda: DecoderConfig(vocabulary=5, covariates=(3, 0)),
            "covariates[1]=0, expected at least 1 value",
        ),
        (lambda: NestedConfig(vocabulary=5, slots=1), "0 slot_ranges, expected 1"),
        (
            lambda: NestedConfig(vocabulary=5, slots=1, slot_ranges=((2, 6),)),
            "slot_ranges[0]=(2, 6), expected 0 <= low < high <= 5",
        ),
        (lambda: CTCConfig(vocabulary=0), "vocabulary=0, expected at least 1"),
        (lambda: ModelConfig(), "no decoder and no heads, expected at least one"),
        (lambda: ModelConfig(heads={"ctc": CTCConfig(vocabulary=5)}), "head 'ctc' without encoder"),
        (
            lambda: ModelConfig(
                source=TokensConfig(vocabulary=5),
                encoder=EncoderConfig(),
                decoder=DecoderConfig(vocabulary=5),
            ),
            "encoder and decoder not connected, expected a bridge or attention",
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_value(
    build_config: Callable[[], Any], message: str
) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        build_config()


def stored_head(**fields: Any) -> dict[str, Any]:
    return {"heads": {"ctc": fields}}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"head": {"part": "ctc"}}, "model: unknown field 'head', expected one of source"),
        (
            {"heads": {"ctc": {"vocabulary": 5}}},
            "model.heads.ctc={'vocabulary': 5}, expected a table that names",
        ),
        (
            {"heads": {"ctc": {"part": "crf"}}},
            "model.heads.ctc: unknown part 'crf', expected one of frames",
        ),
        ({"heads": {"ctc": {"part": "ctc", "size": 5}}}, "model.heads.ctc: unknown field 'size'"),
        (
            {"heads": {"ctc": {"part": "ctc", "vocabulary": 0}}},
            "model.heads.ctc: vocabulary=0, expected",
        ),
        ({"heads": {"ctc": {"part": "ctc", "vocabulary": 5}}}, "model: head 'ctc' without encoder"),
    ],
)
def test_a_stored_config_that_does_not_fit_is_refused(stored: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match="^" + re.escape(message)):
        config_from_plain(stored, default_parts(), error=ModelError)


def test_a_plugin_part_is_built_like_the_others() -> None:
    class Wide(CTCConfig):
        part = "toy.wide"

    spec = PartSpec("toy.wide", Wide, default_parts()["ctc"].build)
    config = ModelConfig(
        source=FramesConfig(features=4),
        encoder=EncoderConfig(hidden=3),
        heads={"ctc": Wide(vocabulary=5)},
    )
    assert build(config, with_plugin_parts([spec])).head("ctc").output.out_features == 5
    with pytest.raises(ConfigError, match=r"^heads\.ctc: unknown part 'toy.wide', expected one of"):
        build(config)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["wide"], "part 'wide', expected a name such as plugin-id.name"),
        (["toy.ctc"], "part 'toy.ctc': its config has part='ctc', expected the same"),
    ],
)
def test_a_plugin_part_with_a_bad_name_is_refused(names: list[str], message: str) -> None:
    specs = [PartSpec(name, CTCConfig, default_parts()["ctc"].build) for name in names]
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        with_plugin_parts(specs)

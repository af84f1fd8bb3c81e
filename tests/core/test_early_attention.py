"""A decoder that attends below its upper layers, or reads out: training and steps agree."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.attention import AdditiveConfig, DotConfig
from seqstudio.core.bridges import PooledConfig
from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.dropout import reseed
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.errors import ConfigError

DECODER = DecoderConfig(
    vocabulary=7, dimension=12, hidden=20, layers=3, attends_early=True, readout=12, tied=True
)


def translator(decoder: DecoderConfig) -> SequenceModel:
    torch.manual_seed(0)
    config = ModelConfig(
        source=TokensConfig(vocabulary=9, dimension=8),
        encoder=EncoderConfig(hidden=10, layers=1),
        bridge=PooledConfig(),
        attention=AdditiveConfig(dimension=16),
        decoder=decoder,
    )
    return build(config).eval()


def stepped(model: SequenceModel, tokens: torch.Tensor, encoded: object) -> torch.Tensor:
    logits, state = model.start(len(tokens), encoded=encoded)
    found = [logits]
    for column in tokens.T[:-1]:
        logits, state = model.step(column, state)
        found.append(logits)
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("own", [None, DotConfig(dimension=8)])
def test_steps_equal_the_whole_sequence(cell: Cell, own: DotConfig | None) -> None:
    model = translator(replace(DECODER, cell=cell, past_attention=own))
    tokens, sources = torch.randint(0, 7, (3, 11)), torch.randint(0, 9, (3, 6))
    encoded = model.encode(sources, torch.tensor([6, 4, 2]))
    whole = model.decode(tokens, torch.full((3,), 11), encoded=encoded).detach()
    found = stepped(model, tokens, encoded)
    alone = stepped(model, tokens[1:2], encoded.select(torch.tensor([1])))

    assert_close(found, whole, atol=1e-5, rtol=1e-5)
    assert torch.equal(alone[0], found[1])


def test_the_layers_above_know_where_the_decoder_looked_before() -> None:
    model, tokens = translator(DECODER), torch.randint(0, 7, (1, 4))
    encoded = model.encode(torch.randint(0, 9, (1, 6)), torch.tensor([6]))
    joined = torch.randn(1, 4, model.decoder.above.layers[0].rnn.input_size)
    changed = joined.clone()
    changed[:, 0, DECODER.hidden :] += 1.0  # the first context
    before, after = model.decoder.above(joined)[0], model.decoder.above(changed)[0]

    assert not torch.allclose(before[:, 3], after[:, 3])
    weights = model.attention_weights(tokens, encoded=encoded).encoder
    assert weights is not None
    assert_close(weights.sum(dim=-1), torch.ones(1, 4))


def test_dropout_of_inputs_and_outputs_is_seeded() -> None:
    dropping = replace(DECODER, input_dropout=0.5, output_dropout=0.5, dropout=0.5)
    model = translator(dropping).train()
    tokens, encoded = torch.randint(0, 7, (1, 5)), None
    logits = []
    for step in (1, 1, 2):
        reseed(model, 3, step)
        encoded = model.encode(torch.randint(0, 9, (1, 6)).fill_(1), torch.tensor([6]))
        logits.append(model.decode(tokens, torch.tensor([5]), encoded=encoded))
    assert torch.equal(logits[0], logits[1])
    assert not torch.allclose(logits[1], logits[2])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^attends_early with layers=1, expected 2 or more"):
        replace(DECODER, layers=1)
    with pytest.raises(ConfigError, match=r"^attends_early without attention, expected both"):
        build(ModelConfig(decoder=replace(DECODER, readout=0, tied=False)))
    with pytest.raises(ConfigError, match=r"^readout=12 without attention, expected both"):
        build(ModelConfig(decoder=replace(DECODER, attends_early=False)))
    with pytest.raises(ConfigError, match=r"^input_dropout=1.0, expected 0 <= input_dropout < 1"):
        replace(DECODER, input_dropout=1.0)
    with pytest.raises(ConfigError, match=r"^output_dropout=1.0, expected 0 <= output_dropout"):
        EncoderConfig(output_dropout=1.0)

"""Layer norm, residual connections and tied embeddings in decoders: training and steps agree."""

import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.attention import DotConfig
from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.errors import ConfigError


def flat_model(cell: Cell = "lstm") -> SequenceModel:
    torch.manual_seed(0)
    config = DecoderConfig(
        vocabulary=7,
        cell=cell,
        dimension=20,
        hidden=20,
        layers=3,
        layer_norm=True,
        residual=True,
        tied=True,
    )
    return build(ModelConfig(decoder=config)).eval()


def stepped(model: SequenceModel, tokens: torch.Tensor) -> torch.Tensor:
    logits, state = model.start(len(tokens))
    found = [logits]
    for column in tokens.T[:-1]:
        logits, state = model.step(column, state)
        found.append(logits)
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("cell", CELLS)
def test_steps_of_a_flat_decoder_with_all_options_equal_the_whole_sequence(cell: Cell) -> None:
    model, tokens = flat_model(cell), torch.randint(0, 7, (3, 12))
    whole = model.decode(tokens, torch.full((3,), 12)).detach()
    found = stepped(model, tokens)

    assert_close(found, whole, atol=1e-5, rtol=1e-5)
    assert torch.equal(stepped(model, tokens[1:2])[0], found[1])  # alone, to the last bit


@pytest.mark.parametrize("cell", CELLS)
def test_steps_of_a_nested_decoder_with_all_options_equal_the_whole_piece(cell: Cell) -> None:
    torch.manual_seed(0)
    config = NestedConfig(
        vocabulary=6,
        slots=2,
        slot_ranges=((0, 6), (0, 6)),
        cell=cell,
        hidden=20,
        layers=2,
        inner_hidden=12,
        layer_norm=True,
        residual=True,
    )
    model = build(ModelConfig(decoder=config)).eval()
    tokens = torch.randint(0, 6, (3, 5, 2))
    whole = model.log_probs(tokens, torch.full((3,), 5)).detach().flatten(1)
    flat = tokens.flatten(1)
    found = stepped(model, flat).log_softmax(dim=2).gather(2, flat[:, :, None])[:, :, 0]

    assert_close(found, whole, atol=1e-5, rtol=1e-5)


def test_a_tied_output_is_the_embedding_and_is_stored_once() -> None:
    decoder = flat_model().decoder
    outputs = torch.randn(2, 20)
    expected = outputs @ decoder.embedding.weight[:7].T + decoder.output.bias

    assert_close(decoder.output(outputs), expected)
    assert {name for name in decoder.state_dict() if "output" in name} == {"output.bias"}


def test_a_tied_embedding_learns_from_what_it_predicts_and_from_what_it_reads() -> None:
    model = flat_model()
    tokens = torch.tensor([[1, 2, 3]])
    logits = model.decode(tokens, torch.tensor([3]))
    torch.autograd.backward(logits[0, 2].log_softmax(dim=0)[3])
    moved = model.decoder.embedding.weight.grad.abs().sum(dim=1).nonzero()[:, 0].tolist()

    # As outputs all labels 0 to 6; as inputs the start, which is 7, and the tokens before.
    assert moved == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_tied_output_of_another_width_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^tied with dimension=8, expected 20"):
        DecoderConfig(vocabulary=7, dimension=8, hidden=20, tied=True)


def test_a_tied_output_beside_attention_is_refused() -> None:
    config = DecoderConfig(
        vocabulary=7, dimension=20, hidden=20, tied=True, past_attention=DotConfig()
    )
    with pytest.raises(ConfigError, match=r"^tied with attention or a joint head, expected"):
        build(ModelConfig(decoder=config))

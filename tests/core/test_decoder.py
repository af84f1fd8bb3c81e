import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.errors import ConfigError

VOCABULARY = 11


def flat_model(cell: Cell = "lstm", *, covariates: tuple[int, ...] = ()) -> SequenceModel:
    torch.manual_seed(1)
    config = DecoderConfig(
        vocabulary=VOCABULARY, cell=cell, hidden=24, dimension=8, covariates=covariates
    )
    return build(ModelConfig(decoder=config)).eval()


def encoder_decoder(cell: Cell, *, bridge: bool, attention: bool) -> tuple[SequenceModel, Encoded]:
    torch.manual_seed(1)
    model = build(
        ModelConfig(
            source=TokensConfig(vocabulary=7),
            encoder=EncoderConfig(cell=cell, hidden=10, layers=1),
            bridge=FinalStateConfig() if bridge else None,
            attention=AdditiveConfig(dimension=6) if attention else None,
            decoder=DecoderConfig(vocabulary=VOCABULARY, cell=cell, hidden=12, dimension=8),
        )
    ).eval()
    return model, model.encode(torch.randint(0, 7, (2, 9)), torch.tensor([9, 6]))


def logits_by_steps(
    model: SequenceModel, tokens: torch.Tensor, encoded: Encoded | None, covariates: object = None
) -> torch.Tensor:
    logits, state = model.start(len(tokens), encoded=encoded, covariates=covariates)
    all_logits = [logits]
    for column in tokens.T[:-1]:
        logits, state = model.step(column, state)
        all_logits.append(logits)
    return torch.stack(all_logits, dim=1)


@pytest.mark.parametrize("cell", CELLS)
def test_stepping_equals_the_whole_sequence(cell: Cell) -> None:
    model = flat_model(cell)
    tokens = torch.randint(0, VOCABULARY, (3, 20))
    whole = model.decode(tokens, torch.full((3,), 20)).detach()
    found = logits_by_steps(model, tokens, None)

    assert_close(found, whole, atol=1e-5, rtol=0)
    assert torch.equal(found.argmax(dim=-1), whole.argmax(dim=-1))


@pytest.mark.parametrize(("bridge", "attention"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("cell", CELLS)
def test_stepping_over_an_encoder_equals_the_whole_sequence(
    cell: Cell, *, bridge: bool, attention: bool
) -> None:
    model, encoded = encoder_decoder(cell, bridge=bridge, attention=attention)
    tokens = torch.randint(0, VOCABULARY, (2, 8))
    whole = model.decode(tokens, torch.tensor([8, 8]), encoded=encoded).detach()

    assert_close(logits_by_steps(model, tokens, encoded), whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize("shared", [False, True])
def test_covariates_apply_to_their_own_token(*, shared: bool) -> None:
    model = flat_model(covariates=(4, 3))
    tokens = torch.randint(0, VOCABULARY, (3, 10))
    covariates = torch.randint(0, 3, (1 if shared else 3, 10, 2)).expand(3, -1, -1)
    lengths = torch.full((3,), 10)
    whole = model.decode(tokens, lengths, covariates=covariates).detach()
    found = logits_by_steps(model, tokens, None, covariates[0] if shared else covariates)
    assert_close(found, whole, atol=1e-5, rtol=0)

    other = covariates.clone()
    other[:, 6] = (covariates[:, 6] + 1) % 3
    changed = model.decode(tokens, lengths, covariates=other).detach()
    assert torch.equal(changed[:, :6], whole[:, :6])
    assert not torch.allclose(changed[:, 6], whole[:, 6])


def test_a_token_affects_only_later_predictions() -> None:
    model = flat_model()
    tokens = torch.randint(0, VOCABULARY, (1, 10))
    other = tokens.clone()
    other[:, 6] = (tokens[:, 6] + 1) % VOCABULARY
    lengths = torch.tensor([10])
    before, after = model.decode(tokens, lengths), model.decode(other, lengths)

    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7], after[:, 7])


def test_attention_weights_sum_to_one_inside_each_length() -> None:
    model, encoded = encoder_decoder("gru", bridge=False, attention=True)
    _, state = model.start(2, encoded=encoded)

    assert_close(state.weights.sum(dim=1), torch.ones(2))
    assert (state.weights[0] > 0).all()
    assert not state.weights[1, 6:].any()


def test_padding_of_the_source_never_changes_the_logits() -> None:
    model, _ = encoder_decoder("lstm", bridge=True, attention=True)
    source, tokens = torch.randint(0, 7, (2, 9)), torch.randint(0, VOCABULARY, (2, 5))
    lengths = torch.tensor([5, 5])
    batch = model.encode(source, torch.tensor([6, 9]))
    alone = model.encode(source[:1, :6], torch.tensor([6]))

    among = model.decode(tokens, lengths, encoded=batch)[:1]
    assert_close(model.decode(tokens[:1], lengths[:1], encoded=alone), among, atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_has_the_same_bits_alone_and_among_sixteen(cell: Cell) -> None:
    model = flat_model(cell, covariates=(5,))
    tokens = torch.randint(0, VOCABULARY, (16, 12))
    covariates = torch.randint(0, 5, (16, 12, 1))
    among = logits_by_steps(model, tokens, None, covariates)

    for rows in (slice(7, 8), slice(6, 8), slice(7, 10), slice(3, 12)):
        assert torch.equal(
            logits_by_steps(model, tokens[rows], None, covariates[rows]), among[rows]
        )


def test_a_state_can_be_used_twice_and_its_rows_repeated() -> None:
    model = flat_model()
    _, state = model.start(2)
    _, state = model.step(torch.tensor([3, 4]), state)
    first, _ = model.step(torch.tensor([5, 6]), state)
    again, _ = model.step(torch.tensor([5, 6]), state)
    picked, _ = model.step(torch.tensor([6, 6, 5]), state.select(torch.tensor([1, 1, 0])))

    assert torch.equal(first, again)
    assert torch.equal(picked, first[[1, 1, 0]])


def test_rows_past_their_covariates_step_on() -> None:
    model = flat_model(covariates=(5,))
    logits, state = model.start(2, covariates=torch.zeros(1, 1, dtype=torch.int64))
    logits, _ = model.step(torch.tensor([1, 2]), state)
    assert logits.isfinite().all()


def test_log_probabilities_are_those_of_the_logits_and_zero_past_each_length() -> None:
    model = flat_model()
    tokens, lengths = torch.randint(0, VOCABULARY, (2, 6)), torch.tensor([6, 4])
    found = model.log_probs(tokens, lengths)
    logits = model.decode(tokens, lengths)

    assert torch.equal(found[0], logits[0].log_softmax(1).gather(1, tokens[0, :, None])[:, 0])
    assert not found[1, 4:].any()


def test_inputs_that_the_decoder_was_not_built_for_are_refused() -> None:
    model, encoded = encoder_decoder("gru", bridge=True, attention=False)
    tokens, lengths = torch.zeros(2, 3, dtype=torch.int64), torch.tensor([3, 3])
    with pytest.raises(ConfigError, match=r"^encoded=None, expected the result of encode\(\)"):
        model.decode(tokens, lengths)
    with pytest.raises(ConfigError, match=r"^encoded passed, expected None: this decoder has"):
        flat_model().start(2, encoded=encoded)
    with pytest.raises(ConfigError, match=r"^0 covariates, expected 1"):
        flat_model(covariates=(4,)).start(2)
    with pytest.raises(ConfigError, match=r"^this decoder has no logits of whole sequences"):
        build(ModelConfig(decoder=NestedConfig(vocabulary=5))).decode(tokens, lengths)
    with pytest.raises(ConfigError, match=r"^this model has no head 'ctc', expected one of none"):
        model.head("ctc")(encoded)
    with pytest.raises(ConfigError, match=r"^this model has no encoder, expected one"):
        flat_model().encode(tokens, lengths)

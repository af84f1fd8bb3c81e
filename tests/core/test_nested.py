import itertools
import re

import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.grammar import Grammar
from seqstudio.core.groups import pack_groups
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.errors import DataError

PITCHES = 4
END = PITCHES
EVERY_FRAME = [
    pitches
    for size in range(PITCHES + 1)
    for pitches in itertools.combinations(range(PITCHES), size)
]
VOICES = ((0, 4), (2, 7), (7, 9))


def roll_model(
    cell: Cell = "lstm", inner: Cell = "gru", covariates: tuple[int, ...] = ()
) -> SequenceModel:
    torch.manual_seed(3)
    config = NestedConfig(
        vocabulary=PITCHES + 1,
        cell=cell,
        hidden=20,
        inner_cell=inner,
        inner_hidden=12,
        covariates=covariates,
    )
    model = build(ModelConfig(decoder=config)).eval()
    for weight in model.parameters():  # far from uniform, so that errors become visible
        torch.nn.init.normal_(weight, std=0.5)
    return model


def voice_model() -> SequenceModel:
    torch.manual_seed(3)
    config = NestedConfig(
        vocabulary=9, slots=3, slot_ranges=VOICES, hidden=20, inner_hidden=12, covariates=(4,)
    )
    return build(ModelConfig(decoder=config)).eval()


def as_tokens(frames: list[tuple[int, ...]]) -> torch.Tensor:
    rows = [[*pitches, END] + [-1] * (PITCHES - len(pitches)) for pitches in frames]
    return torch.tensor(rows)


def frame_nll(model: SequenceModel, pieces: list[list[tuple[int, ...]]]) -> torch.Tensor:
    tokens = torch.stack([as_tokens(piece) for piece in pieces])
    lengths = torch.full((len(pieces),), tokens.shape[1])
    return -model.log_probs(tokens, lengths).detach().double().sum(dim=2)


@pytest.mark.parametrize("inner", CELLS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_probabilities_of_all_frames_sum_to_one(cell: Cell, inner: Cell) -> None:
    model = roll_model(cell, inner)
    past = [(0, 2), (), (1,)]
    nll = frame_nll(model, [[*past, frame] for frame in EVERY_FRAME])

    assert len(EVERY_FRAME) == 16
    assert nll.isfinite().all()
    assert float(torch.exp(-nll[:, 3]).sum()) == pytest.approx(1.0, abs=1e-5)


def test_the_probabilities_of_all_choices_of_voices_sum_to_one() -> None:
    model = voice_model()
    choices = list(itertools.product(*(range(*limits) for limits in VOICES)))
    tokens = torch.tensor(choices)[:, None]
    covariates = torch.zeros(len(choices), 1, 1, dtype=torch.int64)
    ones = torch.ones(len(choices), dtype=torch.int64)
    log_probs = model.log_probs(tokens, ones, covariates=covariates).detach().double()

    assert float(log_probs.sum(dim=(1, 2)).exp().sum()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("changed", range(5))
def test_later_frames_change_no_earlier_likelihood(changed: int) -> None:
    model = roll_model()
    piece = [(0, 2), (), (1,), (0, 1, 2, 3), (2,)]
    other = piece[:changed] + [(1, 3), (0,), (), (3,), (0, 3)][changed:]
    before, after = frame_nll(model, [piece, other])

    assert_close(before[:changed], after[:changed], rtol=0, atol=1e-6)
    assert not torch.isclose(before[changed], after[changed])


def test_a_longer_piece_has_the_same_beginning() -> None:
    model = roll_model()
    piece = [(0, 2), (), (1,), (0, 1, 2, 3), (2,)]
    assert_close(frame_nll(model, [piece[:3]])[0], frame_nll(model, [piece])[0, :3])


def token_lists(tokens: torch.Tensor) -> list[list[int]]:
    return [[token for token in piece.flatten().tolist() if token >= 0] for piece in tokens]


def likelihood_by_steps(
    model: SequenceModel, tokens: torch.Tensor, covariates: torch.Tensor | None = None
) -> list[list[float]]:
    """Step all pieces in parallel; a finished piece repeats its last token."""
    expected = token_lists(tokens)
    logits, state = model.start(len(tokens), covariates=covariates)
    found: list[list[float]] = [[] for _ in expected]
    for step in range(max(map(len, expected))):
        drawn = [piece[min(step, len(piece) - 1)] for piece in expected]
        for row, token in enumerate(drawn):
            if step < len(expected[row]):
                found[row].append(float(logits[row].log_softmax(dim=-1)[token]))
        logits, state = model.step(torch.tensor(drawn), state)
    return found


@pytest.mark.parametrize("inner", CELLS)
@pytest.mark.parametrize("cell", CELLS)
def test_stepping_equals_the_whole_piece(cell: Cell, inner: Cell) -> None:
    model = roll_model(cell, inner, covariates=(3,))
    pieces = [
        [(0, 2), (), (1,), (0, 1, 2, 3), (2,), ()],
        [(), (), (0, 1, 2), (3,), (), (1, 2)],
        [(3,), (0, 3), (), (), (0,), (1,)],
    ]
    tokens = torch.stack([as_tokens(piece) for piece in pieces])
    covariates = torch.randint(0, 3, (3, 6, 1))
    whole = model.log_probs(tokens, torch.tensor([6, 6, 6]), covariates=covariates).detach()
    found = likelihood_by_steps(model, tokens, covariates)

    for row, values in enumerate(found):
        assert_close(torch.tensor(values), whole[row][tokens[row] >= 0], atol=1e-5, rtol=1e-6)


def test_stepping_voices_equals_the_whole_piece() -> None:
    model = voice_model()
    tokens = torch.stack([torch.randint(*limits, (2, 7)) for limits in VOICES], dim=2)
    covariates = torch.arange(7)[:, None] % 4
    whole = model.log_probs(
        tokens, torch.tensor([7, 7]), covariates=covariates.expand(2, -1, -1)
    ).detach()
    found = likelihood_by_steps(model, tokens, covariates)

    assert_close(torch.tensor(found), whole.flatten(1), atol=1e-5, rtol=0)


def test_steps_allow_only_what_the_grammar_allows() -> None:
    model = roll_model()
    logits, state = model.start(2)
    assert logits.isfinite().all()
    logits, state = model.step(torch.tensor([2, END]), state)
    assert logits.isfinite().tolist() == [[False, False, False, True, True], [True] * 5]
    logits, _ = model.step(torch.tensor([END, 3]), state)
    assert logits.isfinite().tolist() == [[True] * 5, [False] * 4 + [True]]


def test_a_row_has_the_same_bits_alone_and_among_sixteen() -> None:
    model = roll_model()
    generator = torch.Generator().manual_seed(0)
    pieces = [
        [EVERY_FRAME[int(torch.randint(16, (1,), generator=generator))] for _ in range(8)]
        for _ in range(16)
    ]
    tokens = torch.stack([as_tokens(piece) for piece in pieces])
    among = likelihood_by_steps(model, tokens)

    for rows in (slice(7, 8), slice(6, 8), slice(4, 9)):
        assert likelihood_by_steps(model, tokens[rows]) == among[rows]


def test_padding_never_changes_a_likelihood() -> None:
    model = roll_model()
    long, short = [(0, 2), (), (1,), (0, 1, 2, 3)], [(1, 3), (2,)]
    tokens = torch.full((2, 6, 7), -1)
    tokens[0, :4, :5], tokens[1, :2, :5] = as_tokens(long), as_tokens(short)
    batch = model.log_probs(tokens, torch.tensor([4, 2])).detach()

    assert_close(-batch[1].double().sum(dim=1)[:2], frame_nll(model, [short])[0])
    assert not batch[tokens < 0].any()


@pytest.mark.medium
def test_training_makes_a_piece_likelier() -> None:
    model = roll_model().train()
    tokens = torch.stack([as_tokens([(0, 2), (1, 3), (), (0, 2), (1, 3), ()])])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        loss = -model.log_probs(tokens, torch.tensor([6])).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ([2, 1, END, -1], "tokens [2, 1, 4, -1], expected rising tokens below 4, then 4, then -1"),
        ([1, 1, END, -1], "tokens [1, 1, 4, -1]"),
        ([0, 1, -1, -1], "tokens [0, 1, -1, -1]"),
        ([0, -1, 1, END], "tokens [0, -1, 1, 4]"),
        ([0, END, END, -1], "tokens [0, 4, 4, -1]"),
        ([0, 7, END, -1], "tokens [0, 7, 4, -1]"),
        ([-1, -1, -1, -1], "tokens [-1, -1, -1, -1]"),
    ],
)
def test_a_group_that_breaks_the_grammar_is_refused(group: list[int], message: str) -> None:
    tokens = torch.tensor([[[END, -1, -1, -1], group]])
    with pytest.raises(DataError, match="^item 0, group 1: " + re.escape(message)):
        roll_model().log_probs(tokens, torch.tensor([2]))


def test_tokens_past_the_length_are_refused() -> None:
    tokens = torch.tensor([[[END], [END]]])
    with pytest.raises(DataError, match=r"^item 0, group 1: tokens \[4\], expected none past"):
        roll_model().log_probs(tokens, torch.tensor([1]))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([[[0, 1, 7]]], "item 0, group 0: tokens [0, 1, 7], expected one token in each of [(0, 4)"),
        ([[[0, 3]]], "groups of 2 tokens, expected 3"),
    ],
)
def test_a_token_outside_its_slot_is_refused(tokens: list[list[list[int]]], message: str) -> None:
    covariates = torch.zeros(1, 1, 1, dtype=torch.int64)
    with pytest.raises(DataError, match="^" + re.escape(message)):
        voice_model().log_probs(torch.tensor(tokens), torch.tensor([1]), covariates=covariates)


def test_packed_groups_hold_every_token_once_with_its_position() -> None:
    tokens = torch.tensor([[[4, -1, -1], [1, 2, 4]], [[0, 4, -1], [-1, -1, -1]]])
    packed = pack_groups(tokens)

    assert packed.sizes == (3, 2, 1)
    assert packed.tokens.tolist() == [1, 0, 4, 2, 4, 4]
    assert packed.previous.tolist() == [-1, -1, -1, 1, 0, 2]
    assert torch.equal(tokens.flatten()[packed.positions], packed.tokens)


def test_a_token_has_another_embedding_id_in_each_slot() -> None:
    grammar = Grammar(vocabulary=9, slot_ranges=VOICES)
    ids = grammar.embedding_ids(torch.tensor([2, 2, -1]), torch.tensor([0, 1, 1]))
    assert ids.tolist() == [2, 11, 27]

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seqstudio.contracts.job import SamplingConfig
from seqstudio.core.filters import draw, filter_in_groups, filter_logits

# Rounded, because the filters see differences below float precision as ties.
logit = st.floats(-30, 30).map(lambda value: round(value, 6))
rows = st.lists(st.one_of(logit, st.just(-torch.inf)), min_size=1, max_size=20).filter(
    lambda row: max(row) > -torch.inf
)
configs = st.builds(
    SamplingConfig,
    temperature=st.one_of(st.just(0.0), st.floats(1e-3, 10)),
    top_k=st.integers(0, 25),
    top_p=st.floats(0.01, 1.0),
    min_p=st.floats(0.0, 0.99),
)


def kept(row: list[float], config: SamplingConfig) -> Tensor:
    """Return which tokens can still be drawn, (V,) bool."""
    return filter_logits(torch.tensor([row], dtype=torch.float64), config)[0] > -torch.inf


@settings(deadline=None)
@given(rows, configs)
def test_some_token_is_kept_and_never_a_masked_one(
    row: list[float], config: SamplingConfig
) -> None:
    keep = kept(row, config)
    assert keep.any()
    assert keep[int(torch.tensor(row, dtype=torch.float64).argmax())]
    assert not keep[torch.tensor(row) == -torch.inf].any()


@settings(deadline=None)
@given(rows, st.floats(0.01, 0.99))
def test_top_p_keeps_the_smallest_set_that_reaches_its_mass(row: list[float], p: float) -> None:
    probs = torch.tensor(row, dtype=torch.float64).softmax(0)
    keep = kept(row, SamplingConfig(top_p=p))
    inside = probs[keep].sort().values
    assert float(inside.sum()) >= p - 1e-9
    assert float(inside[1:].sum()) < p + 1e-9  # without its smallest member it does not reach p
    if not keep.all():
        assert float(inside[0]) >= float(probs[~keep].max())


@settings(deadline=None)
@given(rows, st.integers(1, 25))
def test_top_k_keeps_k_of_the_most_likely(row: list[float], k: int) -> None:
    keep = kept(row, SamplingConfig(top_k=k))
    values = torch.tensor(row, dtype=torch.float64)
    assert int(keep.sum()) == min(k, int((values > -torch.inf).sum()))
    if not keep.all():
        assert float(values[keep].min()) >= float(values[~keep].max())


@settings(deadline=None)
@given(rows, st.floats(0.01, 0.99))
def test_min_p_keeps_what_is_near_the_most_likely(row: list[float], p: float) -> None:
    probs = torch.tensor(row, dtype=torch.float64).softmax(0)
    keep = kept(row, SamplingConfig(min_p=p))
    bound = p * float(probs.max())
    assert (probs[keep] >= bound * (1 - 1e-9)).all()
    assert (probs[~keep] < bound * (1 + 1e-9)).all()


@settings(deadline=None)
@given(rows, configs, st.floats(0.01, 1.0), st.integers(1, 25), st.floats(0, 0.99))
def test_a_stricter_filter_never_keeps_more(
    row: list[float], config: SamplingConfig, p: float, k: int, m: float
) -> None:
    strict = SamplingConfig(
        temperature=config.temperature,
        top_k=min(config.top_k or 25, k),
        top_p=min(config.top_p, p),
        min_p=max(config.min_p, m),
    )
    wide = SamplingConfig(
        temperature=config.temperature, top_k=config.top_k or 25, top_p=1.0, min_p=config.min_p
    )
    assert not (kept(row, strict) & ~kept(row, wide)).any()


@settings(deadline=None)
@given(st.sets(logit, min_size=1, max_size=20), configs, st.randoms(use_true_random=False))
def test_the_order_of_the_vocabulary_does_not_matter(
    values: set[float], config: SamplingConfig, random: object
) -> None:
    row = sorted(values)  # a set, because ties are broken by index
    order = list(range(len(row)))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    keep = kept(row, config)
    shuffled = kept([row[index] for index in order], config)
    assert int(shuffled.sum()) == int(keep.sum())
    assert shuffled.tolist() == [bool(keep[index]) for index in order]


@pytest.mark.medium
@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), configs)
def test_a_row_is_filtered_the_same_alone_and_in_a_batch(
    batch: list[list[float]], config: SamplingConfig
) -> None:
    width = max(map(len, batch))
    padded = [row + [-torch.inf] * (width - len(row)) for row in batch]
    filtered = filter_logits(torch.tensor(padded), config)
    for row, result in zip(padded, filtered, strict=True):
        assert torch.equal(filter_logits(torch.tensor([row]), config)[0], result)


def test_filters_apply_in_their_order() -> None:
    logits = torch.log(torch.tensor([[0.4, 0.3, 0.2, 0.1]]))
    # Of the three that top-k keeps (0.44, 0.33, 0.22), top-p 0.7 needs two.
    keep = filter_logits(logits, SamplingConfig(top_k=3, top_p=0.7)) > -torch.inf
    assert keep.tolist() == [[True, True, False, False]]
    # Temperature comes first: at 0.5 the probabilities are 0.53, 0.3, 0.13, 0.03.
    keep = filter_logits(logits, SamplingConfig(temperature=0.5, top_p=0.5)) > -torch.inf
    assert keep.tolist() == [[True, False, False, False]]


def test_temperature_sharpens_and_zero_takes_the_most_likely() -> None:
    logits = torch.tensor([[1.0, 3.0, 3.0, -torch.inf]])
    assert filter_logits(logits, SamplingConfig(temperature=0)).argmax() == 1
    halved = filter_logits(logits, SamplingConfig(temperature=2.0))
    assert halved.tolist() == [[-1.0, 0.0, 0.0, -torch.inf]]
    tiny = filter_logits(logits, SamplingConfig(temperature=1e-300))
    assert tiny[0, 1:].tolist() == [0.0, 0.0, -torch.inf]


@settings(deadline=None)
@given(rows, st.floats(0, 1, exclude_max=True))
def test_a_draw_inverts_the_cumulative_distribution(row: list[float], uniform: float) -> None:
    logits = torch.tensor([row], dtype=torch.float64)
    token = int(draw(logits, torch.tensor([uniform], dtype=torch.float64)))
    probs = logits[0].softmax(0)
    assert probs[token] > 0
    assert float(probs[:token].sum()) <= uniform + 1e-9
    assert float(probs[: token + 1].sum()) >= uniform - 1e-9


def test_draws_follow_the_distribution() -> None:
    probs = torch.tensor([0.5, 0.0, 0.2, 0.3], dtype=torch.float64)
    uniforms = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    tokens = draw(probs.log().expand(1000, 4), uniforms)
    assert torch.bincount(tokens, minlength=4).tolist() == [500, 0, 200, 300]


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_the_ends_of_the_range_never_draw_a_masked_token(uniform: float) -> None:
    logits = torch.tensor([[-torch.inf, 0.1, 0.2, 0.3, -torch.inf]])
    token = int(draw(logits, torch.tensor([uniform], dtype=torch.float64)))
    assert token == (1 if uniform == 0 else 3)


def test_the_odds_of_a_group_stay_while_its_tail_is_cut() -> None:
    probs = torch.tensor([0.5, 0.2, 0.15, 0.1, 0.05], dtype=torch.float64)
    groups = torch.tensor([[True, False, False, False, False]])
    config = SamplingConfig(temperature=0.5, min_p=0.3)
    filtered = filter_in_groups(probs.log()[None], config, groups)[0].exp()

    squares = torch.tensor([0.2, 0.15], dtype=torch.float64) ** 2
    expected = [0.5, *(0.5 * squares / squares.sum()).tolist(), 0.0, 0.0]
    torch.testing.assert_close(filtered, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("group", [[True, True, False], [False, False, True], [False] * 3])
def test_a_group_of_which_nothing_or_all_is_allowed_changes_nothing(group: list[bool]) -> None:
    logits, config = torch.tensor([[1.0, 2.0, -torch.inf]]), SamplingConfig(top_p=0.7)
    filtered = filter_in_groups(logits, config, torch.tensor([group]))

    torch.testing.assert_close(
        filtered.softmax(dim=-1), filter_logits(logits, config).softmax(dim=-1)
    )


def test_at_temperature_zero_the_most_likely_token_wins_in_spite_of_groups() -> None:
    logits, groups = torch.tensor([[1.0, 0.9, 0.9]]), torch.tensor([[True, False, False]])
    kept_alone = filter_in_groups(logits, SamplingConfig(temperature=0), groups)[0] > -torch.inf

    assert kept_alone.tolist() == [True, False, False]

"""What models of frames know of their past: keys at lags, and what followed the longest match."""

import pytest
import torch
from seqstudio_music.frames_past import NONE, SHORTEST_MATCH, FramesPast, FramesPastConfig

from seqstudio.api import ConfigError
from seqstudio.api.nn import PastInput

KEYS = 3


def past(*lags: int, longest: int = 12, tokens_per_key: int = 1) -> FramesPast:
    config = FramesPastConfig(keys=KEYS, lags=lags, longest=longest, tokens_per_key=tokens_per_key)
    return FramesPast(config)


@pytest.mark.parametrize("tokens_per_key", [1, 2])
def test_whole_sequences_have_the_features_of_their_steps(tokens_per_key: int) -> None:
    end = KEYS * tokens_per_key
    groups = torch.tensor([[0, end, -1], [end, -1, -1], [1, 2, end], [end - 1, end, -1]])
    generator = torch.Generator().manual_seed(4)
    tokens = groups[torch.randint(0, 2, (3, 30), generator=generator)]
    own = past(1, 5, tokens_per_key=tokens_per_key)
    by_steps = PastInput.whole(own, tokens, None)

    assert torch.equal(own.whole(tokens, None), by_steps)
    assert bool((by_steps < torch.tensor(own.sizes)).all())


def test_a_repeat_says_what_followed_it_before() -> None:
    frames = [[0], [1], [2], [0, 2], [1, 2]]
    line = [[*keys, KEYS] for keys in (*frames, *frames)]
    tokens = torch.tensor([[[*group, *[-1] * (4 - len(group))] for group in line]])
    features = past(1).whole(tokens, None)[0]
    matched, kind = features[:, KEYS : 2 * KEYS], features[:, -1]

    assert matched[:5].unique().tolist() == [NONE]
    assert (matched[8] % 3).tolist() == [1, 0, 1]  # frame 3 followed frames 0 to 2 before
    assert kind[8] > kind[6] > 0


def test_a_match_is_no_shorter_than_what_sounds_on() -> None:
    held = torch.tensor([[[0, KEYS]] * (SHORTEST_MATCH + 1)])
    assert past(1).whole(held, None)[0, :, -1].tolist() == [0] * (SHORTEST_MATCH + 1)


@pytest.mark.parametrize(
    ("lags", "longest", "expected"),
    [((), 12, r"lags=\(\), expected"), ((1, 20), 12, "longest=12, expected at least 20")],
)
def test_a_lag_out_of_range_is_refused(lags: tuple[int, ...], longest: int, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        past(*lags, longest=longest)

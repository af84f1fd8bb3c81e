"""The inputs of models of voices that are functions of their past."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqstudio_music.voices.past import VoicesPast, VoicesPastConfig, bar_lengths
from seqstudio_music.voices.tokens import CHORALE, HOLD, LEAD_SHEET, ONSET, Layout, Voice

from seqstudio.api import ConfigError
from seqstudio.api.nn import PastInput


def past_of(voices: tuple[Voice, ...], *bars: int, longest: int = 20, reach: int = 0) -> VoicesPast:
    layout = Layout(voices)
    config = VoicesPastConfig(
        vocabulary=layout.vocabulary,
        starts=tuple(layout.starts.tolist()),
        marks_onsets=tuple(layout.marks_onsets.tolist()),
        bars=bars,
        longest=longest,
        reach=reach,
    )
    return VoicesPast(config)


def placed(positions: list[int], voices: int) -> torch.Tensor:
    """Return (1, T * S, 1) covariates."""
    steps = torch.tensor(positions).repeat_interleave(voices)
    return (steps * voices + torch.arange(len(steps)) % voices)[None, :, None]


@pytest.mark.medium
@settings(max_examples=8, deadline=None)
@given(
    voices=st.sampled_from([CHORALE, LEAD_SHEET]),
    seed=st.integers(0, 10**6),
    bar=st.integers(1, 12),
    upbeat=st.integers(0, 11),
    missing=st.integers(0, 3),
)
def test_whole_sequences_have_the_features_of_the_steps(
    voices: tuple[Voice, ...], seed: int, bar: int, upbeat: int, missing: int
) -> None:
    part, starts = past_of(voices, 1, 2, reach=2), Layout(voices).starts
    generator = torch.Generator().manual_seed(seed)
    local = torch.randint(0, 4, (40, len(voices)), generator=generator)
    local[25:] = local[5:20]  # a return
    tokens = (local + torch.from_numpy(starts)).flatten()[None]
    tokens = tokens[:, : tokens.shape[1] - missing % len(voices)]
    covariates = placed([min((step + upbeat) % bar, 9) for step in range(40)], len(voices))
    covariates = covariates[:, : tokens.shape[1]]
    whole = part.whole(tokens, covariates)

    assert torch.equal(whole, PastInput.whole(part, tokens, covariates))
    assert bool((whole < torch.tensor(part.sizes)).all())


def test_a_voice_knows_its_distance_from_what_every_voice_sounds() -> None:
    tokens = torch.tensor([[40, 20, 30, 35, 41, 20, 0, 35]])
    part = past_of(CHORALE, reach=7)
    features = part.whole(tokens, placed([0, 1], 4))
    distances = (features[0, :, -4:] % 16 - 7).tolist()

    assert distances[0] == [8, 8, 8, 8]  # nothing sounds yet
    assert distances[4] == [0, -7, -7, -5]  # at most the reach
    assert distances[5] == [7, 0, 7, 7]
    assert part.place(features)[0, 5].tolist() == [41, 20, 30, 35]
    assert part.place(features)[0, 0].tolist() == [-1] * 4


def test_a_voice_knows_what_the_voices_before_it_sound_in_this_step() -> None:
    tokens = torch.tensor([[40, 20, 30, 35, 41, 20, 30, 35]])
    features = past_of(CHORALE).whole(tokens, placed([0, 1], 4))[0]
    sounding = features[:, :4] - torch.tensor([0, 1, 2, 3] * 2)[:, None] * 90

    assert sounding[5].tolist() == [41, 20, 30, 35]  # the bass after the soprano has moved
    assert sounding[0].tolist() == [89] * 4


def test_the_age_counts_from_the_onset_and_what_is_held_still_sounds() -> None:
    (chords, _), (melody, _) = Layout(LEAD_SHEET).ranges
    steps = [(chords + ONSET, melody + ONSET), (chords + HOLD, melody + ONSET)] * 2
    tokens = torch.tensor([[token for step in steps for token in step]])
    part = past_of(LEAD_SHEET)
    features = part.whole(tokens, placed([0, 1, 2, 3], 2))[0]
    ages = features[:, 2:4] - torch.tensor([0, 1] * 4)[:, None] * 17

    assert ages[::2].tolist() == [[0, 0], [1, 1], [2, 1], [1, 1]]
    assert features[4, 0] == chords + ONSET


def test_a_return_points_at_what_followed_the_passage() -> None:
    part, passage = past_of(CHORALE), torch.arange(1, 57)  # 14 steps, no two tokens equal
    tokens = torch.cat([passage, passage])[None]
    features = part.whole(tokens, placed([0] * 28, 4))[0]
    token, length = features[60:, 8], features[60:, 9]

    assert (token % 90).tolist() == passage[4:].tolist()
    assert length[[0, 4, 8, 12]].tolist() == [1, 2, 2, 3]


def test_the_length_of_a_bar_is_known_when_it_has_ended() -> None:
    upbeat = torch.tensor([[2, 3, 0, 1, 2, 3, 0, 1]])
    cut_off = torch.tensor([[0, 1, 2, 2, 2, 0, 1, 2]])

    assert bar_lengths(upbeat).tolist() == [[0, 0, 4, 4, 4, 4, 4, 4]]
    assert bar_lengths(cut_off).tolist() == [[0, 0, 0, 0, 0, 5, 5, 5]]


def test_a_config_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="longest=12, expected more than 12"):
        past_of(CHORALE, longest=12)
    with pytest.raises(ConfigError, match="1 starts, 2 marks_onsets, expected as many"):
        VoicesPastConfig(vocabulary=3, starts=(0,), marks_onsets=(True, True))
    with pytest.raises(ConfigError, match="no covariates, expected the position"):
        past_of(CHORALE).read(past_of(CHORALE).start(1, torch.device("cpu")), None)

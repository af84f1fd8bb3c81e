import math
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from seqstudio.contracts.formats import PartSpec
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.parts import with_plugin_parts
from seqstudio.core.past_inputs import PastInput, PastState
from seqstudio.core.relative_output import RelativeOutput
from seqstudio.errors import ConfigError

PITCHES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousConfig:
    """The token before; `places` says whether logits may be laid around it."""

    part: ClassVar[str] = "toy.previous"
    places: bool = True


class Previous(PastInput):
    """A plugin's input, which tells nothing but places the token before."""

    def __init__(self, config: PreviousConfig) -> None:
        self.sizes = (PITCHES + 1,)
        self.origins = int(config.places)

    def start(self, rows: int, device: torch.device) -> PastState:
        return (torch.full((rows,), PITCHES, device=device),)

    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        return state[0][:, None]

    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        return (tokens,)

    def place(self, features: Tensor) -> Tensor:
        placed: Tensor = torch.where(features == PITCHES, -1, features)
        return placed


def model_with(reach: int, *, places: bool = True) -> SequenceModel:
    torch.manual_seed(0)
    parts = with_plugin_parts(
        [PartSpec("toy.previous", PreviousConfig, lambda config, _context: Previous(config))]
    )
    decoder = DecoderConfig(
        vocabulary=PITCHES,
        dimension=16,
        hidden=16,
        layers=1,
        past=(PreviousConfig(places=places),),
        past_reach=reach,
        covariates=(4,),
    )
    return build(ModelConfig(decoder=decoder), parts)


def test_an_output_is_added_to_the_token_at_its_distance_from_each_origin() -> None:
    output = RelativeOutput(1, origins=2, reach=1, vocabulary=5)
    relative = torch.tensor([[1.0, 2, 4, 10, 20, 40]])

    assert output.lay(relative, torch.tensor([[1, 4]])).tolist() == [[1, 2, 4, 10, 20]]
    assert output.lay(relative, torch.tensor([[-1, 0]])).tolist() == [[20, 40, 0, 0, 0]]


@pytest.mark.medium
def test_an_interval_is_learnt_once_for_all_pitches() -> None:
    """A covariate names the interval; of each interval some pitches are held out."""
    pitches, intervals = (
        grid.flatten()
        for grid in torch.meshgrid(torch.arange(PITCHES - 4), torch.arange(4), indexing="ij")
    )
    tokens = torch.stack([pitches, pitches + 1 + intervals], dim=1)
    covariates = torch.stack([intervals, intervals], dim=1)[:, :, None]
    lengths, held_out = torch.full((len(tokens),), 2), (pitches + intervals) % 3 == 0
    nats = {}
    for reach in (0, 4):
        model = model_with(reach)
        optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(60):
            optimiser.zero_grad()
            log_probs = model.log_probs(tokens, lengths, covariates=covariates)[:, 1]
            (-log_probs[~held_out].mean()).backward()
            optimiser.step()
        log_probs = model.log_probs(tokens, lengths, covariates=covariates)[:, 1]
        nats[reach] = -float(log_probs[held_out].detach().mean())

    assert nats[0] > math.log(PITCHES)  # worse than chance
    assert nats[4] < 2


def test_steps_equal_whole_sequences_and_a_row_has_the_same_bits_alone() -> None:
    model = model_with(3).eval()
    torch.nn.init.normal_(model.decoder.relative.linear.weight)
    tokens = torch.randint(0, PITCHES, (4, 7), generator=torch.Generator().manual_seed(1))
    lengths, covariates = torch.full((4,), 7), torch.arange(7)[:, None] % 4
    with torch.no_grad():
        known = covariates.expand(4, -1, -1)
        whole = model.decoder.logits(tokens, lengths, covariates=known)
        logits, state = model.start(4, covariates=covariates)
        alone, alone_state = model.start(1, covariates=covariates)
        for step in range(7):
            assert_close(logits, whole[:, step], atol=1e-5, rtol=1e-5)
            assert torch.equal(alone, logits[2:3])
            logits, state = model.step(tokens[:, step], state)
            alone, alone_state = model.step(tokens[2:3, step], alone_state)


def test_a_reach_needs_an_input_that_places_a_token() -> None:
    with pytest.raises(ConfigError, match="past_reach=2, expected past inputs that place a token"):
        model_with(2, places=False)
    with pytest.raises(ConfigError, match="past_reach=-1, expected at least 0"):
        model_with(-1)

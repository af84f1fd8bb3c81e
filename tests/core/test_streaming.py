"""Encoding in blocks gives what encoding the whole input gives, whatever the blocks."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import FramesConfig, TokensConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.errors import ConfigError

SOURCES: list[PartConfig] = [
    FramesConfig(features=4),
    FramesConfig(features=4, subsampling="stack", factor=3),
    FramesConfig(features=4, subsampling="conv", factor=4),
    TokensConfig(vocabulary=9),
]
NAMES = ("none", "stack", "conv", "tokens")


def model_of(source: PartConfig, encoder: EncoderConfig) -> SequenceModel:
    torch.manual_seed(0)
    heads = {"ctc": CTCConfig(vocabulary=5)}
    return build(ModelConfig(source=source, encoder=encoder, heads=heads)).eval()


def one_way(cell: Cell = "lstm") -> EncoderConfig:
    return EncoderConfig(
        cell=cell, hidden=6, layers=2, bidirectional=False, layer_norm=True, residual=True
    )


def chunked(chunk: int, right: int, cell: Cell = "lstm") -> EncoderConfig:
    return EncoderConfig(
        cell=cell, hidden=6, layers=2, dropout=0.2, chunk_frames=chunk, right_frames=right
    )


def drawn(source: PartConfig, rows: int, frames: int) -> Tensor:
    generator = torch.Generator().manual_seed(frames)
    if isinstance(source, TokensConfig):
        return torch.randint(0, 9, (rows, frames), generator=generator)
    return torch.randn(rows, frames, 4, generator=generator)


def in_blocks(model: SequenceModel, inputs: Tensor, sizes: list[int]) -> list[Encoded]:
    """Encode in blocks of these sizes, the rest in the last one."""
    state, at, encoded = model.start_encoding(len(inputs)), 0, []
    for number, size in enumerate([*sizes, inputs.shape[1]]):
        block = inputs[:, at : at + size]
        part, state = model.encode_block(block, state, last=number == len(sizes))
        encoded.append(part)
        at += size
    return encoded


blockings = st.lists(st.integers(0, 9), max_size=8)


@pytest.mark.medium
@pytest.mark.parametrize("encoder", [one_way(), chunked(3, 2), chunked(4, 0)], ids=str)
@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
@given(frames=st.integers(1, 40), sizes=blockings)
@settings(max_examples=8, deadline=None)
@torch.no_grad()
def test_any_blocking_gives_the_output_of_the_whole_input(
    source: PartConfig, encoder: EncoderConfig, frames: int, sizes: list[int]
) -> None:
    model, inputs = model_of(source, encoder), drawn(source, 2, frames)
    whole = model.encode(inputs, torch.tensor([frames, frames]))
    blocks = in_blocks(model, inputs, sizes)

    assert sum(int(block.lengths[0]) for block in blocks) == model.geometry.output_length(frames)
    together = torch.cat([block.output for block in blocks], dim=1)
    assert_close(together, whole.output, atol=1e-6, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
@torch.no_grad()
def test_every_cell_runs_in_blocks_of_one_frame(cell: Cell) -> None:
    inputs = drawn(SOURCES[0], 3, 11)
    for encoder in (one_way(cell), chunked(2, 3, cell)):
        model = model_of(SOURCES[0], encoder)
        whole = model.encode(inputs, torch.tensor([11, 11, 11]))
        blocks = in_blocks(model, inputs, [1] * 11)
        together = torch.cat([block.output for block in blocks], dim=1)
        assert_close(together, whole.output, atol=1e-6, rtol=0)


@torch.no_grad()
def test_the_state_after_the_last_block_is_the_final_one() -> None:
    model, inputs = model_of(SOURCES[1], one_way()), drawn(SOURCES[1], 2, 14)
    frames, lengths = model.source(inputs, torch.tensor([14, 14]))
    _, final = model.encoder(frames)
    last = in_blocks(model, inputs, [4, 5])[-1]

    assert lengths.tolist() == [5, 5]
    assert last.state is not None
    assert_close(last.state, final, atol=1e-6, rtol=0)


@torch.no_grad()
def test_a_state_can_be_used_again() -> None:
    model, inputs = model_of(SOURCES[2], chunked(2, 1)), drawn(SOURCES[2], 1, 20)
    _, state = model.encode_block(inputs[:, :9], model.start_encoding(1))
    once, _ = model.encode_block(inputs[:, 9:], state, last=True)
    again, _ = model.encode_block(inputs[:, 9:], state, last=True)

    assert torch.equal(once.output, again.output)


@pytest.mark.medium
@pytest.mark.parametrize(("chunk", "right"), [(3, 2), (5, 5), (1, 0)])
@torch.no_grad()
def test_a_latency_controlled_output_depends_on_its_chunk_and_the_frames_after_it(
    chunk: int, right: int
) -> None:
    model, inputs = model_of(SOURCES[0], chunked(chunk, right)), drawn(SOURCES[0], 1, 20)
    before = model.encode(inputs, torch.tensor([20])).output[0]
    for changed in (0, 7, 19):
        other = inputs.clone()
        other[0, changed] += 1.0
        after = model.encode(other, torch.tensor([20])).output[0]
        moved = (after != before).any(dim=1).nonzero()[:, 0].tolist()
        # The first chunk whose frames to the right reach the change, and everything after it.
        first = min(start for start in range(0, 20, chunk) if start + chunk + right > changed)
        assert moved == list(range(first, 20))


@torch.no_grad()
def test_padding_never_changes_a_latency_controlled_encoding() -> None:
    model, inputs = model_of(SOURCES[1], chunked(3, 2)), drawn(SOURCES[1], 2, 40)
    corrupted = inputs.clone()
    corrupted[0, 17:] = torch.nan
    batch = model.encode(corrupted, torch.tensor([17, 40]))
    alone = model.encode(inputs[:1, :17], torch.tensor([17]))

    assert_close(batch.output[:1, :6], alone.output, atol=1e-6, rtol=0)
    assert not batch.output[0, 6:].any()


def test_gradients_pass_through_chunks_to_every_weight() -> None:
    model = model_of(SOURCES[0], chunked(3, 2))
    encoded = model.encode(drawn(SOURCES[0], 2, 10), torch.tensor([10, 7]))
    encoded.output.square().sum().backward()

    weights = dict(model.encoder.named_parameters())
    assert all(weight.grad is not None and weight.grad.any() for weight in weights.values())


def test_an_encoder_that_reads_to_the_end_does_not_run_in_blocks() -> None:
    model = model_of(SOURCES[0], EncoderConfig(hidden=6, layers=1))
    with pytest.raises(ConfigError, match=r"bidirectional encoder .* expected bidirectional=false"):
        model.start_encoding(1)


def test_a_block_of_other_rows_is_refused() -> None:
    model = model_of(SOURCES[0], one_way())
    with pytest.raises(ConfigError, match=r"^2 rows in a block, expected 3"):
        model.encode_block(drawn(SOURCES[0], 2, 5), model.start_encoding(3))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"chunk_frames": -1}, r"^chunk_frames=-1, expected 0 or more"),
        ({"right_frames": 2}, r"^right_frames=2 without chunk_frames, expected 0"),
        ({"chunk_frames": 4, "bidirectional": False}, r"^chunk_frames=4 in one direction"),
    ],
)
def test_a_latency_that_cannot_be_is_refused(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EncoderConfig(**fields)  # type: ignore[arg-type]  # of mixed types

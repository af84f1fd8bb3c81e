"""Encoding and decoding of the worker protocol, with checks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstudio.contracts.messages import (
    FROM_HOST,
    FROM_WORKER,
    HEADER,
    FrameDecoder,
    Item,
    Items,
    Partial,
    Progress,
    decode,
    encode,
)
from seqstudio.errors import JobError


@given(st.text(), st.floats(0, 1), st.integers(1, 7))
def test_messages_are_decoded_from_pieces_of_any_size(text: str, fraction: float, cut: int) -> None:
    sent = [Progress(fraction=fraction, message=text), Partial(text=text, item=2)]
    stream = b"".join(encode(message) for message in sent)
    decoder = FrameDecoder()
    pieces = (stream[at : at + cut] for at in range(0, len(stream), cut))

    bodies = [body for piece in pieces for body in decoder.feed(piece)]

    assert [decode(body, FROM_WORKER) for body in bodies] == sent


def test_items_keep_their_takes_and_seeds() -> None:
    items = Items(items=(Item(item=3, take=7, seed=99),), inputs={"primer": ("a.mid",)})

    assert decode(encode(items)[HEADER.size :], FROM_HOST) == items


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xff\xfe", "expected JSON"),
        (b"[]", "message of type None, expected one of acting"),
        (b'{"type": "start"}', "message of type 'start', expected one of acting"),
        (b'{"type": ["ready"]}', r"message of type \['ready'\], expected one of acting"),
        (b'{"type": "partial", "text": 1}', r"message partial\.text=1, expected str"),
        (b'{"type": "done", "extra": 1}', "message done: unknown field 'extra'"),
    ],
)
def test_an_invalid_message_is_refused_in_one_line(body: bytes, text: str) -> None:
    with pytest.raises(JobError, match=text):
        decode(body, FROM_WORKER)


def test_a_frame_above_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(JobError, match=r"^message of 1000000000 bytes, expected at most 16777216$"):
        FrameDecoder().feed(HEADER.pack(10**9))
    with pytest.raises(JobError, match=r"expected at most 16777216$"):
        encode(Partial(text="x" * (17 * 2**20)))

"""A note that does not fit a MIDI file cannot be created."""

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0, 128, 10), r"pitch=128, expected 0 to 127"),
        ((0, 60, 10, 0), r"velocity=0, expected 1 to 127"),
        ((0, 60, 10, 80, 16), r"channel=16, expected 0 to 15"),
        ((0, 60, 0), r"note at 0\+0 ticks, expected an onset of 0 or more and a length"),
        (
            (float("nan"), 60, 5),
            r"note at nan\+5 ticks, expected an onset of 0 or more and a length",
        ),
        ((-1, 60, 5), r"note at -1\+5 ticks, expected an onset of 0 or more and a length"),
    ],
)
def test_a_value_out_of_range_is_named(values: tuple[float, ...], text: str) -> None:
    with pytest.raises(DataError, match=text):
        Note(*values)  # type: ignore[arg-type]

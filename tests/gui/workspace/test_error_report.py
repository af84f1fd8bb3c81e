"""Errors of a block are reported as one sentence instead of raised."""

import pytest

from seqstudio.errors import ConfigError, DataError
from seqstudio.gui.workspace.error_report import errors_to


def test_an_error_is_reported_and_execution_continues_after_the_block() -> None:
    reported: list[str] = []
    with errors_to(reported.append):
        raise DataError("a.wav: empty, expected audio")

    assert reported == ["a.wav: empty, expected audio"]


def test_a_block_without_an_error_reports_nothing() -> None:
    reported: list[str] = []
    with errors_to(reported.append):
        pass

    assert reported == []


@pytest.mark.parametrize("error", [ConfigError("hop=0, expected at least 1"), ValueError("a bug")])
def test_an_error_of_another_kind_is_raised(error: Exception) -> None:
    reported: list[str] = []
    with pytest.raises(type(error), match=str(error)), errors_to(reported.append, DataError):
        raise error

    assert reported == []

import pytest

from seqstudio.gui.operations.provenance import made_with
from seqstudio.host.catalogue.catalogue import Catalogue

PARROT = {
    "table": {"id": "parrot", "title": "Parrot"},
    "root": "",
    "module": "parrot",
    "distribution": "parrot",
    "version": "1.2",
}
RECORD = {
    "plugin": "parrot",
    "plugin_version": "1.2",
    "model": {"name": "polly", "sha256": "0"},
}


@pytest.mark.parametrize(
    ("catalogue", "expected"),
    [
        (Catalogue([PARROT], {}, {}), "made with parrot 1.2, model polly"),
        (Catalogue([], {}, {}), "made with parrot 1.2, which is not installed, model polly"),
        (
            Catalogue([], {}, {"parrot": "by you"}),
            "made with parrot 1.2, which is switched off, model polly",
        ),
        (
            Catalogue([], {"parrot": "x"}, {}),
            "made with parrot 1.2, which is broken, model polly",
        ),
    ],
)
def test_a_result_says_what_made_it_and_whether_that_is_gone(
    catalogue: Catalogue, expected: str
) -> None:
    assert made_with(RECORD, catalogue, {"0": "polly"}) == expected


def test_a_model_that_is_gone_is_said_where_the_plugin_is_there() -> None:
    said = made_with(RECORD, Catalogue([PARROT], {}, {}), {"1": "rolls-jsb"})

    assert said == "made with parrot 1.2, model polly, which is not installed"


def test_a_transcript_that_names_its_model_alone_is_understood() -> None:
    assert (
        made_with({"model": "polly"}, Catalogue([], {}, {}), {"1": "polly"})
        == "made with model polly"
    )


def test_what_a_person_made_says_nothing() -> None:
    assert made_with({}, Catalogue([], {}, {}), {}) == ""

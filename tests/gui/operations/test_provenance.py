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
            "made with parrot 1.2, which is disabled, model polly",
        ),
        (
            Catalogue([], {"parrot": "x"}, {}),
            "made with parrot 1.2, which is broken, model polly",
        ),
    ],
)
def test_a_result_names_its_plugin_and_model_and_whether_they_are_gone(
    catalogue: Catalogue, expected: str
) -> None:
    assert made_with(RECORD, catalogue, {"0": "polly"}) == expected


def test_a_missing_model_is_reported_where_the_plugin_is_installed() -> None:
    text = made_with(RECORD, Catalogue([PARROT], {}, {}), {"1": "rolls-jsb"})

    assert text == "made with parrot 1.2, model polly, which is not installed"


def test_provenance_may_name_the_model_alone() -> None:
    assert (
        made_with({"model": "polly"}, Catalogue([], {}, {}), {"1": "polly"})
        == "made with model polly"
    )


def test_without_provenance_there_is_no_text() -> None:
    assert made_with({}, Catalogue([], {}, {}), {}) == ""

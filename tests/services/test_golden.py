import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.job import Job, Request, Result
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import ModelError
from seqstudio.services.bundle_files import GoldenItem
from seqstudio.services.golden import check_golden, golden_value


class Shout:
    """An operation that returns a text in upper case, followed by an option and the seed."""

    name = "shout"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        (path,) = request.inputs["text"]
        text = path.read_text().upper() + str(request.options["mark"])
        yield Result(outputs={"text": f"{text}{request.takes[0].seed}"})


def item(**changes: Any) -> GoldenItem:
    values = {
        "operation": "shout",
        "inputs": {"text": ("a.txt",)},
        "options": {},
        "seed": 3,
        "expected": {"text": "LA?3"},
    }
    return GoldenItem(**{**values, **changes})


def check(items: tuple[GoldenItem, ...], demo: Path) -> list[bool]:
    (demo / "a.txt").write_text("la")
    job: Any = None  # this operation uses none
    checked = check_golden(items, {"shout": Shout()}, lambda name: {"mark": "?"}, demo, job)
    return [one.same for one in checked]


def test_golden_items_run_with_their_options_and_seed(tmp_path: Path) -> None:
    items = (
        item(),
        item(expected={"text": "LA?4"}),
        item(options={"mark": "!"}, expected={"text": "LA!3"}),
        item(expected={"other": "LA?3"}),
    )

    assert check(items, tmp_path) == [True, False, True, False]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"operation": "sing"}, "operation 'sing', expected one of shout"),
        ({"inputs": {"text": ("b.txt",)}}, r"b\.txt is not in .*, expected a demo file"),
        ({"inputs": {"text": ("../a.txt",)}}, r"\.\./a\.txt is not in .*, expected a demo file"),
    ],
)
def test_an_item_that_cannot_run_is_named(
    tmp_path: Path, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(ModelError, match=text):
        check((item(**changes),), tmp_path)


class Tune:
    def to_bytes(self) -> bytes:
        return b"MThd"


def test_an_output_is_compared_as_text_or_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"MThd")
    digest = f"sha256:{hashlib.sha256(b'MThd').hexdigest()}"

    assert golden_value(Tune()) == golden_value(path) == digest
    assert golden_value(Transcript(audio="a.wav", duration_s=1.0, text="one two")) == "one two"
    with pytest.raises(ModelError, match=r"^output of type list, expected text, notes or a file"):
        golden_value([3])

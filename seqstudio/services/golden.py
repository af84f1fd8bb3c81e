"""Golden outputs: checking that a model still gives the outputs stored in its bundle."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import Job, Operation, Request, TakeSeed
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import ModelError
from seqstudio.services.bundle_files import GoldenItem


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCheck:
    """The expected value of one output of a golden item, and the value computed now."""

    operation: str
    output: str
    expected: str
    found: str

    @property
    def same(self) -> bool:
        """Whether the output is as expected."""
        return self.found == self.expected


def run_golden_item(
    operation: Operation, item: GoldenItem, options: Mapping[str, Any], demo: Path, job: Job
) -> dict[str, str]:
    """Run an operation on an item's demo files; return each output as text or as a hash.

    Parameters
    ----------
    options : the operation's defaults, which the item's own options override
    demo : the folder of the item's files

    Raises
    ------
    ModelError
        If a demo file does not exist, or is outside the folder.
    """
    request = Request(
        inputs={name: tuple(_file(demo, one) for one in v) for name, v in item.inputs.items()},
        options={**options, **item.options},
        takes=(TakeSeed(1, item.seed),),
    )
    found: dict[str, str] = {}
    for result in operation.run(request, job):
        found |= {name: golden_value(value) for name, value in result.outputs.items()}
    return found


def check_golden(
    items: tuple[GoldenItem, ...],
    operations: Mapping[str, Operation],
    defaults: Callable[[str], Mapping[str, Any]],
    demo: Path,
    job: Job,
) -> Iterator[GoldenCheck]:
    """Run all golden items, yielding a check for every expected output.

    `defaults` returns the default option values of an operation.

    Raises
    ------
    ModelError
        If the operation or a demo file of an item does not exist.
    """
    for item in items:
        if item.operation not in operations:
            known = ", ".join(operations)
            raise ModelError(
                f"golden item of operation {item.operation!r}, expected one of {known}"
            )
        operation = operations[item.operation]
        found = run_golden_item(operation, item, defaults(item.operation), demo, job)
        for output, expected in item.expected.items():
            yield GoldenCheck(
                operation=item.operation,
                output=output,
                expected=expected,
                found=found.get(output, "(no such output)"),
            )


def golden_value(value: object) -> str:
    """Return text unchanged, the text of a transcript, or the hash of any other value's bytes.

    Raises
    ------
    ModelError
        If the value is no text, transcript or file and has no method `to_bytes`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Transcript):
        return value.text
    if isinstance(value, Path):
        data = value.read_bytes()
    elif callable(to_bytes := getattr(value, "to_bytes", None)):
        data = to_bytes()
    else:
        raise ModelError(f"output of type {type(value).__name__}, expected text, notes or a file")
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _file(demo: Path, name: str) -> Path:
    path = (demo / name).resolve()
    if not path.is_relative_to(demo.resolve()) or not path.is_file():
        raise ModelError(f"golden item: {name} is not in {demo}, expected a demo file")
    return path

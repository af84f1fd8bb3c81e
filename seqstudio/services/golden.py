"""Golden outputs: what a bundle answered when it was shipped, and whether it still does."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import Job, Operation, Request, Take
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import ModelError
from seqstudio.services.bundle_files import GoldenItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One golden item, run again: what was found where it differs, "" where it does not."""

    operation: str
    output: str
    expected: str
    found: str

    @property
    def same(self) -> bool:
        """Whether the output is what it was."""
        return self.found == self.expected


def answer(
    operation: Operation, item: GoldenItem, options: Mapping[str, Any], demo: Path, job: Job
) -> dict[str, str]:
    """Run an operation on an item's demo files; give each output as text or hash.

    Parameters
    ----------
    options : the operation's defaults, on which the item's own options are laid
    demo : the folder in which the item's files are

    Raises
    ------
    ModelError
        If a demo file is not there, or leads outside.
    """
    request = Request(
        inputs={name: tuple(_file(demo, one) for one in v) for name, v in item.inputs.items()},
        options={**options, **item.options},
        takes=(Take(1, item.seed),),
    )
    found: dict[str, str] = {}
    for result in operation.run(request, job):
        found |= {name: fingerprint(value) for name, value in result.outputs.items()}
    return found


def check_golden(
    items: tuple[GoldenItem, ...],
    operations: Mapping[str, Operation],
    defaults: Callable[[str], Mapping[str, Any]],
    demo: Path,
    job: Job,
) -> Iterator[Checked]:
    """Run all golden items again, yielding every expected output beside what was found.

    `defaults` gives the manifest's option values of an operation.

    Raises
    ------
    ModelError
        If an item names an operation that is not there, or a demo file that is not.
    """
    for item in items:
        if item.operation not in operations:
            known = ", ".join(operations)
            raise ModelError(
                f"golden item of operation {item.operation!r}, expected one of {known}"
            )
        operation = operations[item.operation]
        found = answer(operation, item, defaults(item.operation), demo, job)
        for output, expected in item.expected.items():
            yield Checked(
                operation=item.operation,
                output=output,
                expected=expected,
                found=found.get(output, "(no such output)"),
            )


def fingerprint(value: object) -> str:
    """Give text as it is, a transcript as its text, and anything else as a hash of its bytes.

    Raises
    ------
    ModelError
        If the value has no bytes: it is no text, no transcript, no file, no `to_bytes()`.
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

"""A plugin for tests of the command line."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from seqstudio.api import DataError, Job, Operation, Request, Result, hookimpl


class Repeat:
    """Repeats a text and writes every option into it."""

    name = "repeat"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Repeat a text; raise DataError if it is empty."""
        (path,) = request.inputs["text"]
        if not path.is_file():
            raise DataError(f"{path}: no such file, expected a text")
        text = path.read_text(encoding="utf-8").strip()
        if not text:
            raise DataError(f"{path}: 0 characters, expected a text")
        options = request.options
        words = [text] * options["times"] + list(options["word"] or ())
        if options["list"]:
            words += Path(options["list"]).read_text(encoding="utf-8").split()
        repeated = f"{options['mood']}, {options['gain']}: {' '.join(words)}{options['ending']}"
        if options["loud"]:
            repeated = repeated.upper()
        yield Result(outputs={"text": repeated}, summary="repeated")


class Count:
    """Waits for a while before it yields each take."""

    name = "count"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the seed of each take."""
        for take in request.takes:
            end = time.monotonic() + request.options["seconds"]
            while (left := end - time.monotonic()) > 0:
                if not request.options["stubborn"]:  # `job.progress` would raise on a cancel
                    job.progress(1 - left / request.options["seconds"], "counting")
                time.sleep(0.02)
            yield Result(outputs={"number": str(take.seed)}, take=take.number, summary="counted")


class Listen:
    """Counts the bytes of a stream."""

    name = "listen"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the number of bytes."""
        yield Result(outputs={"bytes": str(sum(map(len, job.input_blocks())))})


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return all operations."""
    return [Repeat(), Count(), Listen()]
